import type * as v from 'valibot';
import { scoped } from './abort.ts';
import { PieceCache, readRecord, writeRecord } from './cache.ts';
import { findFile, LoadedCheckpoint, type Checkpoint, type LoadOptions } from './checkpoint.ts';
import { CheckpointFormatError, CheckpointIntegrityError, CheckpointNetworkError } from './errors.ts';
import {
  adapterPaths,
  configSchema,
  FILES,
  generationConfigSchema,
  MAX_SHARD_BYTES,
  preprocessorConfigSchema,
  tensorIndexSchema,
  tokenizerConfigSchema,
  type CheckpointConfig,
  type Manifest,
} from './format.ts';
import { sha256Hex } from './integrity.ts';
import { MAX_CONFIG_BYTES, MAX_INDEX_BYTES, MAX_MANIFEST_BYTES } from './limits.ts';
import { checkpointUrl, isUrl, type CheckpointLocation } from './location.ts';
import { expectVersion, parseManifest } from './manifest.ts';
import type { ReadContext } from './piece-reader.ts';
import { ProgressMeter } from './progress.ts';
import { RangeStream } from './range-stream.ts';
import { readWhole } from './read-whole.ts';
import { DEFAULT_RETRY, withRetry, type RetryPolicy } from './retry.ts';
import { collectTensors, readShards } from './shards.ts';
import type { CheckpointSource } from './source.ts';
import { directorySource } from './sources/directory.ts';
import { filesSource } from './sources/files.ts';
import { httpSource, type HttpOptions } from './sources/http.ts';
import { openStore, requestPersistentStorage } from './stores/open-store.ts';
import type { CacheChoice } from './stores/piece-store.ts';
import { readJson } from './validate.ts';

export interface OpenOptions extends LoadOptions, HttpOptions {
  /** Where a remote checkpoint is kept; the default is `auto`. With `none`, every load downloads everything again. */
  readonly cache?: CacheChoice;
  /** How often and after which waits a failed request is repeated; see {@link DEFAULT_RETRY}. */
  readonly retry?: Partial<RetryPolicy>;
  /** A server that sends nothing for this long counts as lost. The default is 30,000. */
  readonly stallTimeoutMs?: number;
  /** SHA-256 of `manifest.json`, in hexadecimal: any other checkpoint at this place, or kept from it, is refused. */
  readonly manifestSha256?: string;
}

const DEFAULT_STALL_TIMEOUT_MS = 30_000;

/**
 * Opens a checkpoint: reads and validates its manifest, descriptions and tensor headers, but no weights. Remote ones are
 * cached; when the manifest cannot be fetched but was cached on an earlier visit, that one is used, so that a cached
 * checkpoint opens without a network. In a window it asks for persistent storage; workers may not ask. Refuses before the
 * download if the quota is too small for the decoder's weights.
 *
 * Rejects with a `CheckpointError` (`checkpoint-network`, `-not-found`, `-integrity`, `-format`, `-version`, `-quota`,
 * `-unsupported`) or an `AbortedError` (`aborted`).
 */
export async function openCheckpoint(
  location: CheckpointLocation,
  options: OpenOptions = {},
): Promise<Checkpoint> {
  const source = toSource(location, options);
  return scoped(`Opening the checkpoint ${source.name}`, options.signal, async (signal) => {
    const store = source.remote ? await openStore(options.cache ?? 'auto') : undefined;
    const context: ReadContext = {
      source,
      cache: store && new PieceCache(store),
      retry: { ...DEFAULT_RETRY, ...options.retry },
      stallTimeoutMs: options.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS,
    };
    return open(context, options, signal);
  });
}

function toSource(location: CheckpointLocation, options: HttpOptions): CheckpointSource {
  if (isUrl(location)) return httpSource(checkpointUrl(location), options);
  if ('read' in location) return location;
  return 'getDirectoryHandle' in location ? directorySource(location) : filesSource(location);
}

