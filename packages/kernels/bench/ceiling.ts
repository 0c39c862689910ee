/** What an adapter was measured to do at most, in the same process on the same device. */
export interface Ceiling {
  /** Bytes read plus bytes written by a copy of large buffers. */
  readonly copyBytesPerSecond: number;
  /** Bytes read by a sum over large buffers. */
  readonly readBytesPerSecond: number;
  /** f32 multiplications and additions in registers. */
  readonly flopsPerSecond: number;
}

/** The least work that an operation must do, whoever does it. */
export interface Work {
  /** Bytes of all inputs read once and outputs written once. */
  readonly bytes: number;
  /** Multiplications plus additions. */
  readonly flops: number;
}

export interface Rate {
  readonly bytesPerSecond: number;
  readonly flopsPerSecond: number;
  /** Share of the measured copy bandwidth. */
  readonly copyShare: number;
  readonly flopShare: number;
  /** Why the figure cannot be true; then it must not be reported as a result. */
  readonly refused?: string;
}

/** Measured ceilings fluctuate on a busy machine; a figure must exceed them by more than this to be called false. */
const MARGIN = 1.25;

/**
 * Turns a time into rates and holds them against the ceiling: a kernel that seems to beat the adapter's own memory and
 * arithmetic has not done its work. `cacheResident` lifts the memory ceiling for inputs so small that all sets stay in a
 * cache.
 */
export function rateOf(work: Work, seconds: number, ceiling: Ceiling, cacheResident = false): Rate {
  const bytesPerSecond = work.bytes / seconds;
  const flopsPerSecond = work.flops / seconds;
  const rate = {
    bytesPerSecond,
    flopsPerSecond,
    copyShare: bytesPerSecond / ceiling.copyBytesPerSecond,
    flopShare: flopsPerSecond / ceiling.flopsPerSecond,
  };
  const memoryCeiling = Math.max(ceiling.copyBytesPerSecond, ceiling.readBytesPerSecond);
  if (!cacheResident && bytesPerSecond > MARGIN * memoryCeiling) {
    return {
      ...rate,
      refused: `${giga(bytesPerSecond)} GB/s is more than the ${giga(memoryCeiling)} GB/s that this adapter reaches`,
    };
  }
  if (flopsPerSecond > MARGIN * ceiling.flopsPerSecond) {
    return {
      ...rate,
      refused: `${giga(flopsPerSecond)} GFLOP/s is more than the ${giga(ceiling.flopsPerSecond)} GFLOP/s that this adapter reaches`,
    };
  }
  return rate;
}

/** Time below which the roofline says the work cannot be done. */
export function rooflineSeconds(work: Work, ceiling: Ceiling): number {
  return Math.max(work.bytes / ceiling.copyBytesPerSecond, work.flops / ceiling.flopsPerSecond);
}

function giga(value: number): string {
  return (value / 1e9).toFixed(1);
}
