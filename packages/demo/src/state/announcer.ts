/** Everything up to the end of the last sentence or line. */
const SENTENCES = /^[\s\S]*(?:[.!?:;](?=\s)|[。！？\n])/;

/**
 * What a screen reader is told of a streamed answer: whole sentences as they become complete, then the rest. Single tokens
 * would interrupt one another.
 */
export class Announcer {
  #text = '';
  #said = 0;

  /** The answer so far; returns what to say now, or an empty string. */
  update(text: string): string {
    this.#text = text;
    const ready = SENTENCES.exec(text.slice(this.#said))?.[0] ?? '';
    this.#said += ready.length;
    return ready.trim();
  }

  /** What is left when the answer has ended. */
  finish(): string {
    const rest = this.#text.slice(this.#said);
    this.#said = this.#text.length;
    return rest.trim();
  }
}
