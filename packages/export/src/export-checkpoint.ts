import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WeightFormat } from '@uni-moe-web/kernels/quant';
import { FILES, type CheckpointConfig, type Manifest } from '@uni-moe-web/runtime/checkpoint-format';
import { checkpointConfig, type BuiltTower } from './config/checkpoint-config.ts';
import { ExportError } from './errors.ts';
import { MappingLedger, type LedgerEntry } from './map/ledger.ts';
import { exportAudioTower, exportVisionTower } from './map/towers.ts';
import { mapUniMoeLlama, type UniMoeMapping } from './map/uni-moe-llama.ts';
import { planParts } from './quantize.ts';
import { readReference, type ReferenceFolders, type ReferenceSources } from './read-reference.ts';
import { TensorFiles } from './read/tensor-files.ts';
import { readSwitchableAdapters, type SwitchableAdapter } from './switchable-adapters.ts';
import { verifyAdapter, verifyFolder, verifyShards, type TensorReport } from './verify.ts';
import { ADAPTER_NAME, writeAdapter } from './write/adapter.ts';
import { listFiles, writeManifest } from './write/manifest.ts';
import { planShards, tensorIndex, writeShards, type PassHooks, type Shard } from './write/shards.ts';
import { writeInPlace } from './write/staging.ts';

