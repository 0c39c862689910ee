import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandList } from '../gpu/command-list.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { TiledKernel, Tuning } from '../gpu/tuning.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tuningOf, type Candidate } from './candidate.ts';
import { tune, type TuningSubject } from './tune.ts';

interface Device {
  /** How long a pass takes. */
  costMs(tuning: Tuning, tokens: number): number;
  /** What a pass computes from 1; not a number where it fails to. */
  result?(tuning: Tuning): number | undefined;
  /** Message of a shader that the device refuses. */
  refusal?(tuning: Tuning): string | undefined;
}

/** A GPU whose clock runs with what is submitted, and a subject on it whose passes double their seed. */
function onDevice({ costMs, result, refusal }: Device): {
  gpu: Gpu;
  subject: TuningSubject;
} {
  let left = new Float32Array(1);
  let message: string | undefined;
  const gpu = {
    tuning: {} as Tuning,
    capabilities: { subgroups: false, subgroupMinSize: 1, subgroupMaxSize: 1 },
    device: {
      queue: { onSubmittedWorkDone: async () => undefined },
      pushErrorScope: () => (message = undefined),
      popErrorScope: async () => {
        const error = message === undefined ? null : { message };
        message = undefined;
        return error;
      },
    },
    read: async () => left.buffer,
  } as unknown as Gpu;
  const subject: TuningSubject = {
    experts: 4,
    topK: 2,
    maxTokens: 512,
    record(tokens, seed) {
      const { tuning } = gpu;
      return {
        gpu,
        dispose: () => undefined,
        submit() {
          vi.advanceTimersByTime(costMs(tuning, tokens));
          message = refusal?.(tuning);
          const factor = message === undefined ? (result ?? (() => 2))(tuning) : undefined;
          if (factor !== undefined) left = Float32Array.of(factor * seed);
        },
      } as unknown as CommandList;
    },
    output: () => ({ shape: [1, 1] }) as unknown as Tensor,
  };
  return { gpu, subject };
}

const kernel = (name: string): TiledKernel => ({ name, source: '', template: {}, formats: ['q4'] });
const candidate = (name: string): Candidate => ({ name, linear: kernel(name), tolerance: 0.01 });

/** Per token, a row costs 1; grouped, an expert costs 10 and a row 0.1. */
const groupedAt = (tuning: Tuning, tokens: number): number => {
  const rows = tokens / 2;
  return rows < (tuning.groupedRows ?? 16) ? rows : 10 + rows / 10;
};