async function open(context: ReadContext, options: OpenOptions, signal: AbortSignal): Promise<Checkpoint> {
  const manifest = await loadManifest(context, options, signal);
  const small = [
    FILES.config,
    FILES.tokenizerConfig,
    FILES.generationConfig,
    FILES.preprocessorConfig,
    FILES.tensorIndex,
  ];
  const totalBytes = small.reduce((sum, path) => sum + findFile(manifest, path).bytes, 0);
  const meter = new ProgressMeter('manifest', totalBytes, options.onProgress);
  const read = async <Schema extends v.GenericSchema>(
    path: string,
    schema: Schema,
    maxBytes = MAX_CONFIG_BYTES,
  ): Promise<v.InferOutput<Schema>> => {
    const bytes = await readWhole(context, findFile(manifest, path, maxBytes), signal, meter);
    if (path === FILES.config) expectVersion(path, bytes);
    return readJson(path, bytes, schema);
  };
  const config = await read(FILES.config, configSchema);
  expectFiles(config, manifest);
  const tokenizerConfig = await read(FILES.tokenizerConfig, tokenizerConfigSchema);
  const generationConfig = await read(FILES.generationConfig, generationConfigSchema);
  const preprocessorConfig = await read(FILES.preprocessorConfig, preprocessorConfigSchema);
  const tensorIndex = await read(FILES.tensorIndex, tensorIndexSchema, MAX_INDEX_BYTES);

  const paths = [...new Set(Object.values(tensorIndex.weight_map))].sort();
  const files = paths.map((path) => findFile(manifest, path, MAX_SHARD_BYTES));
  await context.cache?.expectRoomFor(files);
  const shards = await readShards(context, files, signal);
  const tensors = collectTensors(shards, tensorIndex);
  return new LoadedCheckpoint(context, shards, {
    manifest,
    config,
    tokenizerConfig,
    generationConfig,
    preprocessorConfig,
    tensors,
  });
}

/** From the source or, if it cannot be reached, from the cache. Notes in the cache which files are in use. */
async function loadManifest(
  context: ReadContext,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Manifest> {
  const { source, cache, stallTimeoutMs } = context;
  const expected = options.manifestSha256?.toLowerCase();
  const known = cache && (await readRecord(cache.store, source.name, expected));
  const retry = known ? { ...context.retry, attempts: 1 } : context.retry;
  const stream = new RangeStream({
    source,
    file: { path: FILES.manifest, bytes: Infinity },
    stallTimeoutMs,
    signal,
  });
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await withRetry(() => stream.readToEnd(MAX_MANIFEST_BYTES), retry, signal);
  } catch (error) {
    if (known && error instanceof CheckpointNetworkError) return known;
    throw error;
  }
  const found = await sha256Hex(bytes);
  if (expected !== undefined && found !== expected) {
    throw new CheckpointIntegrityError(
      `${FILES.manifest} from ${source.name} has SHA-256 ${found}, but ${expected} was asked for: it is another checkpoint.`,
      { file: FILES.manifest, found, expected },
    );
  }
  const manifest = parseManifest(bytes);
  if (cache) {
    void requestPersistentStorage();
    try {
      await writeRecord(cache.store, source.name, manifest, found);
    } catch (error) {
      cache.failure = String(error);
    }
  }
  return manifest;
}

/** The files that the configuration names must be in the manifest, with the sizes that it gives. */
function expectFiles(config: CheckpointConfig, manifest: Manifest): void {
  findFile(manifest, FILES.tokenizer);
  for (const name of ['vision', 'audio'] as const) {
    const tower = config[name]?.tower;
    if (!tower) continue;
    const { bytes } = findFile(manifest, tower.file);
    if (bytes !== tower.bytes) {
      throw new CheckpointFormatError(
        FILES.config,
        `${name}.tower.bytes: ${tower.bytes}, but ${FILES.manifest} says that ${tower.file} has ${bytes}.`,
      );
    }
  }
  for (const path of config.adapters.flatMap(adapterPaths)) findFile(manifest, path);
}
