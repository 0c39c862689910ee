/** Kinds of rows that experts are counted for, in the order of reports. */
export const ROW_KINDS = ['picture', 'sound', 'video', 'question', 'answer'] as const;
export type RowKind = (typeof ROW_KINDS)[number];

/** How often each expert was chosen, per kind of row: `[layer][expert]`. Kinds without rows are absent. */
export type ExpertCounts = { readonly [Kind in RowKind]?: readonly (readonly number[])[] };

/** Counts choices of experts by kind of row. */
export class ExpertTally {
  readonly #layers: readonly number[];
  readonly #numExperts: number;
  readonly #counts = new Map<RowKind, number[][]>();

  /** @param layers indices of the mixture layers. */
  constructor(layers: readonly number[], numExperts: number) {
    this.#layers = layers;
    this.#numExperts = numExperts;
  }

  /** Counts the experts of one row in one layer. */
  add(kind: RowKind, layer: number, experts: Iterable<number>): void {
    const counts = this.#of(kind)[this.#layers.indexOf(layer)]!;
    for (const expert of experts) counts[expert]!++;
  }

  addAll(counts: ExpertCounts): void {
    for (const kind of ROW_KINDS) {
      counts[kind]?.forEach((experts, layer) => {
        const own = this.#of(kind)[layer]!;
        experts.forEach((count, expert) => (own[expert]! += count));
      });
    }
  }

  counts(): ExpertCounts {
    return Object.fromEntries(this.#counts);
  }

  #of(kind: RowKind): number[][] {
    let counts = this.#counts.get(kind);
    if (!counts) {
      counts = this.#layers.map(() => Array.from({ length: this.#numExperts }, () => 0));
      this.#counts.set(kind, counts);
    }
    return counts;
  }
}
