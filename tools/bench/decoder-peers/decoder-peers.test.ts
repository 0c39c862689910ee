import { describe, expect, test } from 'vitest';
import type { OpenModel } from '../models/open-model.ts';
import { compareDecoders } from './compare-decoders.ts';
import type { DecoderPeer } from './decoder-peer.ts';
import { openWithFastestThreads } from './fastest-threads.ts';
import { logProbabilityError, logSoftmax, mostProbable } from './log-probabilities.ts';
import { printableIds, printableText } from './printable-ids.ts';
import { describeDevice } from './wllama.ts';

const logits = Float32Array.from({ length: 500 }, (_, i) => 3 * Math.sin(i * i));
const own = [...logSoftmax(logits)].map((value, id) => [id, value] as const);

describe('log probabilities of another runtime', () => {
  test('are probabilities', () => {
    expect(own.reduce((sum, [, value]) => sum + Math.exp(value), 0)).toBeCloseTo(1);
  });

  test('are without error for the same logits, whatever was added to all of them', () => {
    expect(logProbabilityError(logits, own)).toBeLessThan(1e-6);
    expect(
      logProbabilityError(
        logits.map((logit) => logit + 7),
        own,
      ),
    ).toBeLessThan(1e-5);
    expect(logProbabilityError(logits, own.slice(40, 50))).toBeLessThan(1e-6);
  });

  test('have an error near the noise over the spread, and above 1 for another model', () => {
    const noisy = own.map(([id, value]) => [id, value + (id % 2 === 0 ? 0.1 : -0.1)] as const);
    expect(logProbabilityError(logits, noisy)).toBeCloseTo(0.1 / (3 / Math.SQRT2), 2);
    const other = own.map(([id]) => [id, own[(id + 250) % own.length]![1]] as const);
    expect(logProbabilityError(logits, other)).toBeGreaterThan(1);
  });

  test('count as wrong where there are none, or no numbers, or unknown tokens', () => {
    expect(logProbabilityError(logits, [])).toBe(Infinity);
    expect(logProbabilityError(logits, [[0, NaN]])).toBe(Infinity);
    expect(logProbabilityError(logits, [[500, -1]])).toBe(Infinity);
  });

  test('give the most probable token', () => {
    expect(mostProbable(own)).toBe(logits.indexOf(Math.max(...logits)));
    expect(mostProbable([])).toBeUndefined();
  });
});

describe('threads of a peer', () => {
  const open = (msByThreads: Record<number, number>) => {
    const opened: number[] = [];
    const disposed: number[] = [];
    const opener = async (threads: number): Promise<DecoderPeer> => {
      opened.push(threads);
      return {
        note: String(threads),
        nextLogProbabilities: async () => [],
        prefillMs: async () => 1,
        stepMs: async () => msByThreads[threads] ?? Promise.reject(new Error(`${threads} threads failed`)),
        dispose: async () => void disposed.push(threads),
      };
    };
    return { opened, disposed, opener };
  };

  test('are all cores where that pays', async () => {
    const { opened, disposed, opener } = open({ 1: 10, 4: 3 });
    expect((await openWithFastestThreads(4, opener)).note).toBe('4');
    expect([opened, disposed]).toEqual([[1, 4], [1]]);
  });

  test('are one where cores only wait for each other, and nothing else stays open', async () => {
    const { opened, disposed, opener } = open({ 1: 10, 4: 9 });
    expect((await openWithFastestThreads(4, opener)).note).toBe('1');
    expect([opened, disposed]).toEqual([
      [1, 4, 1],
      [1, 4],
    ]);
  });

  test('leave no peer open whose trial fails', async () => {
    const first = open({ 4: 3 });
    await expect(openWithFastestThreads(4, first.opener)).rejects.toThrow('1 threads failed');
    expect(first.disposed).toEqual([1]);
    const second = open({ 1: 10 });
    await expect(openWithFastestThreads(4, second.opener)).rejects.toThrow('4 threads failed');
    expect(second.disposed).toEqual([1, 4]);
  });

  test('need no trial on one core', async () => {
    const { opened, opener } = open({ 1: 10 });
    await openWithFastestThreads(1, opener);
    expect(opened).toEqual([1]);
  });
});

describe('peers that fail', () => {
  const lost = () => Promise.reject(new Error('connection lost'));
  const broken: DecoderPeer = {
    note: 'on the CPU',
    nextLogProbabilities: lost,
    prefillMs: lost,
    stepMs: lost,
    dispose: lost,
  };

  test('are reported, those that do not end too, and the next one has its turn', async () => {
    const model = {
      decoder: { cache: { truncate: () => undefined }, prefill: lost },
    } as unknown as OpenModel;
    const skipped: string[] = [];
    const runtimes = [
      { name: 'first', open: async () => broken },
      { name: 'second', open: () => Promise.reject(new Error('no binary')) },
    ];
    const results = await compareDecoders(model, 'tiny', runtimes, { rounds: 1, budgetMs: 1 }, (cell) =>
      skipped.push(cell),
    );
    expect(results.map(({ name, verdict, reason }) => `${name} ${verdict}: ${reason}`)).toEqual([
      'first failed: connection lost',
      'second failed: no binary',
    ]);
    expect(skipped).toEqual(['first, which did not end (connection lost)']);
  });
});

describe('where wllama computes', () => {
  test('is where its log puts most of the weights', () => {
    const cpu = 'load_tensors:          CPU model buffer size =    12.34 MiB';
    const gpu = 'load_tensors:       WebGPU model buffer size =  1200.00 MiB';
    expect(describeDevice([cpu], 2)).toBe('wasm on the CPU, 2 threads');
    expect(describeDevice(['@@INFO@@something', cpu, gpu], 2)).toBe('on WebGPU');
    expect(describeDevice([], 1)).toBe('device unknown, 1 thread');
  });
});

describe('prompts that text can hold', () => {
  test('ids and characters correspond, and variants differ in their first id', () => {
    expect(printableText([3 + 65, 3 + 126])).toBe('A~');
    const firsts = [0, 1, 2, 3].map((variant) => printableIds(40, variant)[0]);
    expect(new Set(firsts).size).toBe(4);
    expect(printableText(printableIds(500, 7))).toMatch(/^[!-~]{500}$/);
  });

  test('other ids are refused', () => {
    expect(() => printableText([3 + 32])).toThrow('id 35 is no printable character');
    expect(() => printableText([3 + 127])).toThrow('id 130 is no printable character');
  });
});
