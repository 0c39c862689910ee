import type * as v from 'valibot';
import { scoped } from './abort.ts';
import {
  CheckpointFormatError,
  CheckpointNetworkError,
  CheckpointNotFoundError,
  formatBytes,
} from './errors.ts';
import { FILES, tokenizerSchema, type TokenizerJson } from './format.ts';
import type {
  CheckpointConfig,
  GenerationConfig,
  Manifest,
  ManifestFile,
  PreprocessorConfig,
  TokenizerConfig,
} from './format.ts';
import { MAX_CONFIG_BYTES, MAX_FILE_BYTES, MAX_SMALL_TENSORS_BYTES, MAX_TOKENIZER_BYTES } from './limits.ts';
import type { ReadContext } from './piece-reader.ts';
import { ProgressMeter, type OnProgress } from './progress.ts';
import { readWhole } from './read-whole.ts';
import { parseSafetensorsHeader, type TensorInfo } from './safetensors.ts';
import type { Shard } from './shards.ts';
import { streamShards, type TensorHandler } from './stream-tensors.ts';
import { readJson } from './validate.ts';

export interface LoadOptions {
  /** Ends the call with an `AbortedError`; verified pieces stay cached. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A tensor with its bytes, little-endian, as {@link TensorInfo} describes them; they start at a multiple of 8. */
export interface LoadedTensor extends TensorInfo {
  readonly data: Uint8Array<ArrayBuffer>;
}

/** What {@link Checkpoint} knows from its small files. */
export interface CheckpointDescription {
  readonly manifest: Manifest;
  readonly config: CheckpointConfig;
  readonly tokenizerConfig: TokenizerConfig;
  readonly generationConfig: GenerationConfig;
  readonly preprocessorConfig: PreprocessorConfig;
  /** The decoder's tensors by name, so that memory can be planned before anything large is downloaded. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/**
 * An opened checkpoint: descriptions at hand, everything else read on request. Between calls it holds no connection,
 * file or lock. Every method verifies all bytes that it returns, reads only files that the manifest lists, and rejects
 * with a `CheckpointError` or, if its signal fired, an `AbortedError`.
 */
export interface Checkpoint extends CheckpointDescription {
  /** The source's name: the base URL without its query, or the folder's name. */
  readonly name: string;
  /** `opfs`, `cache-api`, `none`, or the name of a store of your own. */
  readonly cacheKind: string;
  /** Why the cache gave up keeping further pieces, if it did. Loading goes on without it. */
  readonly cacheFailure: string | undefined;
  /**
   * Takes all tensors of the decoder through `handler` in file order. At most 12 MiB of pieces are in memory at a time;
   * a slow handler slows the download down. See {@link TensorHandler} for what it may do with the bytes.
   */
  streamTensors(handler: TensorHandler, options?: LoadOptions): Promise<void>;
  /** A whole file of at most 2 GiB, for example a tower. */
  readFile(path: string, options?: LoadOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** A JSON file of at most 1 MiB, held to a valibot schema. */
  readJson<Schema extends v.GenericSchema>(
    path: string,
    schema: Schema,
    options?: LoadOptions,
  ): Promise<v.InferOutput<Schema>>;
  /** `tokenizer.json`, checked for its outermost structure. */
  readTokenizer(options?: LoadOptions): Promise<TokenizerJson>;
  /** All tensors of a small safetensors file, for example an adapter, by name. */
  readTensors(path: string, options?: LoadOptions): Promise<Map<string, LoadedTensor>>;
}

export class LoadedCheckpoint implements Checkpoint {
  declare readonly manifest: Manifest;
  declare readonly config: CheckpointConfig;
  declare readonly tokenizerConfig: TokenizerConfig;
  declare readonly generationConfig: GenerationConfig;
  declare readonly preprocessorConfig: PreprocessorConfig;
  declare readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #context: ReadContext;
  readonly #shards: readonly Shard[];

  constructor(context: ReadContext, shards: readonly Shard[], description: CheckpointDescription) {
    this.#context = context;
    this.#shards = shards;
    Object.assign(this, description);
  }

