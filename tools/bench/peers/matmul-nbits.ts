import type { Gpu } from '@uni-moe-web/kernels';
import { scalesAsF32, type MatMulOperands } from '@uni-moe-web/kernels/bench';
import { EIGHT_BIT_ERROR, uploadBytes, type OperatorPeer } from './onnx-operator.ts';

/** Precision in which ONNX Runtime multiplies: 1 keeps float32 activations, 4 rounds them to 8 bits. */
export type AccuracyLevel = 1 | 4;

/** `MatMulNBits` with blocks of 32 and 4 bits: the codes are the same bytes as ours, its scales are float32. */
export function matMulNBits(
  gpu: Gpu,
  sets: readonly MatMulOperands[],
  accuracyLevel: AccuracyLevel,
): OperatorPeer {
  const [first] = sets;
  const { rows, columns } = first!.weight;
  const [tokens = 0] = first!.x.shape;
  const owned: GPUBuffer[] = [];
  const keep = (buffer: GPUBuffer): GPUBuffer => {
    owned.push(buffer);
    return buffer;
  };
  return {
    name: accuracyLevel === 1 ? 'ORT MatMulNBits' : 'ORT MatMulNBits, accuracy level 4',
    note:
      accuracyLevel === 1
        ? 'float32 activations asked for (accuracy level 1)'
        : 'may round activations to 8 bits: another precision than ours',
    ...(accuracyLevel === 4 ? { coarseError: EIGHT_BIT_ERROR } : {}),
    operator: {
      opType: 'MatMulNBits',
      attributes: { K: columns, N: rows, bits: 4, block_size: 32, accuracy_level: accuracyLevel },
      inputs: [
        { name: 'x', shape: [tokens, columns] },
        { name: 'quants', type: 'uint8', shape: [rows, columns / 32, 16], isWeight: true },
        { name: 'scales', shape: [(rows * columns) / 32], isWeight: true },
      ],
      outputs: [{ name: 'y', shape: [tokens, rows] }],
    },
    sets: sets.map(({ x, weight }) => {
      const y = gpu.createTensor('peer y', [tokens, rows], 'f32');
      keep(y.buffer);
      return {
        inputs: {
          x,
          quants: keep(uploadBytes(gpu, 'peer quants', weight.quants as Uint8Array<ArrayBuffer>)),
          scales: keep(uploadBytes(gpu, 'peer scales', scalesAsF32(weight))),
        },
        outputs: { y },
        result: y,
      };
    }),
    owned,
  };
}