export interface ExportOptions extends ReferenceFolders {
  /** Folder to create. */
  readonly out: string;
  /** Storage format of the decoder's matrices. */
  readonly quant: WeightFormat;
  /** `merge` adds LoRA to the weights, as the reference does; `keep` writes it to `adapters/default`. */
  readonly lora: 'merge' | 'keep';
  /** Folders of further adapters in peft's layout, written to `adapters/<folder name>` and off after loading. */
  readonly adapters?: readonly string[] | undefined;
  /** Shown to people by a page. */
  readonly description?: string | undefined;
  /** Whether an earlier export at `out` may be replaced. */
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

/** Phases in order. Units of `done` and `total`: towers; weights; bytes of the finished files; weights; bytes. */
export type ExportPhase = 'towers' | 'weights' | 'manifest' | 'verify-weights' | 'verify-files';

export interface ExportProgress {
  readonly phase: ExportPhase;
  readonly done: number;
  readonly total: number;
  /** Tensor or file at hand. */
  readonly item: string;
}

export interface ExportReport {
  readonly config: CheckpointConfig;
  readonly manifest: Manifest;
  /** Every decoder tensor: format, bytes, error against the reference's values. */
  readonly tensors: readonly TensorReport[];
  readonly towers: readonly BuiltTower[];
  /** What became of every source tensor. */
  readonly ledger: readonly LedgerEntry[];
  readonly elapsedMs: number;
}

/**
 * Makes a browser checkpoint of a reference checkpoint (speech family). Streams: memory stays at a few chunks of
 * weights and one tower, whatever the size of the checkpoint. The output folder appears complete and verified, or not
 * at all.
 * @throws ExportError with a code of `errors.ts`.
 */
export async function exportCheckpoint(options: ExportOptions): Promise<ExportReport> {
  const started = performance.now();
  const files = new TensorFiles();
  try {
    const ledger = new MappingLedger();
    const sources = await readReference(options, files);
    const mapping = mapUniMoeLlama(
      sources.tensors,
      sources.config,
      { lora: options.lora, tokenizerLength: sources.tokenizer.length, configFile: sources.configFile },
      ledger,
    );
    const switchable = await readSwitchableAdapters(
      options.adapters ?? [],
      files,
      sources.config,
      mapping.moeLayers,
    );
    const result = await writeInPlace(options.out, { overwrite: options.overwrite ?? false }, (folder) =>
      writeCheckpoint(folder, sources, mapping, switchable, ledger, options),
    );
    return { ...result, ledger: ledger.entries, elapsedMs: performance.now() - started };
  } catch (error) {
    if (options.signal?.aborted)
      throw new ExportError('ABORTED', 'export was aborted; nothing was written', { cause: error });
    throw error;
  } finally {
    await files.close();
  }
}

async function writeCheckpoint(
  folder: string,
  sources: ReferenceSources,
  mapping: UniMoeMapping,
  switchable: readonly SwitchableAdapter[],
  ledger: MappingLedger,
  options: ExportOptions,
): Promise<Omit<ExportReport, 'ledger' | 'elapsedMs'>> {
  const report = (phase: ExportPhase, total: number) => {
    let done = 0;
    return (item: string, amount: number): void => {
      done += amount;
      options.onProgress?.({ phase, done, total, item });
    };
  };
  const towers = await writeTowers(
    folder,
    sources,
    mapping,
    ledger,
    options,
    report('towers', countTowers(sources)),
  );

  const shards = planShards(mapping.decoder.flatMap((tensor) => planParts(tensor, options.quant)));
  const elements = countElements(shards);
  const hooks = (phase: 'weights' | 'verify-weights'): PassHooks => ({
    onElements: report(phase, elements),
    signal: options.signal,
  });
  await writeShards(folder, shards, hooks('weights'));
  const adapters = [...(mapping.adapter ? [{ name: ADAPTER_NAME, ...mapping.adapter }] : []), ...switchable];
  for (const adapter of adapters) await writeAdapter(folder, adapter.name, adapter);

  const config = checkpointConfig(sources, mapping, towers, switchable, options);
  await writeJson(folder, FILES.config, config);
  await writeJson(folder, FILES.tensorIndex, tensorIndex(shards));
  await writeJson(folder, FILES.tokenizer, sources.tokenizer.json);
  await writeJson(folder, FILES.tokenizerConfig, sources.tokenizerConfig);
  await writeJson(folder, FILES.generationConfig, sources.generationConfig);
  await writeJson(folder, FILES.preprocessorConfig, sources.preprocessorConfig);

  const written = await listFiles(folder);
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  await writeManifest(folder, written, report('manifest', bytes));
  const tensors = await verifyShards(folder, shards, hooks('verify-weights'));
  for (const { name, tensors: matrices } of adapters) await verifyAdapter(folder, name, matrices);
  const manifest = await verifyFolder(folder, towers, report('verify-files', bytes));
  return { config, manifest, tensors, towers };
}

async function writeTowers(
  folder: string,
  { vision, audio, tensors, reference }: ReferenceSources,
  { connectors }: UniMoeMapping,
  ledger: MappingLedger,
  { signal }: ExportOptions,
  onTower: (file: string, amount: number) => void,
): Promise<BuiltTower[]> {
  const sources = { reference, connectors, base: tensors.base.tensors };
  const towers: BuiltTower[] = [];
  // One at a time: a tower is the largest thing that is held in memory.
  const write = async (modality: BuiltTower['modality'], build: () => Promise<Uint8Array>): Promise<void> => {
    signal?.throwIfAborted();
    const file = `towers/${modality}.onnx`;
    const graph = await build();
    await mkdir(join(folder, 'towers'), { recursive: true });
    await writeFile(join(folder, file), graph);
    towers.push({
      modality,
      file,
      bytes: graph.length,
      sha256: createHash('sha256').update(graph).digest('hex'),
    });
    onTower(file, 1);
  };
  if (vision) await write('vision', () => exportVisionTower(vision, sources, ledger));
  if (audio) await write('audio', () => exportAudioTower(audio, sources, ledger));
  return towers;
}

function countTowers({ vision, audio }: ReferenceSources): number {
  return Number(vision !== undefined) + Number(audio !== undefined);
}

function countElements(shards: readonly Shard[]): number {
  let elements = 0;
  for (const { parts } of shards) {
    for (const { rowStart, rowEnd, columns } of parts) elements += (rowEnd - rowStart) * columns;
  }
  return elements;
}

async function writeJson(folder: string, name: string, value: object): Promise<void> {
  await writeFile(join(folder, name), `${JSON.stringify(value, null, 1)}\n`);
}
