import type { Gpu } from '@uni-moe-web/kernels';
import type { NormOperands } from '@uni-moe-web/kernels/bench';
import type { OperatorPeer } from './onnx-operator.ts';

/** `SkipSimplifiedLayerNormalization` with its sum as fourth output. */
export function skipNorm(gpu: Gpu, sets: readonly NormOperands[]): OperatorPeer {
  const { x: firstX, epsilon } = sets[0]!;
  const [tokens = 0, hidden = 0] = firstX.shape;
  const shape = [1, tokens, hidden];
  const optional = { name: '', shape: [] };
  const owned: GPUBuffer[] = [];
  return {
    name: 'ORT SkipSimplifiedLayerNormalization',
    operator: {
      opType: 'SkipSimplifiedLayerNormalization',
      attributes: { epsilon: { float: epsilon } },
      inputs: [
        { name: 'x', shape },
        { name: 'skip', shape },
        { name: 'weight', shape: [hidden], isWeight: true },
      ],
      outputs: [{ name: 'y', shape }, optional, optional, { name: 'sum', shape }],
    },
    sets: sets.map(({ x, skip, weight }) => {
      const y = gpu.createTensor('peer y', [tokens, hidden], 'f32');
      const sum = gpu.createTensor('peer sum', [tokens, hidden], 'f32');
      owned.push(y.buffer, sum.buffer);
      return { inputs: { x, skip, weight }, outputs: { y, sum }, result: y };
    }),
    owned,
  };
}
