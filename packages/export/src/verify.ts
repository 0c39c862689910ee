import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackMatrix, type WeightFormat } from '@uni-moe-web/kernels/quant';
import {
  configSchema,
  FILES,
  generationConfigSchema,
  manifestSchema,
  MAX_SHARD_BYTES,
  MAX_TENSOR_BYTES,
  preprocessorConfigSchema,
  tensorIndexSchema,
  tokenizerConfigSchema,
  type Manifest,
} from '@uni-moe-web/runtime/checkpoint-format';
import { parseConfig } from './config/parse.ts';
import { ErrorMeter, type ErrorStatistics } from './error-bounds.ts';
import { ExportError, formatShape } from './errors.ts';
import type { StoredPart } from './quantize.ts';
import type { FileTensor } from './read/file-tensor.ts';
import { readJson } from './read/json.ts';
import type { SourceTensors } from './read/source-tensor.ts';
import { TensorFiles } from './read/tensor-files.ts';
import { adapterWeights } from './write/adapter.ts';
import { hashFile, listFiles } from './write/manifest.ts';
import type { StoredTensor } from './write/safetensors-writer.ts';
import { rowChunks, storedTensors, type PassHooks, type Shard } from './write/shards.ts';

/** What was stored of one decoder tensor and how far it is from its source. */
export interface TensorReport extends ErrorStatistics {
  readonly name: string;
  readonly format: WeightFormat;
  readonly bytes: number;
}

/**
 * Reads all weights back from disk and compares them with their sources.
 * @throws ExportError `VERIFY_FAILED` if a value is further off than its format explains, or a shard is not as planned.
 */
export async function verifyShards(
  folder: string,
  shards: readonly Shard[],
  hooks: PassHooks,
): Promise<TensorReport[]> {
  const reports = new Map<string, { meter: ErrorMeter; format: WeightFormat; bytes: number }>();
  for (const { file, parts } of shards) {
    const files = new TensorFiles();
    try {
      const stored = await files.read(join(folder, file));
      checkStored(stored, storedTensors(parts), file);
      for (const part of parts) {
        const { name } = part.source;
        const report = reports.get(name) ?? { meter: new ErrorMeter(), format: part.format, bytes: 0 };
        reports.set(name, report);
        report.bytes += storedTensors([part]).reduce((sum, { bytes }) => sum + bytes, 0);
        await comparePart(part, stored, report.meter, file, hooks);
      }
    } finally {
      await files.close();
    }
  }
  return [...reports].map(([name, { meter, format, bytes }]) => ({
    name,
    format,
    bytes,
    ...meter.statistics,
  }));
}

async function comparePart(
  part: StoredPart,
  stored: ReadonlyMap<string, FileTensor>,
  meter: ErrorMeter,
  file: string,
  hooks: PassHooks,
): Promise<void> {
  const { source, format, columns, rowStart } = part;
  const quants = stored.get(part.quants.name)!;
  const scales = part.scales && stored.get(part.scales.name)!;
  for (const { start, end } of rowChunks(part)) {
    hooks.signal?.throwIfAborted();
    const [from, to] = [start - rowStart, end - rowStart];
    const values = unpackMatrix({
      format,
      rows: end - start,
      columns,
      quants: await quants.readRowBytes(from, to),
      ...(scales ? { scales: await scales.readRowBytes(from, to) } : {}),
    });
    const expected = await source.tensor.readRows(start, end);
    const bad = meter.compare(expected, values, format);
    if (bad >= 0) {
      const row = start + Math.floor(bad / columns);
      throw new ExportError(
        'VERIFY_FAILED',
        `row ${row}, column ${bad % columns}: read back ${values[bad]}, source is ${expected[bad]}; ${format} does not explain the difference`,
        { file, tensor: part.quants.name },
      );
    }
    hooks.onElements(source.name, values.length);
  }
}

