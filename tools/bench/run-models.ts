import type { CommandList } from '@uni-moe-web/kernels';
import {
  observeGpu,
  pairedRatio,
  readTimestamps,
  roundOrder,
  summarize,
  type Ceiling,
} from '@uni-moe-web/kernels/bench';
import { loadModel, Sampler, type LoadedModel } from '@uni-moe-web/runtime/inspect';
import type { DecodeResult, ModelResult } from './bench-report.ts';
import { activeBytes, benchModels, cacheBytes, type BenchModel } from './model-shapes.ts';
import type { RunOptions } from './options.ts';

const CONTEXTS = [16, 512, 2048];
const PREFILLS = [32, 128, 512];
const CAPACITY = 2112;
/** A prompt that would take longer is left out, three runs of it included. */
const LONGEST_PREFILL_MS = 25_000;
/** Steps submitted before waiting: enough for a sample of this length, within bounds. */
const SAMPLE_MS = 250;
const MIN_STEPS = 4;
const MAX_STEPS = 32;
const GREEDY = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  seed: 0,
  topLogprobs: -1,
};

/** Measures whole decoders with random weights, each with and without adapters. */
export async function runModels(
  ceiling: Ceiling,
  options: RunOptions,
  checkpoints: string,
  done: (result: ModelResult) => void,
): Promise<ModelResult[]> {
  if (options.ops.length > 0 && !options.ops.includes('model')) return [];
  const chosen = benchModels.filter(
    ({ name, quick }) =>
      (quick || !options.quick || options.shapes.length > 0) &&
      (options.shapes.length === 0 || options.shapes.some((text) => name.includes(text))),
  );
  const results: ModelResult[] = [];
  for (const model of chosen) {
    const result = await runModel(model, ceiling, options, checkpoints);
    results.push(result);
    done(result);
  }
  return results;
}

async function runModel(
  model: BenchModel,
  ceiling: Ceiling,
  options: RunOptions,
  checkpoints: string,
): Promise<ModelResult> {
  const rounds = options.quick ? 3 : 7;
  const started = performance.now();
  const plain = await open(`${checkpoints}/synthetic/${model.name}/`, options);
  const loadMs = performance.now() - started;
  try {
    const prefill = await timePrefill(plain, options.quick ? 1 : 3);
    const decode: DecodeResult[] = [];
    for (const context of CONTEXTS) decode.push(await timeDecode(plain, context, rounds, model, ceiling));
    const adapted = await open(`${checkpoints}/synthetic/${model.name}-lora/`, options);
    try {
      const ratio = await timeLora(plain, adapted, rounds);
      return {
        name: model.name,
        description: model.description,
        loadMs,
        activeBytes: activeBytes(model.decoder),
        prefill,
        decode,
        lora: { rank: model.loraRank, context: LORA_CONTEXT, ratio },
      };
    } finally {
      await adapted.dispose();
    }
  } finally {
    await plain.dispose();
  }
}

interface OpenModel extends LoadedModel {
  readonly sampler: Sampler;
  readonly step: CommandList;
}

async function open(url: string, { without }: RunOptions): Promise<OpenModel> {
  const loaded = await loadModel(url, {
    cache: 'none',
    contextLength: CAPACITY,
    gpu: { without },
  });
  const sampler = new Sampler(loaded.gpu, loaded.decoder.shape.vocabSize);
  sampler.begin(GREEDY, [], new Map());
  const step = loaded.decoder.recordStep((list, tensors) => sampler.record(list, tensors, false));
  return {
    ...loaded,
    sampler,
    step,
    async dispose() {
      step.dispose();
      sampler.dispose();
      await loaded.dispose();
    },
  };
}

async function timePrefill(model: OpenModel, runs: number): Promise<ModelResult['prefill']> {
  const results: { tokens: number; ms: ReturnType<typeof summarize>; submits: number }[] = [];
  let msPerToken = 0;
  for (const tokens of PREFILLS) {
    if (msPerToken * tokens * (runs + 1) > LONGEST_PREFILL_MS) break;
    const times: number[] = [];
    let submits = 0;
    // The first run compiles pipelines.
    for (let run = 0; run <= runs; run++) {
      const ids = Uint32Array.from({ length: tokens }, (_, i) => 3 + ((i * 7919 + run) % 250));
      const prefill = (): Promise<void> =>
        model.decoder.prefill({ ids, spans: [] }, 0, {
          sampler: (list, step) => model.sampler.record(list, step, false),
        });
      if (run === 0) {
        ({ submits } = await observeGpu(model.gpu.device, prefill));
        continue;
      }
      const start = performance.now();
      await prefill();
      await model.gpu.device.queue.onSubmittedWorkDone();
      times.push(performance.now() - start);
    }
    const ms = summarize(times);
    msPerToken = ms.median / tokens;
    results.push({ tokens, ms, submits });
  }
  return results;
}

