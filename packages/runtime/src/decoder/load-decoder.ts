import type { FloatType, Gpu } from '@uni-moe-web/kernels';
import { hasScales } from '@uni-moe-web/kernels/quant';
import { describeWeights, type Checkpoint, type LoadOptions } from '../checkpoint/index.ts';
import { RuntimeError } from '../errors.ts';
import { BufferScope } from './buffer-scope.ts';
import { decoderShape } from './config.ts';
import { Decoder } from './decoder.ts';
import { loadAdapters } from './load-adapters.ts';
import type { LoraAdapter } from './lora.ts';
import { planMemory, type MemoryPlan } from './memory-plan.ts';
import type { AdapterDescription } from './read-adapter.ts';
import { planDecoderWeights } from './weight-plan.ts';
import { DecoderWeights } from './weights.ts';

/** Positions of the KV cache unless the caller or a smaller model says otherwise. */
const DEFAULT_CONTEXT_LENGTH = 2048;
/** Tokens of one prefill pass unless the caller says otherwise. */
const DEFAULT_CHUNK_TOKENS = 512;
/** `writeBuffer` copies into memory that the browser frees only as the GPU catches up; wait for it this often. */
const FLUSH_BYTES = 32 * 1024 * 1024;

export interface DecoderLoadOptions extends LoadOptions {
  /** Longest prompt with its answer, in positions. The model's maximum or 2048, whichever is less, by default. */
  readonly contextLength?: number;
  /** Precision of activations (the residual stream is always f32). `f32` by default; `f16` needs `shader-f16`. */
  readonly activationType?: FloatType;
  /** Precision of the KV cache. `f16` where the device has `shader-f16`, otherwise `f32`, by default. */
  readonly cacheType?: FloatType;
  /** Most tokens of a prompt that run in one pass, 512 by default. Fewer take less scratch memory and more time. */
  readonly chunkTokens?: number;
  /** Told before any weight is downloaded. */
  readonly onMemoryPlan?: (plan: MemoryPlan) => void;
}

export interface LoadedDecoder {
  readonly decoder: Decoder;
  readonly memory: MemoryPlan;
  /** Frees the decoder with its weights. */
  dispose(): void;
}

/**
 * Plans the GPU memory of a checkpoint's decoder, streams its weights there and builds it. After an error or an abort
 * everything allocated is freed again.
 */
export async function loadDecoder(
  gpu: Gpu,
  checkpoint: Checkpoint,
  options: DecoderLoadOptions = {},
): Promise<LoadedDecoder> {
  const { decoder: config } = checkpoint.config;
  const { activationType = 'f32', cacheType = gpu.capabilities.f16 ? 'f16' : 'f32' } = options;
  expectF16(gpu, 'activationType', activationType);
  expectF16(gpu, 'cacheType', cacheType);
  expectPositive('contextLength', options.contextLength);
  expectPositive('chunkTokens', options.chunkTokens);
  const contextLength =
    options.contextLength ?? Math.min(config.max_position_embeddings, DEFAULT_CONTEXT_LENGTH);
  const chunkTokens = Math.min(options.chunkTokens ?? DEFAULT_CHUNK_TOKENS, contextLength);
  const shape = decoderShape(config);

  const { adapters: names } = checkpoint.config;
  const script = names.length > 0 ? await loadAdapters() : undefined;
  const described: AdapterDescription[] = [];
  for (const name of names) described.push(await script!.describeAdapter(checkpoint, name, options));
  const loraRank = script?.jointRank(described) ?? 0;
  // Rounding them is nothing beside the rounding of q8 and q4 weights, and halves what adapters add to a step's reads.
  const loraType = hasScales(checkpoint.config.quantization.weights) ? 'f16' : 'f32';
  const plan = planDecoderWeights(
    shape,
    describeWeights(checkpoint.tensors),
    gpu.capabilities.maxBindingBytes,
  );
  const memory = planMemory(
    shape,
    plan,
    { chunkTokens, capacity: contextLength, activationType, loraRank },
    cacheType,
    loraType,
  );
  options.onMemoryPlan?.(memory);

  const adapters: LoraAdapter[] = [];
  for (const each of described) adapters.push(await script!.readAdapter(checkpoint, each, options));
  const buffers = new BufferScope(gpu);
  try {
    const { weights, decoder } = await expectMemory(gpu, memory, () => {
      const allocated = new DecoderWeights(buffers, plan);
      const lora = script && new script.LoraSet(buffers, shape, adapters, loraType);
      return {
        weights: allocated,
        decoder: new Decoder(buffers, config, allocated, lora, {
          contextLength,
          activationType,
          cacheType,
          chunkTokens,
        }),
      };
    });
    let sinceFlush = 0;
    await checkpoint.streamTensors(async ({ name }, offset, bytes) => {
      weights.accept(name, offset, bytes);
      sinceFlush += bytes.length;
      if (sinceFlush < FLUSH_BYTES) return;
      sinceFlush = 0;
      await gpu.device.queue.onSubmittedWorkDone();
    }, options);
    weights.expectComplete();
    for (const [layer, { router }] of weights.layers.entries()) {
      const module = `model.layers.${layer}.mlp.gate`;
      if (!router || !adapters.some(({ modules }) => modules.has(module))) continue;
      decoder.lora?.bindRouter(module, router, new Float32Array(await gpu.read(router)));
    }
    return { decoder, memory, dispose: () => buffers.dispose() };
  } catch (error) {
    buffers.dispose();
    throw error;
  }
}

/** Runs an allocation. @throws RuntimeError `gpu-memory` if the GPU has not enough. */
async function expectMemory<T>(gpu: Gpu, { totalBytes }: MemoryPlan, allocate: () => T): Promise<T> {
  gpu.device.pushErrorScope('out-of-memory');
  let failed: GPUError | null | undefined;
  let result: T;
  try {
    result = allocate();
  } finally {
    failed = await gpu.device.popErrorScope();
  }
  if (failed) {
    throw new RuntimeError(
      'gpu-memory',
      `The GPU has no room for ${totalBytes} bytes of weights, cache and scratch (${failed.message}). Close other tabs, choose a smaller contextLength, or export with a smaller weight format.`,
      { totalBytes },
    );
  }
  return result;
}

function expectPositive(option: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
    throw new RuntimeError(
      'invalid-option',
      `${option} is ${value}; give a whole number of tokens above 0.`,
      {
        option,
        value: String(value),
      },
    );
  }
}

function expectF16(gpu: Gpu, option: string, type: FloatType): void {
  if (type === 'f16' && !gpu.capabilities.f16) {
    throw new RuntimeError(
      'unsupported-precision',
      `${option} "f16" needs a GPU with the WebGPU feature shader-f16, which this one lacks; use "f32".`,
      { option },
    );
  }
}