/** Checks that a shard holds exactly the planned tensors, and that limits hold. */
function checkStored(
  stored: ReadonlyMap<string, FileTensor>,
  planned: readonly StoredTensor[],
  file: string,
): void {
  for (const { name, dtype, shape, bytes } of planned) {
    const found = stored.get(name);
    if (
      !found ||
      found.dtype !== dtype ||
      formatShape(found.shape) !== formatShape(shape) ||
      bytes > MAX_TENSOR_BYTES
    ) {
      const actual = found ? `${found.dtype} ${formatShape(found.shape)}` : 'nothing';
      throw new ExportError('VERIFY_FAILED', `read back ${actual}, planned ${dtype} ${formatShape(shape)}`, {
        file,
        tensor: name,
      });
    }
  }
  if (stored.size !== planned.length) {
    throw new ExportError('VERIFY_FAILED', `holds ${stored.size} tensors, planned ${planned.length}`, {
      file,
    });
  }
}

/** Reads a kept adapter back; its matrices are float32 copies, so they are equal or wrong. */
export async function verifyAdapter(folder: string, adapter: string, tensors: SourceTensors): Promise<void> {
  const path = join(folder, adapterWeights(adapter));
  const files = new TensorFiles();
  try {
    const stored = await files.read(path);
    for (const [name, tensor] of tensors) {
      const [expected, values] = await Promise.all([tensor.read(), stored.get(name)?.read()]);
      if (values?.length !== expected.length || values.some((value, i) => !Object.is(value, expected[i]))) {
        throw new ExportError('VERIFY_FAILED', 'read back other values than were written', {
          file: path,
          tensor: name,
        });
      }
    }
  } finally {
    await files.close();
  }
}

/**
 * Checks the finished folder against its own manifest and the checkpoint schema.
 * @throws ExportError `VERIFY_FAILED` or `CONFIG_INVALID`.
 */
export async function verifyFolder(
  folder: string,
  towers: readonly { readonly file: string; readonly sha256: string }[],
  onBytes: (path: string, bytes: number) => void,
): Promise<Manifest> {
  const path = (name: string): string => join(folder, name);
  const parse = async <S extends Parameters<typeof parseConfig>[0]>(schema: S, name: string) =>
    parseConfig<S>(schema, await readJson(path(name)), path(name));

  const manifest = await parse(manifestSchema, FILES.manifest);
  const config = await parse(configSchema, FILES.config);
  const index = await parse(tensorIndexSchema, FILES.tensorIndex);
  await parse(preprocessorConfigSchema, FILES.preprocessorConfig);
  await parse(tokenizerConfigSchema, FILES.tokenizerConfig);
  await parse(generationConfigSchema, FILES.generationConfig);
  JSON.parse(await readFile(path(FILES.tokenizer), 'utf8'));

  const fail = (file: string, problem: string): never => {
    throw new ExportError('VERIFY_FAILED', problem, { file: path(file) });
  };
  const present = (await listFiles(folder)).map((file) => file.path);
  const listed = new Map(manifest.files.map((file) => [file.path, file]));
  if (present.join('\n') !== [...listed.keys()].join('\n'))
    fail(FILES.manifest, 'does not list the files of the folder');
  for (const file of manifest.files) {
    const actual = await hashFile(folder, file.path);
    if (actual.sha256 !== file.sha256 || actual.pieces.join() !== file.pieces.join()) {
      fail(file.path, 'changed after it was written');
    }
    const tower = towers.find((built) => built.file === file.path);
    if (tower && tower.sha256 !== file.sha256) fail(file.path, 'is not the graph that was built');
    onBytes(file.path, file.bytes);
  }
  for (const shard of new Set(Object.values(index.weight_map))) {
    const bytes = listed.get(shard)?.bytes ?? Infinity;
    if (bytes > MAX_SHARD_BYTES) fail(shard, `has ${bytes} bytes, at most ${MAX_SHARD_BYTES} are allowed`);
  }
  for (const tower of [config.vision?.tower, config.audio?.tower]) {
    if (tower && listed.get(tower.file)?.bytes !== tower.bytes)
      fail(tower.file, `is not the ${tower.bytes} bytes of config.json`);
  }
  return manifest;
}