describe('tune', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('finds the rows per expert from which grouping wins', async () => {
    const { gpu, subject } = onDevice({ costMs: groupedAt });
    const report = await tune(gpu, subject, { candidates: [], budgetMs: 1e6 });
    // 10 + rows / 10 < rows above 11.1: 12 is the first step there.
    expect(report).toMatchObject({ groupedRows: 12, rejected: [] });
    expect(report.kernels).toBeUndefined();
    expect(gpu.tuning).toEqual({ groupedRows: 12 });
    expect(report.measured.length).toBeLessThanOrEqual(4);
  });

  test('a device where grouping never wins, or always, or nothing can be grouped', async () => {
    const never = onDevice({ costMs: ({ groupedRows = 16 }) => (groupedRows === 0 ? 9 : 5) });
    expect(await tune(never.gpu, never.subject, { candidates: [], budgetMs: 1e6 })).toMatchObject({
      groupedRows: 128,
    });
    const always = onDevice({ costMs: ({ groupedRows = 16 }) => (groupedRows === 0 ? 5 : 9) });
    expect(await tune(always.gpu, always.subject, { candidates: [], budgetMs: 1e6 })).toMatchObject({
      groupedRows: 1,
    });
    const dense = onDevice({ costMs: () => 5 });
    const report = await tune(dense.gpu, { ...dense.subject, experts: 0 }, { candidates: [] });
    expect(report.measured).toEqual([]);
    expect(dense.gpu.tuning).toEqual({});
  });

  test('the fastest right candidate is taken, a slightly faster one is not', async () => {
    const costs: Record<string, number> = { slow: 12, same: 9.8, fast: 5, faster: 4 };
    const candidates = Object.keys(costs).map(candidate);
    const { gpu, subject } = onDevice({ costMs: ({ linear }) => costs[linear?.name ?? ''] ?? 10 });
    const dense = { ...subject, experts: 0 };
    expect(await tune(gpu, dense, { candidates, budgetMs: 1e6 })).toMatchObject({
      kernels: 'faster',
      rejected: [],
    });
    expect(gpu.tuning.linear?.name).toBe('faster');
    const few = candidates.slice(0, 2);
    expect((await tune(gpu, dense, { candidates: few, budgetMs: 1e6 })).kernels).toBeUndefined();
    expect(gpu.tuning).toEqual({});
  });

  test('a candidate that is wrong, writes nothing or does not compile is rejected with the reason', async () => {
    const candidates = ['wrong', 'idle', 'NaN', 'refused'].map(candidate);
    const { gpu, subject } = onDevice({
      costMs: ({ linear }) => (linear ? 1 : 10),
      result: ({ linear }) =>
        ({ wrong: 2.1, idle: undefined, NaN: NaN })[linear?.name ?? ''] ??
        (linear?.name === 'idle' ? undefined : 2),
      refusal: ({ linear }) => (linear?.name === 'refused' ? 'unresolved value' : undefined),
    });
    const report = await tune(gpu, { ...subject, experts: 0 }, { candidates, budgetMs: 1e6 });
    expect(report.kernels).toBeUndefined();
    expect(report.rejected).toEqual([
      { what: 'wrong', reason: 'its result is 5.0e-2 off, allowed 0.01' },
      { what: 'idle', reason: 'its result is 1.0e+0 off, allowed 0.01' },
      { what: 'NaN', reason: 'its result is Infinity off, allowed 0.01' },
      { what: 'refused', reason: 'unresolved value' },
    ]);
    expect(gpu.tuning).toEqual({});
  });

  test('no comparison begins when the budget is spent, and what is known by then decides', async () => {
    const late = [candidate('first'), candidate('late')];
    const dear = onDevice({ costMs: ({ linear }) => (linear ? 60 : 100) });
    const report = await tune(dear.gpu, dear.subject, { candidates: late, budgetMs: 1 });
    expect(report).toMatchObject({ kernels: 'first', measured: [{ what: 'first', ratio: 0.6 }] });
    expect(report.groupedRows).toBeUndefined();

    // Grouping wins at 16 rows per expert, where the built-in choice has it begin: nothing speaks against that.
    const { gpu, subject } = onDevice({ costMs: groupedAt });
    const agreeing = await tune(gpu, subject, { candidates: [], budgetMs: 1 });
    expect(agreeing.measured).toHaveLength(1);
    expect(agreeing.groupedRows).toBeUndefined();
    // On a device where it loses there, the next step is the least that can be right.
    const never = onDevice({ costMs: ({ groupedRows = 16 }) => (groupedRows === 0 ? 9 : 5) });
    expect(await tune(never.gpu, never.subject, { candidates: [], budgetMs: 1 })).toMatchObject({
      groupedRows: 24,
    });
  });

  test('an error leaves the tuning as it was', async () => {
    const { gpu, subject } = onDevice({ costMs: () => 5 });
    gpu.tuning = { groupedRows: 7 };
    const failing = {
      ...subject,
      record() {
        throw new Error('no room');
      },
    };
    await expect(tune(gpu, failing, { candidates: [] })).rejects.toThrow('no room');
    expect(gpu.tuning).toEqual({ groupedRows: 7 });
  });

  test('a stored candidate that there no longer is leaves the built-in kernels', () => {
    expect(tuningOf({ kernels: 'gone', groupedRows: 8 }, [candidate('other')])).toEqual({ groupedRows: 8 });
  });
});
