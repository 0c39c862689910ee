import { describe, expect, test } from 'vitest';
import { CommandList, requestGpu, type Gpu } from '../src/index.ts';
import { rmsNormBenches } from '../src/ops/rms-norm/rms-norm.bench.ts';
import type { BenchCase, BenchInput } from './bench-case.ts';
import { ownContender } from './contender.ts';
import { observeGpu } from './observe-gpu.ts';
import { runCase, verdictOf, type CreatePeers, type RunCaseOptions } from './run-case.ts';

const options: RunCaseOptions = {
  ceiling: { copyBytesPerSecond: 1e12, readBytesPerSecond: 1e12, flopsPerSecond: 1e15 },
  sets: 2,
  setBytes: 1e9,
  cacheBytes: 1e9,
  seed: 3,
  rounds: 3,
  sampleMs: 1,
  // No busy machine may cut rounds off.
  budgetMs: 60_000,
};
const noPeers: CreatePeers = async () => ({ attempts: [], dispose: () => undefined });
/** A contender that is right, because it submits what we do. */
const twin: CreatePeers = async (inputs) => {
  const own = ownContender(gpu, inputs);
  return { attempts: [{ ...own, name: 'twin', onCpu: true }], dispose: () => undefined };
};
const benchCase = rmsNormBenches[0]!;
const gpu: Gpu = await requestGpu();
/** The oracle's values are not ours. */
const onePercentOff: BenchCase = {
  ...benchCase,
  prepare(device, seed) {
    const input = benchCase.prepare(device, seed);
    return { ...input, expected: () => ({ values: input.expected().values.map((value) => value * 1.01) }) };
  },
};

describe('one case of a benchmark', () => {
  test('our operation is right, timed by both clocks, and compared with itself', async () => {
    const { contenders, rooflineMs } = await runCase(gpu, benchCase, noPeers, options);
    const [own] = contenders;
    expect(own).toMatchObject({ name: 'uni-moe-web', verdict: 'exact' });
    expect(own!.timing).toMatchObject({ dispatches: 1, submits: 1, wallRatio: { median: 1 } });
    expect(own!.timing!.wallMs.count).toBe(6);
    expect(own!.timing!.wallMs.median).toBeGreaterThan(0);
    expect(rooflineMs).toBeCloseTo((benchCase.work.bytes / 1e12) * 1000);
  });

  test('a contender that writes nothing is wrong, however fast', async () => {
    const idle: CreatePeers = async (inputs) => ({
      attempts: [
        {
          name: 'idle',
          run: () => undefined,
          output: (set) => inputs[set]!.output,
          dispose: () => undefined,
        },
      ],
      dispose: () => undefined,
    });
    const { contenders } = await runCase(gpu, benchCase, idle, options);
    expect(contenders[1]).toMatchObject({
      verdict: 'wrong',
      reason: 'parts of the result were not written or are NaN',
    });
    expect(contenders[1]!.timing).toBeUndefined();
  });

  test('a contender that throws, or cannot be made, is reported and the others are timed', async () => {
    const ended: string[] = [];
    const failing: CreatePeers = async (inputs) => ({
      attempts: [
        { name: 'absent', reason: 'no such operator' },
        {
          name: 'broken',
          run: () => Promise.reject(new Error('out of order')),
          output: (set) => inputs[set]!.output,
          dispose: () => void ended.push('broken'),
        },
      ],
      dispose: () => void ended.push('all'),
    });
    const { contenders } = await runCase(gpu, benchCase, failing, options);
    expect(ended).toEqual(['broken', 'all']);
    expect(contenders.map(({ verdict }) => verdict)).toEqual(['exact', 'failed', 'failed']);
    expect(contenders[2]!.reason).toBe('out of order');
  });

  test('inputs are freed where peers cannot be made', async () => {
    const prepared: BenchInput[] = [];
    const freed: BenchInput[] = [];
    const watched: BenchCase = {
      ...benchCase,
      prepare(device, seed) {
        const input = benchCase.prepare(device, seed);
        const dispose = (): void => {
          freed.push(input);
          input.dispose();
        };
        prepared.push(input);
        return { ...input, dispose };
      },
    };
    const failing: CreatePeers = () => Promise.reject(new Error('no memory'));
    await expect(runCase(gpu, watched, failing, options)).rejects.toThrow('no memory');
    expect(freed).toEqual(prepared);
    expect(freed).toHaveLength(2);
  });

  test('a wrong result of our own is not timed, nor are others beside it', async () => {
    const right: CreatePeers = async (inputs) => {
      const { attempts, dispose } = await twin(inputs);
      return { attempts: attempts.map((attempt) => ({ ...attempt, isRounded: true })), dispose };
    };
    const { contenders } = await runCase(gpu, onePercentOff, right, options);
    expect(contenders[0]).toMatchObject({ verdict: 'wrong', reason: 'relative error 9.9e-3' });
    expect(contenders[0]!.timing).toBeUndefined();
    expect(contenders[1]).toMatchObject({ verdict: 'coarse', reason: 'not timed, ours is wrong' });
    expect(contenders[1]!.timing).toBeUndefined();
  });

  test('kernels of ours that round activations may be as coarse, and reach four times the ceiling', async () => {
    const rounded = { ...onePercentOff, isRounded: true };
    const [own] = (await runCase(gpu, rounded, noPeers, options)).contenders;
    expect(own).toMatchObject({ name: 'uni-moe-web, 8-bit activations', verdict: 'coarse' });
    expect(own!.timing!.rate.flopShare * 4e15).toBeCloseTo(own!.timing!.rate.flopsPerSecond, -3);
  });

  test('a figure above the ceiling is refused, and no ratio is taken to it', async () => {
    const ceiling = { copyBytesPerSecond: 1e12, readBytesPerSecond: 1e12, flopsPerSecond: 1 };
    const { contenders } = await runCase(gpu, benchCase, twin, { ...options, ceiling });
    const [own, peer] = contenders;
    expect(own).toMatchObject({ verdict: 'refused' });
    expect(own!.reason).toContain('GFLOP/s is more than');
    expect(own!.timing).toBeUndefined();
    expect(peer!.timing!.wallMs.median).toBeGreaterThan(0);
    expect(peer!.timing).not.toHaveProperty('wallRatio');
    expect(peer!.timing).not.toHaveProperty('passRatio');
  });

  test('errors of lower precision are coarse where they are expected, larger ones wrong', () => {
    expect([1e-7, 5e-6, 4e-3, 0.1, Infinity].map((error) => verdictOf(error, 2e-6, true))).toEqual([
      'exact',
      'exact',
      'coarse',
      'wrong',
      'wrong',
    ]);
    expect(verdictOf(5e-4, 2e-6)).toBe('coarse');
    expect(verdictOf(4e-3, 2e-6)).toBe('wrong');
  });

  test('dispatches and submits are counted, and the device is left as it was', async () => {
    const input = benchCase.prepare(gpu, 1);
    const list = new CommandList(gpu);
    input.record(list);
    input.record(list);
    const { createCommandEncoder } = gpu.device;
    const activity = await observeGpu(gpu.device, async () => {
      list.submit();
      list.submit();
    });
    expect(activity).toMatchObject({ dispatches: 4, submits: 2 });
    if (gpu.capabilities.timestamps) expect(activity.passMs).toBeGreaterThan(0);
    expect(gpu.device.createCommandEncoder).toBe(createCommandEncoder);
    list.dispose();
    input.dispose();
  });
});
