import type { Ceiling } from '@uni-moe-web/kernels/bench';
import type { ModelResult } from './bench-report.ts';
import { compareDecoders } from './decoder-peers/compare-decoders.ts';
import type { DecoderPeerRuntime } from './decoder-peers/decoder-peer.ts';
import { messageOf } from '../message-of.ts';
import { activeBytes, wantedModels, type BenchModel } from './model-shapes.ts';
import { checkModel } from './models/check-model.ts';
import { openModel, type OpenModel } from './models/open-model.ts';
import { timeDecode } from './models/time-decode.ts';
import { timeGrowth } from './models/time-growth.ts';
import { timeLora } from './models/time-lora.ts';
import { timePrefill } from './models/time-prefill.ts';
import { timeTuning } from './models/time-tuning.ts';
import type { RunOptions } from './options.ts';

const FULL = { rounds: 7, runs: 3, prefillMs: 60_000, decodeMs: 60_000, growthMs: 240_000, peerMs: 60_000 };
const QUICK = { rounds: 3, runs: 1, prefillMs: 12_000, decodeMs: 10_000, growthMs: 30_000, peerMs: 10_000 };
/** A model whose step would take longer, judged by the one before, runs only when `--shape` names it. */
const LONGEST_STEP_MS = 6000;

export interface ModelEnvironment {
  readonly ceiling: Ceiling;
  /** Origin that serves the synthetic checkpoints; see serve-models.ts. */
  readonly checkpoints: string;
  readonly peers: readonly DecoderPeerRuntime[];
  readonly done: (result: ModelResult) => void;
}

/** Measures whole decoders with random weights, each with and without adapters, and beside other runtimes. */
export async function runModels(
  options: RunOptions,
  environment: ModelEnvironment,
): Promise<{ models: ModelResult[]; skipped: string[]; failed: string[] }> {
  const models: ModelResult[] = [];
  const skipped: string[] = [];
  const failed: string[] = [];
  const named = options.shapes.length > 0;
  let msPerByte = 0;
  for (const model of wantedModels(options)) {
    if (options.quick && !named && !model.quick) {
      skipped.push(`model ${model.name} (not in --quick)`);
      continue;
    }
    const expectedMs = msPerByte * activeBytes(model.decoder);
    if (!named && expectedMs > LONGEST_STEP_MS) {
      skipped.push(
        `model ${model.name} (about ${(expectedMs / 1000).toFixed(0)} s per token; --shape "${model.name}" runs it)`,
      );
      continue;
    }
    try {
      const result = await runModel(model, options, environment, {
        skip: (cell) => skipped.push(`model ${model.name}: ${cell}`),
        fail: (cell) => failed.push(`model ${model.name}: ${cell}`),
      });
      const [step] = result.decode;
      if (step) msPerByte = step.stepMs.median / result.activeBytes;
      models.push(result);
      environment.done(result);
    } catch (error) {
      failed.push(`model ${model.name} (${messageOf(error)})`);
    }
  }
  return { models, skipped, failed };
}

async function runModel(
  model: BenchModel,
  options: RunOptions,
  { ceiling, checkpoints, peers }: ModelEnvironment,
  { skip, fail }: { skip: (cell: string) => void; fail: (cell: string) => void },
): Promise<ModelResult> {
  const { rounds, runs, prefillMs, decodeMs, growthMs, peerMs } = options.quick ? QUICK : FULL;
  const started = performance.now();
  const plain = await openModel(`${checkpoints}/synthetic/${model.path}/`, options);
  try {
    const loadMs = performance.now() - started;
    const { name, description, decoder } = model;
    const check = await checkModel(plain);
    const described = {
      name,
      description,
      layers: decoder.num_hidden_layers,
      loadMs,
      activeBytes: activeBytes(decoder),
      check,
    };
    if (check.verdict === 'wrong') return { ...described, prefill: [], decode: [], peers: [] };
    const prefill = await timePrefill(plain, { runs, budgetMs: prefillMs }, skip);
    const timing = { rounds, budgetMs: decodeMs };
    const decode = await timeDecode(plain, model, ceiling, timing);
    const growth = await timeGrowth(plain, model, growthMs);
    if (!growth) skip(`growth with the context (too few steps in ${growthMs / 1000} s)`);
    const tuning = await timeTuning(plain, timing).catch((error: unknown) => {
      fail(`tuning (${messageOf(error)})`);
      return undefined;
    });
    const lora = await measureLora(model, plain, options, checkpoints, timing, fail);
    return {
      ...described,
      prefill,
      decode,
      ...(growth ? { growth } : {}),
      ...(lora ? { lora } : {}),
      ...(tuning ? { tuning } : {}),
      peers: await compareDecoders(plain, name, peers, { rounds, budgetMs: peerMs }, skip),
    };
  } finally {
    await plain.dispose();
  }
}

async function measureLora(
  { path, loraRank }: BenchModel,
  plain: OpenModel,
  options: RunOptions,
  checkpoints: string,
  timing: Parameters<typeof timeLora>[3],
  fail: (cell: string) => void,
): Promise<ModelResult['lora']> {
  let adapted: OpenModel | undefined;
  try {
    adapted = await openModel(`${checkpoints}/synthetic/${path}-lora/`, options);
    return await timeLora(plain, adapted, loraRank, timing);
  } catch (error) {
    fail(`LoRA (${messageOf(error)})`);
    return undefined;
  } finally {
    await adapted?.dispose();
  }
}
