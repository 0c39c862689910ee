import { LEAST_TEMPERATURE, type SamplerSettings } from './sampler-settings.ts';

/** Half of the lowest finite float32: what NaN and -inf become. */
const LOWEST = -1.7014117331926443e38;

export interface SampleOracleArgs {
  readonly logits: Float32Array;
  readonly settings: SamplerSettings;
  /** Ids that the repetition penalty applies to. */
  readonly seen: ReadonlySet<number>;
  readonly bias?: Float32Array | undefined;
  /** Steps since the request began. */
  readonly step: number;
}

export interface SampleOracleResult {
  readonly id: number;
  /** Tokens that can be drawn, best first, with their probabilities after all cuts. */
  readonly candidates: readonly { readonly id: number; readonly probability: number }[];
  /**
   * How far the decision is from another one, as a relative difference of the quantities compared: of the race, of the
   * top-k and min-p borders and of the top-p sum. Below about 1e-5, float32 may decide otherwise.
   */
  readonly margin: number;
}

/** The sampler in plain loops and double precision; `sample.ts` documents the rules. */
export function sampleOracle({ logits, settings, seen, bias, step }: SampleOracleArgs): SampleOracleResult {
  const { temperature, repetitionPenalty, topK, topP, minP, seed, useBias } = settings;
  const scores = Array.from(logits, (logit, id) => {
    let score = finite(logit);
    if (seen.has(id)) score *= score > 0 ? 1 / repetitionPenalty : repetitionPenalty;
    if (useBias && bias) score += finite(bias[id]!);
    return Math.min(Math.max(score, LOWEST), -LOWEST);
  });
  const order = scores.map((_, id) => id).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const best = order[0]!;
  if (temperature < LEAST_TEMPERATURE)
    return { id: best, candidates: [{ id: best, probability: 1 }], margin: Infinity };

  const ranked = order.map((id) => ({ id, distance: (scores[best]! - scores[id]!) / temperature }));
  let margin = Infinity;
  let kept = topK > 0 ? ranked.slice(0, topK) : ranked;
  if (kept.length < ranked.length)
    margin = Math.min(margin, gap(kept.at(-1)!.distance, ranked[kept.length]!.distance));
  if (topP < 1) {
    const total = sum(kept.map(weight));
    const target = (Math.max(1, Math.floor(topP * 2 ** 32)) / 2 ** 32) * total;
    let count = 0;
    let mass = 0;
    while (count < kept.length && mass < target) {
      // A border between different weights must not depend on rounding; equal weights are counted exactly.
      const next = mass + weight(kept[count]!);
      if (kept[count]!.distance > 0)
        margin = Math.min(margin, Math.abs(next - target) / total, Math.abs(mass - target) / total);
      mass = next;
      count++;
    }
    kept = kept.slice(0, count);
  }
  if (minP > 0) {
    const farthest = -Math.log(minP);
    for (const { distance } of kept) if (distance > 0) margin = Math.min(margin, gap(distance, farthest));
    kept = kept.filter(({ distance }) => distance <= farthest);
  }
  kept = kept.filter(({ distance }) => distance < 128);

  const total = sum(kept.map(weight));
  const candidates = kept.map((token) => ({ id: token.id, probability: weight(token) / total }));
  const race = kept
    .map(({ id, distance }) => ({ id, arrival: logExponential(randomBits(seed, step, id)) + distance }))
    .sort((a, b) => a.arrival - b.arrival);
  if (race.length > 1) margin = Math.min(margin, race[1]!.arrival - race[0]!.arrival);
  return { id: race[0]!.id, candidates, margin };
}

/** Log-softmax of the raw logits, special values as in {@link sampleOracle}. */
export function logSoftmaxOracle(logits: Float32Array): Float64Array {
  const values = Float64Array.from(logits, finite);
  let most = LOWEST;
  for (const value of values) most = Math.max(most, value);
  let total = 0;
  for (const value of values) total += Math.exp(value - most);
  return values.map((value) => value - most - Math.log(total));
}

/** PCG4D of (seed, step, index), 32 bits. */
export function randomBits(seed: number, step: number, index: number): number {
  const scramble = (value: number): number => (Math.imul(value, 1664525) + 1013904223) | 0;
  let x = scramble(seed % 2 ** 32);
  let y = scramble(Math.floor(seed / 2 ** 32));
  let z = scramble(step);
  let w = scramble(index);
  for (let round = 0; round < 2; round++) {
    x = (x + Math.imul(y, w)) | 0;
    y = (y + Math.imul(z, x)) | 0;
    z = (z + Math.imul(x, y)) | 0;
    w = (w + Math.imul(y, z)) | 0;
    if (round === 0) {
      x ^= x >>> 16;
      y ^= y >>> 16;
      z ^= z >>> 16;
      w ^= w >>> 16;
    }
  }
  return x >>> 0;
}

/** Logarithm of an exponentially distributed number. */
function logExponential(bits: number): number {
  return Math.log(-Math.log1p(-Math.min((bits + 0.5) / 2 ** 32, 1 - 2 ** -24)));
}

function finite(value: number): number {
  return Number.isNaN(value) ? LOWEST : Math.min(Math.max(value, LOWEST), -LOWEST) + 0;
}

const weight = ({ distance }: { readonly distance: number }): number => Math.exp(-distance);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** Relative difference of two distances; equal ones are told apart by index, which is exact. */
const gap = (a: number, b: number): number => (a === b ? Infinity : Math.abs(a - b) / Math.max(a, b));