  get name(): string {
    return this.#context.source.name;
  }

  get cacheKind(): string {
    return this.#context.cache?.store.kind ?? 'none';
  }

  get cacheFailure(): string | undefined {
    return this.#context.cache?.failure;
  }

  async streamTensors(handler: TensorHandler, { signal, onProgress }: LoadOptions = {}): Promise<void> {
    const files = this.#shards.map(({ file }) => file);
    const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
    await scoped(`Loading the tensors of ${this.name}`, signal, async (inner) => {
      const meters = {
        download: new ProgressMeter('download', totalBytes, onProgress),
        load: new ProgressMeter('load', totalBytes, onProgress),
      };
      await this.#context.cache?.expectRoomFor(files);
      await sayingWhatIsKept(this.#context, files, () =>
        streamShards(this.#context, this.#shards, handler, meters, inner),
      );
    });
  }

  async readFile(path: string, options: LoadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(path, MAX_FILE_BYTES, options);
  }

  async readJson<Schema extends v.GenericSchema>(
    path: string,
    schema: Schema,
    options: LoadOptions = {},
  ): Promise<v.InferOutput<Schema>> {
    return readJson(path, await this.#read(path, MAX_CONFIG_BYTES, options), schema);
  }

  async readTokenizer(options: LoadOptions = {}): Promise<TokenizerJson> {
    return readJson(
      FILES.tokenizer,
      await this.#read(FILES.tokenizer, MAX_TOKENIZER_BYTES, options),
      tokenizerSchema,
    );
  }

  async readTensors(path: string, options: LoadOptions = {}): Promise<Map<string, LoadedTensor>> {
    const bytes = await this.#read(path, MAX_SMALL_TENSORS_BYTES, options);
    const loaded = new Map<string, LoadedTensor>();
    for (const tensor of parseSafetensorsHeader(path, bytes.length, bytes)) {
      const view = bytes.subarray(tensor.offsetBytes, tensor.offsetBytes + tensor.bytes);
      loaded.set(tensor.name, { ...tensor, data: view.byteOffset % 8 === 0 ? view : view.slice() });
    }
    return loaded;
  }

  #read(
    path: string,
    maxBytes: number,
    { signal, onProgress }: LoadOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return scoped(`Reading ${path} of ${this.name}`, signal, async (inner) => {
      const file = findFile(this.manifest, path, maxBytes);
      await this.#context.cache?.expectRoomFor([file]);
      const meter = new ProgressMeter('download', file.bytes, onProgress);
      return sayingWhatIsKept(this.#context, [file], () => readWhole(this.#context, file, inner, meter));
    });
  }
}

/** The manifest's entry of a file; one that is not listed does not exist. */
export function findFile(manifest: Manifest, path: string, maxBytes = MAX_FILE_BYTES): ManifestFile {
  const file = manifest.files.find((entry) => entry.path === path);
  if (!file) throw new CheckpointNotFoundError(`${FILES.manifest} lists no file ${path}.`, { file: path });
  if (file.bytes > maxBytes) {
    throw new CheckpointFormatError(path, `${file.bytes} bytes; the limit is ${maxBytes}.`, {
      bytes: file.bytes,
      maxBytes,
    });
  }
  return file;
}

/** Adds to a lost connection's error how much is kept and what a second try will have to fetch. */
async function sayingWhatIsKept<T>(
  { cache }: ReadContext,
  files: readonly ManifestFile[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CheckpointNetworkError)) throw error;
    const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let keptBytes = cache ? totalBytes : 0;
    for (const file of files) keptBytes -= (await cache?.missingBytes(file)) ?? 0;
    const hint = cache
      ? `${formatBytes(keptBytes)} of ${formatBytes(totalBytes)} are kept; load again to resume from there.`
      : 'Nothing was kept because there is no cache; loading again starts from the beginning.';
    const details = { ...error.details, keptBytes, totalBytes };
    throw new CheckpointNetworkError(`${error.message} ${hint}`, details, error.retryable, {
      cause: error.cause,
    });
  }
}
