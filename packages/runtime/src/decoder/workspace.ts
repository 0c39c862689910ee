import {
  attentionDecodeScratch,
  byteLength,
  moeScratch,
  type DType,
  type FloatType,
  type Tensor,
  type TensorSpec,
} from '@uni-moe-web/kernels';
import type { BufferScope } from './buffer-scope.ts';
import type { DecoderShape } from './config.ts';

/** How much one forward pass may hold. */
export interface WorkspaceSize {
  /** Most tokens of one prefill chunk. */
  readonly chunkTokens: number;
  /** Positions of the KV cache. */
  readonly capacity: number;
  readonly activationType: FloatType;
  /** Joint rank of all loaded adapters; 0 without any. */
  readonly loraRank: number;
}

/** Shapes of every intermediate tensor of the decoder, for the largest pass: T = chunkTokens. */
export function workspaceSpec(
  shape: DecoderShape,
  { chunkTokens: T, capacity, activationType, loraRank }: WorkspaceSize,
) {
  const { hiddenSize, intermediateSize, numHeads, numKvHeads, headDim, vocabSize } = shape;
  const numExperts = Math.max(1, shape.numExperts);
  const topK = Math.max(1, shape.topK);
  const denseTokens = shape.isMoe.includes(false) ? T : 1;
  return {
    /** Ids of a prefill chunk. */
    ids: spec([T], 'u32'),
    /** The sampled id, which the next step embeds. */
    token: spec([1], 'u32'),
    /** Residual stream. */
    hidden: spec([T, hiddenSize], 'f32'),
    /** Normalised input of a block. */
    normed: spec([T, hiddenSize], activationType),
    qkv: spec([T, (numHeads + 2 * numKvHeads) * headDim], activationType),
    queries: spec([T, numHeads, headDim], activationType),
    attended: spec([T, numHeads * headDim], activationType),
    /** Dense layers: silu(gate) x up. */
    gated: spec([denseTokens, intermediateSize], activationType),
    /** Residual stream of a prompt's last token, from the last layer's MLP on, and its experts there. */
    lastHidden: spec([1, hiddenSize], 'f32'),
    lastRouting: { experts: spec([1, topK], 'u32'), weights: spec([1, topK], 'f32') },
    logits: spec([1, vocabSize], 'f32'),
    /** Per mixture layer, so that expert use can be read out after the pass. */
    routing: shape.isMoe.map((isMoe) =>
      isMoe
        ? {
            logits: spec([T, numExperts], 'f32'),
            experts: spec([T, topK], 'u32'),
            weights: spec([T, topK], 'f32'),
          }
        : undefined,
    ),
    moe: moeScratch({ tokens: T, hiddenSize, intermediateSize, experts: numExperts, topK, activationType }),
    attention: spec(attentionDecodeScratch({ numHeads, numKvHeads, headDim, capacity }), 'f32'),
    /** Scaled low-rank products of each projection, flat. */
    lora:
      loraRank === 0
        ? undefined
        : {
            qkv: spec([T * 3 * loraRank], 'f32'),
            output: spec([T * loraRank], 'f32'),
            gateUp: spec([T * topK * 2 * loraRank], 'f32'),
            down: spec([T * topK * loraRank], 'f32'),
          },
  };
}

function spec(shape: readonly number[], dtype: DType): TensorSpec {
  return { shape, dtype };
}

/** A tree of tensor shapes becomes the same tree of tensors. */
type Allocated<Spec> = Spec extends TensorSpec
  ? Tensor
  : Spec extends readonly (infer Item)[]
    ? readonly Allocated<Item>[]
    : Spec extends object
      ? { readonly [Key in keyof Spec]: Allocated<Spec[Key]> }
      : Spec;

/** All intermediate tensors of the decoder, allocated once. */
export type Workspace = Allocated<ReturnType<typeof workspaceSpec>>;

/** Allocates a workspace. */
export function createWorkspace(buffers: BufferScope, shape: DecoderShape, size: WorkspaceSize): Workspace {
  return mapSpecs(workspaceSpec(shape, size), (entry, name) =>
    buffers.createTensor(name, entry.shape, entry.dtype),
  ) as Workspace;
}

/** Bytes that {@link createWorkspace} will allocate. */
export function workspaceBytes(shape: DecoderShape, size: WorkspaceSize): number {
  let bytes = 0;
  mapSpecs(workspaceSpec(shape, size), (entry) => (bytes += Math.max(4, byteLength(entry))));
  return bytes;
}

function mapSpecs(
  node: unknown,
  visit: (entry: TensorSpec, name: string) => unknown,
  name = 'workspace',
): unknown {
  if (node === undefined || node === null || typeof node !== 'object') return node;
  if (Array.isArray(node)) return node.map((item, i) => mapSpecs(item, visit, `${name}.${i}`));
  if ('dtype' in node) return visit(node as TensorSpec, name);
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, mapSpecs(value, visit, `${name}.${key}`)]),
  );
}
