import { scalesAsF32, type MatMulOperands } from '@uni-moe-web/kernels/bench';
import type { OperatorPeer } from './onnx-operator.ts';
import type { PeerBuffers } from './peer-buffers.ts';

/** Precision in which ONNX Runtime multiplies: 1 keeps float32 activations, 4 rounds them to 8 bits. */
export type AccuracyLevel = 1 | 4;

/**
 * `MatMulNBits` with blocks of 32 and 4 bits, one peer per accuracy level. The codes are the same bytes as ours, its scales are
 * float32; all levels share one upload of both, and one output.
 */
export function matMulNBits(
  buffers: PeerBuffers,
  sets: readonly MatMulOperands[],
  levels: readonly AccuracyLevel[],
): OperatorPeer[] {
  const [first] = sets;
  const { rows, columns } = first!.weight;
  const [tokens = 0] = first!.x.shape;
  const data = sets.map(({ x, weight }) => {
    const y = buffers.output('peer y', [tokens, rows]);
    return {
      inputs: {
        x,
        quants: buffers.upload('peer quants', weight.quants as Uint8Array<ArrayBuffer>),
        scales: buffers.upload('peer scales', scalesAsF32(weight)),
      },
      outputs: { y },
      result: y,
    };
  });
  return levels.map((level) => ({
    name: level === 1 ? 'ORT MatMulNBits' : 'ORT MatMulNBits, accuracy level 4',
    note:
      level === 1
        ? 'float32 activations asked for (accuracy level 1)'
        : 'may round activations to 8 bits: another precision than ours, except in shapes with 8-bit activations',
    isRounded: level === 4,
    operator: {
      opType: 'MatMulNBits',
      attributes: { K: columns, N: rows, bits: 4, block_size: 32, accuracy_level: level },
      inputs: [
        { name: 'x', shape: [tokens, columns] },
        { name: 'quants', type: 'uint8', shape: [rows, columns / 32, 16], isWeight: true },
        { name: 'scales', shape: [(rows * columns) / 32], isWeight: true },
      ],
      outputs: [{ name: 'y', shape: [tokens, rows] }],
    },
    sets: data,
  }));
}
