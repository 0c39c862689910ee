/** What may be shown after a piece of text has arrived. */
export interface FilteredText {
  readonly text: string;
  /** A stop string was found; `text` ends before it and nothing may follow. */
  readonly stopped: boolean;
}

/** Looks for stop strings in text that arrives in pieces, and holds back an end that may be the beginning of one. */
export class StopFilter {
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  push(piece: string): FilteredText {
    const text = this.#held + piece;
    this.#held = '';
    const found = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) return { text: text.slice(0, Math.min(...found)), stopped: true };
    const keep = text.length - this.#longestBeginning(text);
    this.#held = text.slice(keep);
    return { text: text.slice(0, keep), stopped: false };
  }

  /** What was held back, when no more text follows. */
  finish(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  /** Length of the longest end of `text` that a stop string begins with. */
  #longestBeginning(text: string): number {
    const most = Math.min(text.length, Math.max(0, ...this.#stops.map((stop) => stop.length - 1)));
    for (let length = most; length > 0; length--) {
      const end = text.slice(text.length - length);
      if (this.#stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
