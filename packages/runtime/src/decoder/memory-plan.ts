import { byteLength, DTYPE_BYTES, type FloatType } from '@uni-moe-web/kernels';
import type { DecoderShape } from './config.ts';
import type { DecoderWeightPlan } from './weight-plan.ts';
import { samplerSpecs } from './sampler.ts';
import { workspaceBytes, type WorkspaceSize } from './workspace.ts';

/** GPU bytes that a decoder holds, known before anything is downloaded. */
export interface MemoryPlan {
  readonly weightBytes: number;
  readonly cacheBytes: number;
  readonly scratchBytes: number;
  readonly totalBytes: number;
}

/** Adds up weights, KV cache and scratch. */
export function planMemory(
  shape: DecoderShape,
  weights: DecoderWeightPlan,
  size: WorkspaceSize,
  cacheType: FloatType,
  loraType: FloatType,
): MemoryPlan {
  const { numLayers, numKvHeads, headDim, hiddenSize } = shape;
  const cacheBytes = 2 * numLayers * numKvHeads * headDim * size.capacity * DTYPE_BYTES[cacheType];
  const ropeBytes = size.capacity * headDim * DTYPE_BYTES.f32;
  const samplerBytes = Object.values(samplerSpecs(shape.vocabSize)).reduce(
    (sum, entry) => sum + byteLength(entry),
    0,
  );
  const adapterBytes = loraElements(shape, size.loraRank, hiddenSize) * DTYPE_BYTES[loraType];
  const scratchBytes = workspaceBytes(shape, size) + ropeBytes + samplerBytes + adapterBytes;
  return {
    weightBytes: weights.bytes,
    cacheBytes,
    scratchBytes,
    totalBytes: weights.bytes + cacheBytes + scratchBytes,
  };
}

/** Elements of A and B of every projection for adapters of a joint rank. */
function loraElements(
  { isMoe, numExperts, numHeads, numKvHeads, headDim, intermediateSize }: DecoderShape,
  rank: number,
  hiddenSize: number,
): number {
  const queryRows = numHeads * headDim;
  const qkvRows = queryRows + 2 * numKvHeads * headDim;
  const attention = 3 * hiddenSize + qkvRows + (queryRows + hiddenSize);
  const mlp = 2 * hiddenSize + 2 * intermediateSize + (intermediateSize + hiddenSize);
  return isMoe.reduce((sum, moe) => sum + rank * (attention + (moe ? numExperts : 1) * mlp), 0);
}
