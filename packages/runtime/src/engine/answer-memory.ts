/** Answers to remember; older ones are tokenised again when a conversation returns to them. */
const MOST_ANSWERS = 64;

/**
 * Remembers the ids that an answer's text was generated as. A conversation that quotes the text can then go on from the
 * very same ids, which the KV cache still holds; tokenising the text again may cut it differently.
 */
export class AnswerMemory {
  readonly #idsByText = new Map<string, readonly number[]>();

  set(text: string, ids: readonly number[]): void {
    this.#idsByText.delete(text);
    this.#idsByText.set(text, ids);
    if (this.#idsByText.size > MOST_ANSWERS) this.#idsByText.delete(this.#idsByText.keys().next().value!);
  }

  get(text: string): readonly number[] | undefined {
    return this.#idsByText.get(text);
  }
}
