import { untilAborted } from '../abort.ts';

/** Lets one task in at a time, in the order in which they asked. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for all earlier tasks. The caller calls the result when it is done. @throws AbortedError while waiting. */
  async enter(signal: AbortSignal, what: string): Promise<() => void> {
    const before = this.#last;
    let leave!: () => void;
    const mine = new Promise<void>((resolve) => (leave = resolve));
    this.#last = before.then(() => mine);
    try {
      await untilAborted(before, signal, what);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  /** Resolves when every task that has asked so far is done. */
  idle(): Promise<void> {
    return this.#last;
  }
}
