import { openCheckpoint, type LoadProgress, type OpenOptions } from '../src/checkpoint/index.ts';
import { RuntimeError, type RuntimeErrorJson } from '../src/errors.ts';
import { decoderTensors, fillTensor } from './synthetic-weights.ts';

/** A load of a synthetic checkpoint; plain data, so that a worker can be told to do it. */
export interface LoadOrder {
  readonly url: string;
  readonly seed: number;
  readonly options?: Pick<OpenOptions, 'cache' | 'retry'>;
  readonly abortAfterBytes?: number;
}

export interface LoadReport {
  readonly cacheKind?: string;
  readonly loadedBytes: number;
  /** Bytes that differ from those that the seed makes. */
  readonly wrongBytes: number;
  readonly cachedBytes: number;
  readonly error?: RuntimeErrorJson;
  readonly elapsedMs: number;
  /** From the abort to the end of the call. */
  readonly abortMs?: number;
}

/** Opens and streams a synthetic checkpoint, comparing every byte. Errors become part of the report. */
export async function verifyLoad({
  url,
  seed,
  options,
  abortAfterBytes = Infinity,
}: LoadOrder): Promise<LoadReport> {
  const started = performance.now();
  const controller = new AbortController();
  const report = { loadedBytes: 0, wrongBytes: 0, cachedBytes: 0 };
  let abortedAtMs = NaN;
  let cacheKind: string | undefined;
  let error: RuntimeErrorJson | undefined;
  const onProgress = ({ phase, fromCache, bytes }: LoadProgress): void => {
    if (phase === 'download' && fromCache) report.cachedBytes = bytes;
  };
  try {
    const checkpoint = await openCheckpoint(url, options);
    cacheKind = checkpoint.cacheKind;
    const expected = decoderTensors(checkpoint.config.decoder, checkpoint.config.quantization.weights);
    const numbers = new Map(expected.map(({ name }, number) => [name, number]));
    await checkpoint.streamTensors(
      ({ name }, offset, bytes) => {
        const number = numbers.get(name)!;
        const right = new Uint8Array(bytes.length);
        fillTensor(expected[number]!, seed, number, offset, right);
        report.wrongBytes += bytes.reduce((wrong, byte, i) => wrong + (byte === right[i] ? 0 : 1), 0);
        report.loadedBytes += bytes.length;
        if (report.loadedBytes >= abortAfterBytes && !controller.signal.aborted) {
          abortedAtMs = performance.now();
          controller.abort();
        }
      },
      { signal: controller.signal, onProgress },
    );
  } catch (reason) {
    if (!(reason instanceof RuntimeError)) throw reason;
    error = reason.toJSON();
  }
  const now = performance.now();
  return {
    ...report,
    elapsedMs: now - started,
    ...(cacheKind !== undefined && { cacheKind }),
    ...(error && { error }),
    ...(Number.isFinite(abortedAtMs) && { abortMs: now - abortedAtMs }),
  };
}
