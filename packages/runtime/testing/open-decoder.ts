import type { Gpu } from '@uni-moe-web/kernels';
import { openCheckpoint } from '../src/checkpoint/index.ts';
import type { CheckpointSource } from '../src/checkpoint/source.ts';
import { loadDecoder, type DecoderLoadOptions } from '../src/decoder/load-decoder.ts';
import type { DecoderPrompt } from '../src/decoder/prompt.ts';
import type { LoadedModel } from '../src/engine/load-model.ts';
import { MediaEncoder } from '../src/engine/media-encoder.ts';
import { Inspector } from '../src/inspect/inspector.ts';
import { Tokenizer } from '../src/tokenizer/tokenizer.ts';
import { readRecorded, type Variant } from './reference-fixture.ts';

export interface OpenDecoder extends LoadedModel {
  readonly inspector: Inspector;
}

/** A model on a device that outlives it, so that tests compile each pipeline once. */
export async function openDecoder(
  gpu: Gpu,
  source: CheckpointSource,
  options: DecoderLoadOptions = {},
): Promise<OpenDecoder> {
  const checkpoint = await openCheckpoint(source);
  const tokenizer = Tokenizer.fromJson(await checkpoint.readTokenizer(), checkpoint.tokenizerConfig);
  const loaded = await loadDecoder(gpu, checkpoint, {
    activationType: 'f32',
    cacheType: 'f32',
    contextLength: 256,
    ...options,
  });
  const encoder = new MediaEncoder(gpu, checkpoint);
  const model = { ...loaded, gpu, checkpoint, tokenizer, encoder };
  const inspector = new Inspector({ ...model, dispose: async () => undefined });
  return {
    ...model,
    inspector,
    async dispose() {
      inspector.dispose();
      loaded.dispose();
      gpu.throwErrors();
    },
  };
}

/** A recorded case that has every stage: its input embeddings as one span, so that no tower is needed. */
export interface RecordedCase {
  readonly variant: Variant;
  readonly name: string;
  /** Ids after which each of `logits` was recorded. */
  readonly generated: Int32Array;
  /** `[24, V]`. */
  readonly logits: Float32Array;
}

export const FULL_CASES = [
  { variant: 'speech', name: 'image-audio' },
  { variant: 'interval', name: 'text' },
] as const;

export function readCase({ variant, name }: (typeof FULL_CASES)[number]): RecordedCase {
  return {
    variant,
    name,
    generated: readRecorded(variant, name, 'generated.ids').data as Int32Array,
    logits: readRecorded(variant, name, 'generated.logits').data as Float32Array,
  };
}

/** The case's prompt with the first `forced` generated ids behind it; `dispose` frees the embeddings. */
export function recordedPrompt(
  gpu: Gpu,
  { variant, name, generated }: RecordedCase,
  forced = 0,
): DecoderPrompt & { dispose(): void } {
  const embeds = readRecorded(variant, name, 'inputs_embeds');
  const tensor = gpu.createTensor('recorded embeddings', embeds.shape, 'f32');
  gpu.write(tensor, embeds.data as Float32Array<ArrayBuffer>);
  const length = embeds.shape[0]!;
  const ids = new Uint32Array(length + forced);
  ids.set(generated.subarray(0, forced), length);
  return { ids, spans: [{ start: 0, embeddings: tensor }], dispose: () => tensor.buffer.destroy() };
}

/** Logits `[24, V]` where the recorded ids were chosen, given the recorded ids before them. */
export async function forcedLogits(
  { gpu, inspector, decoder }: OpenDecoder,
  recorded: RecordedCase,
): Promise<Float32Array> {
  const prompt = recordedPrompt(gpu, recorded, recorded.generated.length - 1);
  const { values } = (await inspector.forward(prompt)).get('logits')!;
  prompt.dispose();
  return (values as Float32Array).slice(-recorded.generated.length * decoder.shape.vocabSize);
}