interface StepSample {
  readonly stepMs: number;
  readonly encodeMs: number;
}

/** Some steps in a row from a context of the given length, as a token runner keeps the GPU busy. */
async function sampleSteps(
  { decoder, gpu, step }: OpenModel,
  context: number,
  steps: number,
): Promise<StepSample> {
  decoder.cache.truncate(context);
  await gpu.device.queue.onSubmittedWorkDone();
  const start = performance.now();
  for (let i = 0; i < steps; i++) step.submit();
  const submitted = performance.now();
  await gpu.device.queue.onSubmittedWorkDone();
  return { stepMs: (performance.now() - start) / steps, encodeMs: (submitted - start) / steps };
}

/** Steps of a sample, after warming up. */
async function chooseSteps(model: OpenModel, context: number): Promise<number> {
  await sampleSteps(model, context, MIN_STEPS);
  const { stepMs } = await sampleSteps(model, context, MIN_STEPS);
  return Math.max(MIN_STEPS, Math.min(MAX_STEPS, Math.ceil(SAMPLE_MS / stepMs)));
}

async function timeDecode(
  model: OpenModel,
  context: number,
  rounds: number,
  { decoder }: BenchModel,
  ceiling: Ceiling,
): Promise<DecodeResult> {
  const steps = await chooseSteps(model, context);
  const samples: StepSample[] = [];
  for (let i = 0; i < 2 * rounds; i++) samples.push(await sampleSteps(model, context, steps));
  model.decoder.cache.truncate(context);
  const { dispatches, submits } = await observeGpu(model.gpu.device, async () => model.step.submit());
  const elementBytes = model.decoder.cache.layers[0]?.keys.dtype === 'f16' ? 2 : 4;
  const bytes = activeBytes(decoder) + cacheBytes(decoder, context, elementBytes);
  return {
    context,
    stepMs: summarize(samples.map(({ stepMs }) => stepMs)),
    encodeMs: summarize(samples.map(({ encodeMs }) => encodeMs)),
    dispatches,
    submits,
    rooflineMs: (1000 * bytes) / ceiling.copyBytesPerSecond,
    parts: await timeParts(model, context),
  };
}

/** Median milliseconds of each kernel of a step over a few steps; empty without timestamp queries. */
async function timeParts({ decoder, gpu, step }: OpenModel, context: number): Promise<DecodeResult['parts']> {
  if (!gpu.capabilities.timestamps) return [];
  const count = 2 * step.dispatchCount;
  const querySet = gpu.device.createQuerySet({ type: 'timestamp', count });
  const byLabel = new Map<string, { ms: number[]; dispatches: number }>();
  for (let run = 0; run < 5; run++) {
    decoder.cache.truncate(context);
    const timestamps = { querySet, next: 0, labels: [] as string[] };
    const encoder = gpu.device.createCommandEncoder();
    step.encode(encoder, timestamps);
    gpu.device.queue.submit([encoder.finish()]);
    const times = await readTimestamps(gpu.device, querySet, count);
    const sums = new Map<string, { ms: number; dispatches: number }>();
    timestamps.labels.forEach((label, i) => {
      const sum = sums.get(label) ?? { ms: 0, dispatches: 0 };
      sum.ms += Number(times[2 * i + 1]! - times[2 * i]!) / 1e6;
      sum.dispatches++;
      sums.set(label, sum);
    });
    for (const [label, { ms, dispatches }] of sums) {
      const entry = byLabel.get(label) ?? { ms: [], dispatches };
      entry.ms.push(ms);
      byLabel.set(label, entry);
    }
  }
  querySet.destroy();
  return [...byLabel].map(([label, { ms, dispatches }]) => ({
    label,
    ms: summarize(ms).median,
    dispatches,
  }));
}

const LORA_CONTEXT = 16;

/** Steps with and without adapters in turn. */
async function timeLora(
  plain: OpenModel,
  adapted: OpenModel,
  rounds: number,
): Promise<ReturnType<typeof pairedRatio>> {
  const models = [plain, adapted];
  const times: [number[][], number[][]] = [[], []];
  await chooseSteps(adapted, LORA_CONTEXT);
  const steps = await chooseSteps(plain, LORA_CONTEXT);
  for (let round = 0; round < rounds; round++) {
    times[0].push([]);
    times[1].push([]);
    for (const index of roundOrder(2, round)) {
      const { stepMs } = await sampleSteps(models[index]!, LORA_CONTEXT, steps);
      times[index]!.at(-1)!.push(stepMs);
    }
  }
  return pairedRatio(times[0], times[1]);
}
