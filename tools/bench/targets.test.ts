import type { CaseResult } from '@uni-moe-web/kernels/bench';
import { describe, expect, test } from 'vitest';
import type { Estimate } from './bench-report.ts';
import { targetRows } from './targets.ts';
import { sampleCase, sampleContender, sampleEstimate, sampleReport } from './testing/sample-report.ts';

const SHAPE = 'q4 1 x 2048 -> 2048';

/** Our matvec beside `MatMulNBits` at a ratio. */
function reportWith(ratio: number, verdict: 'exact' | 'wrong' = 'exact') {
  const result = sampleCase('linear', SHAPE, 2);
  const peer = { ...sampleContender('ORT MatMulNBits', 2 * ratio, ratio), verdict };
  const wrong = { name: peer.name, verdict, reason: 'relative error 3.0e-1' };
  return sampleReport([
    { ...result, contenders: [result.contenders[0]!, verdict === 'wrong' ? wrong : peer] },
  ]);
}

function rowOf(report: ReturnType<typeof sampleReport>, what: string) {
  return targetRows(report).find((row) => row.what.includes(what));
}

describe('targets', () => {
  test('a ratio is held against the target of the kind of adapter', () => {
    expect(rowOf(reportWith(2.1), SHAPE)).toEqual({
      what: `linear ${SHAPE}`,
      target: '>= 2 x ORT MatMulNBits',
      measured: '2.10 (1.89-2.31) x',
      verdict: 'met',
    });
    expect(rowOf(reportWith(1.9), SHAPE)).toMatchObject({ verdict: 'missed' });
    const gpu = reportWith(1.9);
    const onGpu = { ...gpu, adapter: { ...gpu.adapter, isFallback: false } };
    expect(rowOf(onGpu, SHAPE)).toMatchObject({ target: '>= 1.2 x ORT MatMulNBits', verdict: 'met' });
  });

  test('what was not measured, or whose peer is wrong, stays open', () => {
    expect(rowOf(reportWith(3), '4096 -> 11008')).toMatchObject({
      measured: 'not measured',
      verdict: 'open',
    });
    expect(rowOf(reportWith(3, 'wrong'), SHAPE)).toMatchObject({
      measured: 'the peer is wrong',
      verdict: 'open',
    });
  });

  test('of two variants of a peer the faster counts, and the other where it is wrong', () => {
    const shape = '256 new after 0, 16 x 64';
    const [own] = sampleCase('attention-prefill', shape, 2).contenders;
    const plain = sampleContender('ORT GroupQueryAttention', 3, 1.5);
    const variant = sampleContender('ORT GroupQueryAttention, without subgroups', 4, 2);
    const wrong = { name: plain.name, verdict: 'wrong', reason: 'relative error 3.0e-1' } as const;
    const measured = (...peers: CaseResult['contenders']) => {
      const result = { ...sampleCase('attention-prefill', shape, 2), contenders: [own!, ...peers] };
      return rowOf(sampleReport([result]), shape)!.measured;
    };
    expect(measured(plain, variant)).toBe('1.50 (1.35-1.65) x');
    expect(measured(wrong, variant)).toBe('2.00 (1.80-2.20) x, without subgroups');
    expect(measured(wrong, { ...wrong, name: variant.name })).toBe('the peer is wrong');
  });

  test('stays open where ours is wrong, less precise, or too fast to be true', () => {
    const [result] = reportWith(3).cases;
    const [own, peer] = result!.contenders;
    const { timing: ownTiming, ...untimed } = own!;
    const { wallRatio: _, passRatio: __, ...alone } = peer!.timing!;
    const withOwn = (contenders: CaseResult['contenders']) =>
      rowOf(sampleReport([{ ...result!, contenders }]), SHAPE);
    expect(
      withOwn([
        { ...untimed, verdict: 'wrong' },
        { name: peer!.name, verdict: 'exact' },
      ]),
    ).toMatchObject({
      measured: 'ours is wrong',
      verdict: 'open',
    });
    expect(withOwn([{ ...untimed, verdict: 'coarse', timing: ownTiming! }, peer!])).toMatchObject({
      measured: 'ours is coarse',
      verdict: 'open',
    });
    expect(
      withOwn([
        { ...untimed, verdict: 'refused' },
        { ...peer!, timing: alone },
      ]),
    ).toMatchObject({
      measured: 'ours is refused',
      verdict: 'open',
    });
  });

  test('LoRA that is wrong has no verdict', () => {
    const report = sampleReport();
    const [model] = report.models;
    const lora = {
      rank: 16,
      context: 16,
      dispatches: 60,
      verdict: 'wrong' as const,
      reason: 'it changes nothing',
    };
    expect(rowOf({ ...report, models: [{ ...model!, lora }] }, 'LoRA')).toMatchObject({
      measured: 'LoRA is wrong',
      verdict: 'open',
    });
  });

  test('LoRA and dispatches of a decoder', () => {
    const report = sampleReport();
    expect(rowOf(report, 'LoRA')).toMatchObject({ target: '<= 1.1 x', verdict: 'met' });
    expect(rowOf(report, 'dispatches')).toMatchObject({ measured: '3.00', verdict: 'met' });
  });

  test('attention explains the growth with the context only if the whole interval says so', () => {
    const report = sampleReport();
    const [model] = report.models;
    const growth = model!.growth!;
    const verdictOf = (share?: Estimate, wallMs = growth.wallMs) => {
      const { share: _, ...timed } = growth.timed!;
      const changed = { ...growth, wallMs, timed: { ...timed, ...(share ? { share } : {}) } };
      return rowOf({ ...report, models: [{ ...model!, growth: changed }] }, 'against 16')?.verdict;
    };
    expect(rowOf(report, 'against 16')).toEqual({
      what: 'tiny: decode at 512 against 16',
      target: 'attention explains the difference within 15 %',
      measured:
        'step +1.00 [0.970 to 1.03] ms, attention +0.950 [0.940 to 0.960] ms, share 0.950 [0.910 to 0.990]; by the wall clock +1.02 [0.970 to 1.07] ms',
      verdict: 'met',
    });
    expect(verdictOf(sampleEstimate(0.95, 0.2))).toBe('open');
    expect(verdictOf()).toBe('open');
    expect(verdictOf(sampleEstimate(0.7, 0.1))).toBe('missed');
    expect(verdictOf(sampleEstimate(1.3, 0.1))).toBe('missed');
    expect(verdictOf(sampleEstimate(0.95, 0.04), sampleEstimate(1.5, 0.1))).toBe('missed');
    expect(verdictOf(sampleEstimate(0.95, 0.04), sampleEstimate(0.6, 0.1))).toBe('missed');
    expect(verdictOf(sampleEstimate(0.95, 0.04), sampleEstimate(1.5, 0.9))).toBe('met');
    const { timed: __, ...untimed } = growth;
    expect(rowOf({ ...report, models: [{ ...model!, growth: untimed }] }, 'against 16')).toBeUndefined();
  });

  test('only a GPU is asked to reach its roofline', () => {
    const report = sampleReport();
    expect(rowOf(report, 'copy bandwidth')).toBeUndefined();
    const onGpu = { ...report, adapter: { ...report.adapter, isFallback: false } };
    expect(rowOf(onGpu, 'copy bandwidth')).toMatchObject({ measured: '8.06 x', verdict: 'missed' });
  });
});
