import type { PackedMatrix } from '@uni-moe-web/kernels/quant';
import { scalesAsF32, type MoeOperands } from '@uni-moe-web/kernels/bench';
import type { OperatorPeer } from './onnx-operator.ts';
import type { PeerBuffers } from './peer-buffers.ts';

/** `QMoE` with SwiGLU over pairs of rows (gate, up). It takes router logits, so our side does the router's work besides. */
export function qmoe(buffers: PeerBuffers, sets: readonly MoeOperands[]): OperatorPeer {
  const { x: firstX, gate, logits, topK } = sets[0]!;
  const [tokens = 0, hidden = 0] = firstX.shape;
  const [, experts = 0] = logits.shape;
  const intermediate = gate[0]!.rows;
  return {
    name: 'ORT QMoE',
    note: 'always asks for accuracy level 4, which rounds activations to 8 bits; without the router product that ours includes',
    isRounded: true,
    operator: {
      opType: 'QMoE',
      attributes: {
        k: topK,
        activation_type: 'swiglu',
        swiglu_fusion: 1,
        activation_alpha: { float: 1 },
        activation_beta: { float: 0 },
        swiglu_limit: { float: 1e30 },
        normalize_routing_weights: 1,
        expert_weight_bits: 4,
        block_size: 32,
      },
      inputs: [
        { name: 'x', shape: [tokens, hidden] },
        { name: 'logits', shape: [tokens, experts] },
        { name: 'fc1', type: 'uint8', shape: [experts, 2 * intermediate, hidden / 2], isWeight: true },
        { name: 'fc1_scales', shape: [experts, 2 * intermediate, hidden / 32], isWeight: true },
        { name: '', shape: [] },
        { name: 'fc2', type: 'uint8', shape: [experts, hidden, intermediate / 2], isWeight: true },
        { name: 'fc2_scales', shape: [experts, hidden, intermediate / 32], isWeight: true },
      ],
      outputs: [{ name: 'y', shape: [tokens, hidden] }],
    },
    sets: sets.map((set) => {
      const y = buffers.output('peer y', [tokens, hidden]);
      const pairs = set.gate.map((matrix, expert) => interleaveRows(matrix, set.up[expert]!));
      const upload = (matrices: readonly PackedMatrix[], name: string): [GPUBuffer, GPUBuffer] => [
        buffers.upload(`peer ${name}`, concatenate(matrices.map(({ quants }) => quants))),
        buffers.upload(`peer ${name} scales`, floats(matrices.map(scalesAsF32))),
      ];
      const [fc1, fc1Scales] = upload(pairs, 'fc1');
      const [fc2, fc2Scales] = upload(set.down, 'fc2');
      return {
        inputs: { x: set.x, logits: set.logits, fc1, fc1_scales: fc1Scales, fc2, fc2_scales: fc2Scales },
        outputs: { y },
        result: y,
      };
    }),
  };
}

/** Rows gate 0, up 0, gate 1, up 1, ... of two packed matrices. */
function interleaveRows(gate: PackedMatrix, up: PackedMatrix): PackedMatrix {
  const rows = 2 * gate.rows;
  const interleave = (a: Uint8Array, b: Uint8Array): Uint8Array => {
    const bytes = a.length / gate.rows;
    const joined = new Uint8Array(2 * a.length);
    for (let row = 0; row < gate.rows; row++) {
      joined.set(a.subarray(row * bytes, (row + 1) * bytes), 2 * row * bytes);
      joined.set(b.subarray(row * bytes, (row + 1) * bytes), (2 * row + 1) * bytes);
    }
    return joined;
  };
  return {
    ...gate,
    rows,
    quants: interleave(gate.quants, up.quants),
    scales: interleave(gate.scales!, up.scales!),
  };
}

function concatenate(arrays: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const array of arrays) {
    joined.set(array, offset);
    offset += array.length;
  }
  return joined;
}

function floats(arrays: readonly Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
  return new Float32Array(concatenate(arrays.map(({ buffer }) => new Uint8Array(buffer))).buffer);
}
