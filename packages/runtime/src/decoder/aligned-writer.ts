/**
 * Queues byte ranges into GPU buffers. `writeBuffer` wants offsets and sizes in multiples of 4, which rows of f16 scales
 * and pieces of a download do not keep: the words at ragged edges are assembled here from all ranges that touch them.
 */
export class AlignedWriter {
  readonly #queue: GPUQueue;
  readonly #words = new Map<GPUBuffer, Map<number, Uint8Array<ArrayBuffer>>>();

  constructor(queue: GPUQueue) {
    this.#queue = queue;
  }

  write(buffer: GPUBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    const head = Math.min((4 - (offset % 4)) % 4, bytes.length);
    if (head > 0) this.#mergeWord(buffer, offset, bytes.subarray(0, head));
    const body = (bytes.length - head) & ~3;
    if (body > 0) this.#queue.writeBuffer(buffer, offset + head, bytes, head, body);
    const tail = bytes.length - head - body;
    if (tail > 0) this.#mergeWord(buffer, offset + head + body, bytes.subarray(head + body));
  }

  #mergeWord(buffer: GPUBuffer, offset: number, bytes: Uint8Array): void {
    const start = offset - (offset % 4);
    const words = this.#words.get(buffer) ?? new Map<number, Uint8Array<ArrayBuffer>>();
    this.#words.set(buffer, words);
    const word = words.get(start) ?? new Uint8Array(4);
    word.set(bytes, offset - start);
    words.set(start, word);
    this.#queue.writeBuffer(buffer, start, word);
  }
}
