import { quantileOf } from '@uni-moe-web/kernels/bench';
import type { Estimate } from '../bench-report.ts';

/** One round of steps in turn, A B B A: for each context some samples, and of each sample the milliseconds of each part. */
export interface GrowthRound {
  readonly shorter: readonly (readonly number[])[];
  readonly longer: readonly (readonly number[])[];
}

const RESAMPLES = 400;
/** Of the resamples between the ends of an interval. */
const CONFIDENCE = 0.95;

/**
 * How much longer the parts of a step take at the longer context. Each round gives one difference per part, of the lesser
 * sample at either context, since what else the machine does only ever adds; a part grows by the median over the rounds. A
 * sum grows by the sum of its parts' medians, which a disturbance of one part leaves alone, where the median of whole steps
 * meets one in nearly every step. Intervals are percentiles of a bootstrap (Efron 1979) over whole rounds.
 */
export class GrowthEstimate {
  readonly #medians: readonly number[];
  /** Of each part, the medians of the same resamples. */
  readonly #resampled: readonly Float64Array[];

  /** @throws RangeError without rounds. */
  constructor(rounds: readonly GrowthRound[]) {
    if (rounds.length === 0) throw new RangeError('growth needs at least one round');
    const parts = rounds[0]!.shorter[0]!.length;
    const least = (samples: readonly (readonly number[])[], part: number): number =>
      Math.min(...samples.map((sample) => sample[part]!));
    const differences = Array.from({ length: parts }, (_, part) =>
      Float64Array.from(rounds, ({ shorter, longer }) => least(longer, part) - least(shorter, part)),
    );
    const drawn = drawRounds(rounds.length);
    const values = new Float64Array(rounds.length);
    this.#medians = differences.map(median);
    this.#resampled = differences.map((own) =>
      Float64Array.from(drawn, (indices) => {
        indices.forEach((round, i) => (values[i] = own[round]!));
        return median(values);
      }),
    );
  }

  /** Growth of some parts together. */
  sum(parts: readonly number[]): Estimate {
    return estimate(this.#value(parts), this.#sums(parts));
  }

  /** Growth of some parts over the growth of some others. */
  share(parts: readonly number[], of: readonly number[]): Estimate {
    const whole = this.#sums(of);
    const ratios = this.#sums(parts).map((sum, i) => sum / whole[i]!);
    return estimate(this.#value(parts) / this.#value(of), ratios);
  }

  #value(parts: readonly number[]): number {
    return parts.reduce((sum, part) => sum + this.#medians[part]!, 0);
  }

  #sums(parts: readonly number[]): Float64Array {
    return Float64Array.from({ length: RESAMPLES }, (_, i) =>
      parts.reduce((sum, part) => sum + this.#resampled[part]![i]!, 0),
    );
  }
}

/** Half the width of an interval over its value. */
export function relativeError({ value, low, high }: Estimate): number {
  return (high - low) / 2 / Math.abs(value);
}

function estimate(value: number, resampled: Float64Array): Estimate {
  const outside = (1 - CONFIDENCE) / 2;
  const values = [...resampled];
  return { value, low: quantileOf(values, outside), high: quantileOf(values, 1 - outside) };
}

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Resamples of the rounds with replacement, the same ones each time. */
function drawRounds(rounds: number): Uint32Array[] {
  let state = 0x9e3779b9;
  // xorshift, Marsaglia 2003
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return Array.from({ length: RESAMPLES }, () =>
    Uint32Array.from({ length: rounds }, () => Math.floor((next() / 2 ** 32) * rounds)),
  );
}
