import { CAPACITY } from '../model-shapes.ts';
import type { DecoderPeer, TokenLogProbability } from './decoder-peer.ts';
import { openWithFastestThreads, threadCount } from './fastest-threads.ts';
import { printableText } from './printable-ids.ts';

/** The part of wllama that we use; it is not installed for the type checker. */
interface WllamaModule {
  readonly Wllama: new (paths: { default: string }, config: object) => Wllama;
}

interface Wllama {
  loadModel(blobs: readonly Blob[], options: object): Promise<void>;
  createCompletion(request: object): Promise<Completion>;
  getNumThreads(): number;
  exit(): Promise<void>;
}

interface Completion {
  readonly choices: readonly {
    readonly logprobs?: {
      readonly content?: readonly {
        readonly top_logprobs: readonly { readonly id: number; readonly logprob: number }[];
      }[];
    } | null;
  }[];
  readonly timings?: {
    readonly prompt_n: number;
    readonly prompt_ms: number;
    readonly predicted_n: number;
    readonly predicted_ms: number;
  };
}

const PACKAGE = '/bench/llama-cpp/node_modules/@wllama/wllama/esm';
const TOP = 100;
/** All of a model's weights on the GPU, where it has one that will do. */
const ALL_LAYERS = 99_999;

/** llama.cpp in this page. It falls back to the CPU without a word; its log tells where the weights went. */
export async function openWllama(ggufUrl: string): Promise<DecoderPeer> {
  const blob = await (await fetch(ggufUrl)).blob();
  return openWithFastestThreads(navigator.hardwareConcurrency, (threads) => openWithThreads(blob, threads));
}

async function openWithThreads(blob: Blob, threads: number): Promise<DecoderPeer> {
  const url = `${PACKAGE}/index.js`;
  const { Wllama } = (await import(/* @vite-ignore */ url)) as WllamaModule;
  const log: string[] = [];
  const note = (...words: unknown[]): void => void log.push(words.map(String).join(' '));
  const wllama = new Wllama(
    { default: `${PACKAGE}/wasm/wllama.wasm` },
    { logger: { debug: note, log: note, warn: note, error: note } },
  );
  try {
    await wllama.loadModel([blob], {
      n_ctx: CAPACITY,
      n_batch: 512,
      n_parallel: 1,
      n_threads: threads,
      n_gpu_layers: ALL_LAYERS,
      warmup: false,
    });
  } catch (error) {
    // Its worker would live on; what ending it says is of no use beside the cause.
    await wllama.exit().catch(() => undefined);
    throw error;
  }
  const greedy = { temperature: 0, ignore_eos: true, stream: false };
  /** Runs a request and holds the times that it reports against our clock. */
  const timed = async (request: object): Promise<NonNullable<Completion['timings']>> => {
    const start = performance.now();
    const { timings } = await wllama.createCompletion({ ...greedy, ...request });
    const wallMs = performance.now() - start;
    if (!timings) throw new Error('it reports no times');
    const claimedMs = timings.prompt_ms + timings.predicted_ms;
    if (claimedMs > 1.05 * wallMs + 1) throw new Error(`it reports ${claimedMs} ms of ${wallMs} ms`);
    return timings;
  };
  return {
    note: `${describeDevice(log, wllama.getNumThreads())}; activations rounded to 8 bits on the CPU; its own clock`,
    async nextLogProbabilities(ids) {
      const { choices } = await wllama.createCompletion({
        ...greedy,
        prompt: printableText(ids),
        max_tokens: 1,
        logprobs: TOP,
        cache_prompt: false,
      });
      const [first] = choices[0]?.logprobs?.content ?? [];
      return (first?.top_logprobs ?? []).map(({ id, logprob }): TokenLogProbability => [id, logprob]);
    },
    async prefillMs(ids) {
      const { prompt_n, prompt_ms } = await timed({
        prompt: printableText(ids),
        max_tokens: 1,
        cache_prompt: false,
      });
      if (prompt_n !== ids.length) throw new Error(`it processed ${prompt_n} of ${ids.length} tokens`);
      return prompt_ms;
    },
    async stepMs(ids, steps) {
      // The first token comes out of the prompt, whose other tokens stay cached from call to call.
      const { predicted_n, predicted_ms } = await timed({
        prompt: printableText(ids),
        max_tokens: steps + 1,
        cache_prompt: true,
      });
      if (predicted_n !== steps + 1) throw new Error(`it made ${predicted_n} of ${steps + 1} tokens`);
      return predicted_ms / steps;
    },
    dispose: () => wllama.exit(),
  };
}

/** Where the largest part of the weights is, by llama.cpp's log of its buffers. */
export function describeDevice(log: readonly string[], threads: number): string {
  const buffers = log.flatMap((line) => {
    const [, name, size] = /(\S+) model buffer size\s*=\s*([\d.]+) MiB/.exec(line) ?? [];
    return name && size ? [{ name, size: Number(size) }] : [];
  });
  const largest = buffers.toSorted((a, b) => b.size - a.size)[0];
  if (!largest) return `device unknown, ${threadCount(threads)}`;
  return /webgpu/i.test(largest.name) ? 'on WebGPU' : `wasm on the CPU, ${threadCount(threads)}`;
}
