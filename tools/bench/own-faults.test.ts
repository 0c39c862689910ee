import { describe, expect, test } from 'vitest';
import { ownFaults } from './own-faults.ts';
import { sampleCase, sampleReport } from './testing/sample-report.ts';

describe('what is wrong with our own code by a report', () => {
  test('is nothing where only a peer is wrong', () => {
    expect(ownFaults(sampleReport())).toEqual([]);
  });

  test.each(['wrong', 'failed'] as const)('names a kernel that is %s', (verdict) => {
    const { contenders, ...rest } = sampleCase('moe', 'two', 3);
    const [, ...peers] = contenders;
    const own = { name: 'uni-moe-web', verdict, reason: 'relative error 0.3' };
    expect(ownFaults(sampleReport([{ ...rest, contenders: [own, ...peers] }]))).toEqual([
      'moe two (relative error 0.3)',
    ]);
  });

  test('names cells that ended in an error, and models whose decode or adapters are wrong', () => {
    const report = sampleReport();
    const [model] = report.models;
    const wrong = {
      ...model!,
      check: { error: 0.2, verdict: 'wrong' as const },
      lora: { ...model!.lora!, verdict: 'wrong' as const, reason: 'the adapters change nothing' },
    };
    expect(ownFaults({ ...report, failed: ['moe four (out of memory)'], models: [wrong] })).toEqual([
      'moe four (out of memory)',
      'model tiny (decode is 2.0e-1 off prefill)',
      'model tiny with adapters (the adapters change nothing)',
    ]);
  });
});
