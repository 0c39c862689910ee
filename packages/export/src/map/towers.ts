import { ExportError } from '../errors.ts';
import { buildAudioTower, buildVisionTower, type TowerOptions } from '../onnx/index.ts';
import type { JsonObject } from '../read/json.ts';
import type { SourceTensor, SourceTensors } from '../read/source-tensor.ts';
import { CLIP_DROPS, CONNECTOR_DROPS, dropReason, WHISPER_DROPS, type DropRule } from './drop-rules.ts';
import type { MappingLedger } from './ledger.ts';

/** A public encoder folder: its config.json and all tensors of its file. */
export interface EncoderFolder {
  readonly folder: string;
  readonly config: JsonObject;
  readonly tensors: SourceTensors;
}

export interface ConnectorSources {
  /** config.json of the fine-tuned folder. */
  readonly reference: JsonObject;
  /** Projectors, query vectors and aligner after precedence. */
  readonly connectors: SourceTensors;
  /** The base's own tensors: its connectors are start values of training, which a tower may do without. */
  readonly base: SourceTensors;
}

interface TowerPlan {
  readonly label: string;
  readonly build: (options: TowerOptions) => Promise<Uint8Array>;
  /** Folder named when a tensor is missing. */
  readonly folder: string;
  readonly config: JsonObject;
  readonly encoder: SourceTensors;
  readonly isConnector: (name: string) => boolean;
  /** Why an encoder tensor may stay unread, given those that were read; `undefined` if it may not. */
  readonly unusedReason: (name: string, read: ReadonlySet<string>) => string | undefined;
}

/**
 * ONNX graph of CLIP's vision half and the projector. Accounts for every tensor of the CLIP file and the projector.
 * @throws ExportError `TENSOR_SURPLUS`, or what the graph builder throws.
 */
export function exportVisionTower(
  clip: EncoderFolder,
  sources: ConnectorSources,
  ledger: MappingLedger,
): Promise<Uint8Array> {
  const plan: TowerPlan = {
    ...clip,
    label: 'vision tower',
    build: buildVisionTower,
    encoder: selectEncoder(clip.tensors, (name) => name, 'vision_model.', CLIP_DROPS, ledger),
    isConnector: (name) => name.startsWith('model.mm_projector.'),
    unusedReason: unusedClipReason,
  };
  return exportTower(plan, sources, ledger);
}

/**
 * ONNX graph of the Whisper encoder, the aligner and the audio projector. Accounts for every tensor of the Whisper file
 * and the aligner.
 * @throws ExportError `TENSOR_SURPLUS`, or what the graph builder throws.
 */
export function exportAudioTower(
  whisper: EncoderFolder,
  sources: ConnectorSources,
  ledger: MappingLedger,
): Promise<Uint8Array> {
  const stripModel = (name: string): string => name.replace(/^model\./, '');
  const plan: TowerPlan = {
    ...whisper,
    label: 'audio tower',
    build: buildAudioTower,
    encoder: selectEncoder(whisper.tensors, stripModel, 'encoder.', WHISPER_DROPS, ledger),
    isConnector: (name) => name === 'model.query_tokens' || name.startsWith('model.mm_audio_aligner.'),
    unusedReason: () => undefined,
  };
  return exportTower(plan, sources, ledger);
}

function selectEncoder(
  tensors: SourceTensors,
  rename: (name: string) => string,
  prefix: string,
  drops: readonly DropRule[],
  ledger: MappingLedger,
): Map<string, SourceTensor> {
  const selected = new Map<string, SourceTensor>();
  for (const [name, tensor] of tensors) {
    const reason = dropReason(name, drops);
    if (reason !== undefined) ledger.record(tensor, 'dropped', reason);
    else if (rename(name).startsWith(prefix)) selected.set(rename(name), tensor);
    else throw surplus(tensor);
  }
  return selected;
}

async function exportTower(
  plan: TowerPlan,
  sources: ConnectorSources,
  ledger: MappingLedger,
): Promise<Uint8Array> {
  const available = new Map(plan.encoder);
  for (const [name, tensor] of sources.connectors) {
    if (!plan.isConnector(name)) continue;
    const reason = dropReason(name, CONNECTOR_DROPS);
    if (reason !== undefined) ledger.record(tensor, 'dropped', reason);
    else available.set(name, tensor);
  }
  const read = new Set<string>();
  const observed = new Map(
    [...available].map(([name, tensor]) => [name, observeReads(tensor, () => read.add(name))]),
  );
  const graph = await buildNamingFolder(plan, {
    config: plan.config,
    reference: sources.reference,
    tensors: observed,
  });
  for (const [name, tensor] of available) {
    if (read.has(name)) {
      ledger.record(tensor, 'used', plan.label);
      continue;
    }
    const startValue =
      sources.base.get(name) === tensor ? 'start value of training, not used by this model' : undefined;
    const reason = plan.encoder.has(name) ? plan.unusedReason(name, read) : startValue;
    if (reason === undefined) throw surplus(tensor);
    ledger.record(tensor, 'dropped', reason);
  }
  return graph;
}

/** The builder does not know which folder should have supplied a missing tensor. */
async function buildNamingFolder({ build, folder }: TowerPlan, options: TowerOptions): Promise<Uint8Array> {
  try {
    return await build(options);
  } catch (error) {
    if (!(error instanceof ExportError) || error.file !== undefined) throw error;
    throw new ExportError(error.code, error.message, { file: folder, cause: error });
  }
}

function observeReads(tensor: SourceTensor, onRead: () => void): SourceTensor {
  const { name, shape, dtype, file } = tensor;
  return {
    name,
    shape,
    dtype,
    file,
    read: () => {
      onRead();
      return tensor.read();
    },
    readRows: (start, end) => {
      onRead();
      return tensor.readRows(start, end);
    },
  };
}

/** The selected hidden state is not the last one, so the layers behind it are never run. */
function unusedClipReason(name: string, read: ReadonlySet<string>): string | undefined {
  if (name.startsWith('vision_model.post_layernorm.'))
    return 'the selected hidden state lies in front of this norm';
  const lastRead = Math.max(-1, ...[...read].map(clipLayer));
  return clipLayer(name) > lastRead ? 'layer behind the selected hidden state' : undefined;
}

function clipLayer(name: string): number {
  const [, layer] = /^vision_model\.encoder\.layers\.(\d+)\./.exec(name) ?? [];
  return layer === undefined ? -1 : Number(layer);
}

function surplus({ file, name }: SourceTensor): ExportError {
  return new ExportError('TENSOR_SURPLUS', 'the model does not know this tensor', { file, tensor: name });
}
