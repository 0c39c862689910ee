import type { CaseResult } from '@uni-moe-web/kernels/bench';
import { describe, expect, test } from 'vitest';
import { targetRows } from './targets.ts';
import { sampleCase, sampleContender, sampleReport } from './testing/sample-report.ts';

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

  test('LoRA, growth with the context and dispatches of a decoder', () => {
    const report = sampleReport();
    expect(rowOf(report, 'LoRA')).toMatchObject({ target: '<= 1.1 x', verdict: 'met' });
    expect(rowOf(report, 'against 16')).toMatchObject({
      measured: 'step +1.00 (0.900-1.10) ms, attention +0.950 ms',
      verdict: 'met',
    });
    expect(rowOf(report, 'dispatches')).toMatchObject({ measured: '3.00', verdict: 'met' });
    const [model] = report.models;
    const growth = { ...model!.growth!, attentionMs: 0.8 };
    expect(rowOf({ ...report, models: [{ ...model!, growth }] }, 'against 16')).toMatchObject({
      verdict: 'missed',
    });
  });

  test('only a GPU is asked to reach its roofline', () => {
    const report = sampleReport();
    expect(rowOf(report, 'copy bandwidth')).toBeUndefined();
    const onGpu = { ...report, adapter: { ...report.adapter, isFallback: false } };
    expect(rowOf(onGpu, 'copy bandwidth')).toMatchObject({ measured: '8.06 x', verdict: 'missed' });
  });
});
