import type { Gpu } from '@uni-moe-web/kernels';
import {
  tune,
  tuningCandidates,
  tuningOf,
  type Candidate,
  type TuningChoice,
  type TuningMode,
} from '@uni-moe-web/kernels/tuning';
import * as v from 'valibot';
import { sha256Hex } from '../checkpoint/integrity.ts';
import { TUNING_FOLDER, type PieceStore } from '../checkpoint/stores/piece-store.ts';
import type { Decoder } from '../decoder/decoder.ts';
import type { EngineTuning } from './engine.ts';

/** Part of the key of what is kept: raise it when kernels change so much that older measurements mislead. */
const REVISION = 1;

const choiceSchema = v.object({
  kernels: v.optional(v.string()),
  groupedRows: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

/**
 * Chooses kernels for a decoder on its device, by measuring or as measured on an earlier visit. It may run before the first
 * prompt only, since it writes into the cache and the scratch tensors.
 */
export async function tuneDecoder(
  decoder: Decoder,
  mode: TuningMode,
  store: PieceStore | undefined,
): Promise<EngineTuning> {
  const { gpu } = decoder;
  const candidates = tuningCandidates(gpu.capabilities, mode);
  const name = await storedName(gpu, decoder, candidates);
  const kept = await readChoice(store, name);
  if (kept) {
    gpu.tuning = tuningOf(kept, candidates);
    return { ...kept, kept: true };
  }
  // A kernel that takes the device down with it is not tried again.
  await writeChoice(store, name, {});
  const { kernels, groupedRows, ...report } = await tune(gpu, subject(decoder), { candidates });
  const choice: TuningChoice = { kernels, groupedRows };
  await writeChoice(store, name, choice);
  return { ...choice, kept: false, report };
}

/** The first layer with experts, or the first of all, over random tokens. */
function subject(decoder: Decoder): Parameters<typeof tune>[1] {
  const { shape, workspace } = decoder;
  const layer = Math.max(0, shape.isMoe.indexOf(true));
  return {
    experts: shape.isMoe[layer] ? shape.numExperts : 0,
    topK: shape.topK,
    maxTokens: workspace.ids.shape[0]!,
    record: (tokens, seed) => decoder.recordLayer(randomIds(tokens, seed, shape.vocabSize), layer),
    output: (tokens) => ({ ...workspace.hidden, shape: [tokens, shape.hiddenSize] }),
  };
}

/** Distinct enough for experts to get about equally many; the constant is Knuth's for multiplicative hashing. */
function randomIds(tokens: number, seed: number, vocabSize: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(
    { length: tokens },
    (_, i) => (Math.imul(i + seed * 1000, 2654435761) >>> 0) % vocabSize,
  );
}

/** A choice holds for a device, a model's shape and types, and what there was to choose from. */
function storedName(
  gpu: Gpu,
  { shape, workspace, lora }: Decoder,
  candidates: readonly Candidate[],
): Promise<string> {
  const { vendor, architecture, device, description } = gpu.device.adapterInfo;
  const facts = [
    REVISION,
    { vendor, architecture, device, description },
    gpu.capabilities,
    shape,
    workspace.qkv.dtype,
    lora?.rank ?? 0,
    candidates.map(({ name }) => name),
  ];
  return sha256Hex(new TextEncoder().encode(JSON.stringify(facts)));
}

async function readChoice(store: PieceStore | undefined, name: string): Promise<TuningChoice | undefined> {
  try {
    const bytes = await store?.read(TUNING_FOLDER, name);
    return bytes && v.parse(choiceSchema, JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // What cannot be read is measured again.
    return undefined;
  }
}

async function writeChoice(store: PieceStore | undefined, name: string, choice: TuningChoice): Promise<void> {
  try {
    await store?.write(TUNING_FOLDER, name, new TextEncoder().encode(JSON.stringify(choice)));
  } catch {
    // Without room or storage, the next visit measures again.
  }
}
