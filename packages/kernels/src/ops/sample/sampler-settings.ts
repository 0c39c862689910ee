import { ShapeError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Most alternatives whose log probabilities are logged. */
export const MAX_TOP_LOGPROBS = 20;
/** Words of the settings buffer. */
export const SAMPLER_SETTINGS_WORDS = 12;
/** Lower temperatures are greedy: all weights but the best token's would vanish. */
export const LEAST_TEMPERATURE = 1e-5;

const FLAG_GREEDY = 1;
const FLAG_BIAS = 2;
/** Distances from here on have weight exp(-128) = 0 in f32. */
const WEIGHTLESS_DISTANCE = 128;
const LARGEST_F32 = 3.4028234663852886e38;

export interface SamplerSettings {
  /** 0 (or below {@link LEAST_TEMPERATURE}) is greedy. */
  readonly temperature: number;
  /** Keeps this many tokens; 0 keeps all. */
  readonly topK: number;
  /** Keeps the fewest tokens whose probabilities reach this sum; 1 keeps all. */
  readonly topP: number;
  /** Keeps tokens with at least this share of the best one's probability; 0 keeps all. */
  readonly minP: number;
  /** Divides positive and multiplies other logits of seen tokens; 1 leaves them alone. */
  readonly repetitionPenalty: number;
  /** Whole, 0 to 2^53 - 1. */
  readonly seed: number;
  /** Whether the bias buffer is added. */
  readonly useBias: boolean;
  /** Likeliest tokens to log, up to {@link MAX_TOP_LOGPROBS}; 0 logs the sampled token only, -1 nothing. */
  readonly topLogprobs: number;
}

/**
 * The settings buffer's content: `u32[12]` as `wgsl/sampling.wgsl` reads it.
 * @throws ShapeError naming a value outside its range.
 */
export function packSamplerSettings(settings: SamplerSettings): Uint32Array<ArrayBuffer> {
  const { temperature, topK, topP, minP, repetitionPenalty, seed, useBias, topLogprobs } = settings;
  expectRange('temperature', temperature, 0, 1e6);
  expectWhole('topK', topK, 0, 0xffffffff);
  expectRange('topP', topP, 0, 1);
  expectRange('minP', minP, 0, 1);
  expectRange('repetitionPenalty', repetitionPenalty, 1e-6, 1e6);
  expectWhole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  expectWhole('topLogprobs', topLogprobs, -1, MAX_TOP_LOGPROBS);
  const greedy = temperature < LEAST_TEMPERATURE;
  const words = new Uint32Array(SAMPLER_SETTINGS_WORDS);
  const floats = new Float32Array(words.buffer);
  words[0] = (greedy ? FLAG_GREEDY : 0) | (useBias ? FLAG_BIAS : 0);
  floats[1] = greedy ? 1 : 1 / temperature;
  floats[2] = greedy ? WEIGHTLESS_DISTANCE : WEIGHTLESS_DISTANCE * temperature;
  words[3] = topK;
  // 32 fractional bits, rounded down: 0.3 of ten equal tokens keeps three, as people expect. 0 means off.
  words[4] = topP >= 1 ? 0 : Math.max(1, Math.floor(topP * 2 ** 32));
  floats[5] = minP === 0 ? LARGEST_F32 : -Math.log(minP);
  floats[6] = repetitionPenalty;
  floats[7] = 1 / repetitionPenalty;
  words[8] = seed % 2 ** 32;
  words[9] = Math.floor(seed / 2 ** 32);
  words[10] = topLogprobs + 1;
  return words;
}

/**
 * Queues new settings, without touching recorded lists. `tensor`: u32 `[12]`.
 * @throws ShapeError naming a value outside its range; nothing is written then.
 */
export function writeSamplerSettings(gpu: Gpu, tensor: Tensor, settings: SamplerSettings): void {
  gpu.write(tensor, packSamplerSettings(settings));
}

/**
 * The `seen` buffer that a request starts with: one bit per token that occurs in its prompt, `u32 [ceil(vocabSize / 32)]`.
 * Ids outside the vocabulary (placeholders of images and sounds) are passed over.
 */
export function packSeenTokens(ids: Iterable<number>, vocabSize: number): Uint32Array<ArrayBuffer> {
  const seen = new Uint32Array(Math.ceil(vocabSize / 32));
  for (const id of ids) if (id >= 0 && id < vocabSize) seen[id >>> 5]! |= 1 << (id & 31);
  return seen;
}

function expectRange(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw new ShapeError(`sampler setting ${name} is ${value}, expected ${least} to ${most}`);
}

function expectWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value))
    throw new ShapeError(`sampler setting ${name} is ${value}, expected a whole number`);
  expectRange(name, value, least, most);
}
