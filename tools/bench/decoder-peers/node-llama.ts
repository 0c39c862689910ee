import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CAPACITY } from '../model-shapes.ts';
import type { DecoderPeer, TokenLogProbability } from './decoder-peer.ts';
import { openWithFastestThreads, threadCount } from './fastest-threads.ts';
import { PEER_FOLDER } from './install.ts';
import { logSoftmax } from './log-probabilities.ts';

/** The part of node-llama-cpp that we use; it is not installed for the type checker. */
interface NodeLlama {
  getLlama(options: object): Promise<{
    loadModel(options: object): Promise<LlamaModel>;
    dispose(): Promise<void>;
  }>;
}

interface LlamaModel {
  createContext(options: object): Promise<LlamaContext>;
  dispose(): Promise<void>;
}

interface LlamaContext {
  getSequence(): LlamaSequence;
}

interface LlamaSequence {
  readonly nextTokenIndex: number;
  clearHistory(): Promise<void>;
  eraseContextTokenRanges(ranges: readonly { start: number; end: number }[]): Promise<void>;
  evaluate(ids: readonly number[], options: object): AsyncGenerator<number>;
  evaluateWithoutGeneratingNewTokens(ids: readonly number[]): Promise<void>;
  controlledEvaluate(
    items: readonly (number | readonly [number, object])[],
  ): Promise<readonly ({ next: { logits?: ReadonlyMap<number, number> } } | undefined)[]>;
}

const GREEDY = { temperature: 0, yieldEogToken: true };
const ANY_TOKEN = 3;

/** llama.cpp, native, on this machine's CPU: the yardstick of what the machine can do. */
export function openNodeLlama(ggufPath: string): Promise<DecoderPeer> {
  return openWithFastestThreads(availableParallelism(), (threads) => openWithThreads(ggufPath, threads));
}

async function openWithThreads(ggufPath: string, threads: number): Promise<DecoderPeer> {
  const require = createRequire(join(PEER_FOLDER, 'package.json'));
  const module = (await import(pathToFileURL(require.resolve('node-llama-cpp')).href)) as NodeLlama;
  const llama = await module.getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    logLevel: 'error',
    progressLogs: false,
    maxThreads: threads,
  });
  let model: LlamaModel | undefined;
  const dispose = async (): Promise<void> => {
    await model?.dispose();
    await llama.dispose();
  };
  let sequence: LlamaSequence;
  try {
    model = await llama.loadModel({ modelPath: ggufPath, gpuLayers: 0 });
    const context = await model.createContext({ contextSize: CAPACITY, batchSize: 512, threads });
    sequence = context.getSequence();
  } catch (error) {
    await dispose();
    throw error;
  }
  let cached: readonly number[] = [];

  const firstToken = async (ids: readonly number[]): Promise<void> => {
    const tokens = sequence.evaluate(ids, GREEDY);
    await tokens.next();
    await tokens.return(undefined);
  };
  const startAfresh = async (): Promise<void> => {
    cached = [];
    await sequence.clearHistory();
  };
  return {
    note: `node-llama-cpp, native on the CPU, ${threadCount(threads)}; activations rounded to 8 bits`,
    async nextLogProbabilities(ids) {
      await startAfresh();
      const last = [ids.at(-1)!, { generateNext: { logits: true } }] as const;
      const results = await sequence.controlledEvaluate([...ids.slice(0, -1), last]);
      const logits = [...(results.at(-1)?.next.logits ?? [])];
      const values = logSoftmax(Float32Array.from(logits, ([, logit]) => logit));
      return logits.map(([id], i): TokenLogProbability => [id, values[i]!]);
    },
    async prefillMs(ids) {
      await startAfresh();
      const start = performance.now();
      await firstToken(ids);
      return performance.now() - start;
    },
    async stepMs(ids, steps) {
      if (cached.length !== ids.length || cached.some((id, i) => id !== ids[i])) {
        await startAfresh();
        await sequence.evaluateWithoutGeneratingNewTokens(ids);
        cached = [...ids];
      }
      if (sequence.nextTokenIndex > ids.length)
        await sequence.eraseContextTokenRanges([{ start: ids.length, end: sequence.nextTokenIndex }]);
      const tokens = sequence.evaluate([ANY_TOKEN], GREEDY);
      const start = performance.now();
      for (let step = 0; step < steps; step++) {
        if ((await tokens.next()).done) throw new Error(`it stopped after ${step} of ${steps} steps`);
      }
      const ms = performance.now() - start;
      await tokens.return(undefined);
      return ms / steps;
    },
    dispose,
  };
}
