import { randomFloats, summarize } from '@uni-moe-web/kernels/bench';
import { loadModel, preprocessAudio, type LoadedModel } from '@uni-moe-web/runtime/inspect';
import type { TowerResult } from './bench-report.ts';
import { messageOf } from '../message-of.ts';
import { relativeDifference } from './models/check-model.ts';
import type { RunOptions } from './options.ts';

const PROVIDERS = ['wasm', 'webgpu'] as const;
const SOUND_SECONDS = 30;
const IMAGE = 'image';
const SOUND = `${SOUND_SECONDS} s of sound`;
/** Providers add in another order, in float32 both. */
const TOLERANCE = 1e-3;

type Media = Parameters<LoadedModel['encoder']['encode']>[0];

/** Names of the media that `--op` and `--shape` ask for. */
export function wantedTowers({ ops, shapes }: Pick<RunOptions, 'ops' | 'shapes'>): readonly string[] {
  if (ops.length > 0 && !ops.includes('towers')) return [];
  return [IMAGE, SOUND].filter((name) => shapes.length === 0 || shapes.some((text) => name.includes(text)));
}

/**
 * Encode time of one image and of 30 s of sound with the towers of a checkpoint, by both providers of ONNX Runtime, whose
 * results are held against each other.
 */
export async function runTowers(
  options: RunOptions,
  checkpoint: string,
  done: (result: TowerResult) => void,
): Promise<{ towers: TowerResult[]; failed: string[] }> {
  const wanted = wantedTowers(options);
  if (wanted.length === 0) return { towers: [], failed: [] };
  const timing = options.quick ? { runs: 3, budgetMs: 3_000 } : { runs: 7, budgetMs: 20_000 };
  const towers: TowerResult[] = [];
  const embeddings = new Map<string, Float32Array>();
  const failed: string[] = [];
  for (const provider of PROVIDERS) {
    let model: LoadedModel | undefined;
    const pending = new Set(wanted);
    try {
      model = await loadModel(checkpoint, {
        towers: provider,
        cache: 'none',
        contextLength: 64,
        gpu: { without: options.without },
      });
      for (const { name, description, media } of await inputs(model)) {
        if (!pending.has(name)) continue;
        const { loadMs, ms, values } = await timeEncode(model, media, timing);
        pending.delete(name);
        const other = embeddings.get(name);
        embeddings.set(name, values);
        const error = other ? relativeDifference(values, other) : 0;
        if (error > TOLERANCE) {
          failed.push(`${name} by ${provider} (${error.toExponential(1)} off what wasm gives)`);
          continue;
        }
        const result = { name, description, provider, loadMs, ms, error };
        towers.push(result);
        done(result);
      }
    } catch (error) {
      for (const name of pending) failed.push(`${name} by ${provider} (${messageOf(error)})`);
    } finally {
      await model?.dispose();
    }
  }
  return { towers, failed };
}

interface TowerInputs {
  readonly name: string;
  readonly description: string;
  readonly media: Media;
}

/** Noise in the shape of a preprocessed image, and 30 s of noise with its log-mel features. */
async function inputs({ checkpoint }: LoadedModel): Promise<TowerInputs[]> {
  const { config, preprocessorConfig } = checkpoint;
  const found: TowerInputs[] = [];
  if (config.vision && preprocessorConfig.image) {
    const { image_size: size, tokens_per_image: numTokens, tower } = config.vision;
    found.push({
      name: IMAGE,
      description: `${size} x ${size} pixels to ${numTokens} embeddings, tower of ${megabytes(tower.bytes)}`,
      media: {
        tower: 'vision',
        input: { name: 'pixel_values', shape: [1, 3, size, size], data: randomFloats(3 * size * size, 1) },
        combine: 'concat',
        numTokens,
      },
    });
  }
  if (config.audio && preprocessorConfig.audio) {
    const { tokens_per_chunk: numTokens, tower } = config.audio;
    const { sampling_rate: sampleRate, feature_size: rows } = preprocessorConfig.audio;
    const samples = randomFloats(SOUND_SECONDS * sampleRate, 2, 0.1);
    const start = performance.now();
    const { chunks, frames, data } = await preprocessAudio({ samples, sampleRate }, preprocessorConfig.audio);
    const melMs = performance.now() - start;
    found.push({
      name: SOUND,
      description: `log-mel to ${chunks * numTokens} embeddings, tower of ${megabytes(tower.bytes)}; log-mel itself ${melMs.toFixed(0)} ms`,
      media: {
        tower: 'audio',
        input: { name: 'input_features', shape: [chunks, rows, frames], data },
        combine: 'concat',
        numTokens: chunks * numTokens,
      },
    });
  }
  return found;
}

async function timeEncode(
  { encoder, gpu }: LoadedModel,
  media: Media,
  { runs, budgetMs }: { readonly runs: number; readonly budgetMs: number },
): Promise<{ loadMs: number; ms: TowerResult['ms']; values: Float32Array }> {
  const times: number[] = [];
  let values = new Float32Array();
  let begin = performance.now();
  for (let run = 0; run <= runs; run++) {
    // The first run loads the tower and does not count; one more always takes place.
    if (run > 1 && performance.now() - begin > budgetMs) break;
    if (run === 1) begin = performance.now();
    const start = performance.now();
    const { embeddings } = await encoder.encode(media);
    await gpu.device.queue.onSubmittedWorkDone();
    times.push(performance.now() - start);
    if (run === 0) values = new Float32Array(await gpu.read(embeddings));
    embeddings.buffer.destroy();
  }
  const [loadMs = 0, ...warm] = times;
  return { loadMs, ms: summarize(warm), values };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
