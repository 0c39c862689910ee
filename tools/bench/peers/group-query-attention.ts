import type { AttentionOperands } from '@uni-moe-web/kernels/bench';
import type { OperatorPeer } from './onnx-operator.ts';
import type { PeerBuffers } from './peer-buffers.ts';

export const GROUP_QUERY_ATTENTION = 'ORT GroupQueryAttention';

/** The same operator by its other algorithm, which is right where the one with subgroups is not. */
export const ATTENTION_WITHOUT_SUBGROUPS = `${GROUP_QUERY_ATTENTION}, without subgroups`;

const NOTE = 'with rotation and cache update, as ours';

/** `GroupQueryAttention` with packed inputs, rotation and a cache of fixed size that it updates in place, as ours does. */
export function groupQueryAttention(
  buffers: PeerBuffers,
  sets: readonly AttentionOperands[],
  hidesSubgroups = false,
): OperatorPeer {
  const { qkv, keys, cos, past, numHeads } = sets[0]!;
  const [tokens = 0, width = 0] = qkv.shape;
  const [numKvHeads = 0, capacity = 0, headDim = 0] = keys.shape;
  const [positions = 0] = cos.shape;
  const rows = numHeads * headDim;
  const cacheShape = [1, numKvHeads, capacity, headDim];
  const total = past + tokens;
  const optional = { name: '', shape: [] };
  return {
    ...(hidesSubgroups
      ? {
          name: ATTENTION_WITHOUT_SUBGROUPS,
          note: `${NOTE}; its device seems to have no subgroups, and ours does`,
          hidesSubgroups,
        }
      : { name: GROUP_QUERY_ATTENTION, note: NOTE }),
    operator: {
      opType: 'GroupQueryAttention',
      attributes: { num_heads: numHeads, kv_num_heads: numKvHeads, do_rotary: 1, rotary_interleaved: 0 },
      inputs: [
        { name: 'qkv', shape: [1, tokens, width] },
        optional,
        optional,
        { name: 'past_key', shape: cacheShape },
        { name: 'past_value', shape: cacheShape },
        { name: 'seqlens_k', type: 'int32', shape: [1] },
        { name: 'total_sequence_length', type: 'int32', shape: [1] },
        { name: 'cos', shape: [positions, headDim / 2], isWeight: true },
        { name: 'sin', shape: [positions, headDim / 2], isWeight: true },
      ],
      outputs: [
        { name: 'y', shape: [1, tokens, rows] },
        { name: 'present_key', shape: cacheShape },
        { name: 'present_value', shape: cacheShape },
      ],
    },
    sets: sets.map((set) => {
      const y = buffers.output('peer y', [tokens, rows]);
      const keyCache = buffers.copyOf(set.keys, 'peer keys');
      const valueCache = buffers.copyOf(set.values, 'peer values');
      return {
        inputs: {
          qkv: set.qkv,
          past_key: keyCache,
          past_value: valueCache,
          seqlens_k: buffers.upload('peer lengths', Int32Array.of(total - 1)),
          total_sequence_length: Int32Array.of(total),
          cos: set.cos,
          sin: set.sin,
        },
        outputs: { y, present_key: keyCache, present_value: valueCache },
        result: y,
      };
    }),
  };
}
