/** What a load is doing. `bytes` of `totalBytes` count over all files of the phase, `file` is the one at hand. */
export interface LoadProgress {
  /** `manifest`: descriptions; `download`: bytes come in from network, folder or cache; `load`: verified bytes are handed on. */
  readonly phase: 'manifest' | 'download' | 'load';
  readonly file: string;
  readonly bytes: number;
  readonly totalBytes: number;
  /** Whether the last bytes came from the cache. */
  readonly fromCache: boolean;
}
export type OnProgress = (progress: LoadProgress) => void;

const MIN_INTERVAL_MS = 50;

/** Counts the bytes of one phase and reports them, not more often than a person can see and never backwards. */
export class ProgressMeter {
  readonly #phase: LoadProgress['phase'];
  readonly #totalBytes: number;
  readonly #onProgress: OnProgress | undefined;
  #bytes = 0;
  #reported = -1;
  #reportedAtMs = -Infinity;
  #file = '';

  constructor(phase: LoadProgress['phase'], totalBytes: number, onProgress: OnProgress | undefined) {
    this.#phase = phase;
    this.#totalBytes = totalBytes;
    this.#onProgress = onProgress;
  }

  add(file: string, bytes: number, fromCache: boolean): void {
    this.#bytes += bytes;
    const now = performance.now();
    const due =
      file !== this.#file || this.#bytes === this.#totalBytes || now - this.#reportedAtMs >= MIN_INTERVAL_MS;
    if (!this.#onProgress || !due || this.#bytes <= this.#reported) return;
    this.#file = file;
    this.#reported = this.#bytes;
    this.#reportedAtMs = now;
    try {
      this.#onProgress({
        phase: this.#phase,
        file,
        bytes: this.#bytes,
        totalBytes: this.#totalBytes,
        fromCache,
      });
    } catch (error) {
      // A fault of the listener is shown as such and must not look like a failed download.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
