import type { NormOperands } from '@uni-moe-web/kernels/bench';
import type { OperatorPeer } from './onnx-operator.ts';
import type { PeerBuffers } from './peer-buffers.ts';

/** `SkipSimplifiedLayerNormalization` with its sum as fourth output. */
export function skipNorm(buffers: PeerBuffers, sets: readonly NormOperands[]): OperatorPeer {
  const { x: firstX, epsilon } = sets[0]!;
  const [tokens = 0, hidden = 0] = firstX.shape;
  const shape = [1, tokens, hidden];
  const optional = { name: '', shape: [] };
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
      const y = buffers.output('peer y', [tokens, hidden]);
      const sum = buffers.output('peer sum', [tokens, hidden]);
      return { inputs: { x, skip, weight }, outputs: { y, sum }, result: y };
    }),
  };
}
