import { describe, expect, test } from 'vitest';
import { mergeReports } from './merge-reports.ts';
import { sampleCase, sampleReport } from './testing/sample-report.ts';

describe('merging reports', () => {
  test('a later run replaces what an earlier one measured too, and fills what it left out', () => {
    const earlier = {
      ...sampleReport([sampleCase('linear', 'one', 3), sampleCase('moe', 'two', 4)]),
      skipped: [
        'linear three (at least 9.0 s per run)',
        'model 1B (about 9 s per token; --shape "1B" runs it)',
      ],
      failed: ['moe two (out of memory (or so))', 'moe four (out of memory)', 'model tiny: LoRA (lost)'],
    };
    const later = {
      ...sampleReport([sampleCase('linear', 'three', 5), sampleCase('moe', 'two', 6)]),
      seconds: 10,
      ceiling: { copyBytesPerSecond: 20e9, readBytesPerSecond: 1e9, flopsPerSecond: 90e9 },
      skipped: [],
    };
    const merged = mergeReports([earlier, later]);
    const times = merged.cases.map(({ shape, contenders: [own] }) => [shape, own!.timing!.wallMs.median]);
    expect(times).toEqual([
      ['one', 3],
      ['two', 6],
      ['three', 5],
    ]);
    expect(merged.skipped).toEqual(['model 1B (about 9 s per token; --shape "1B" runs it)']);
    expect(merged.failed).toEqual(['moe four (out of memory)']);
    expect(merged.ceiling).toEqual({
      copyBytesPerSecond: 20e9,
      readBytesPerSecond: 12e9,
      flopsPerSecond: 90e9,
    });
    expect(merged.seconds).toBe(71);
    expect(merged.models).toHaveLength(1);
    expect(merged.towers).toHaveLength(1);
  });

  test('commits are listed, so that a table of several shows it', () => {
    const report = sampleReport();
    expect(mergeReports([report, report]).commit).toBe('abc1234');
    expect(mergeReports([report, { ...report, commit: 'def5678+' }]).commit).toBe('abc1234, def5678+');
  });

  test('so are seeds and libraries; one quick part makes it quick', () => {
    const report = sampleReport();
    const other = { ...report, seeds: [8], libraries: ['onnxruntime-web 2'], quick: true };
    expect(mergeReports([report, other, report])).toMatchObject({
      seeds: [7, 8],
      libraries: ['onnxruntime-web 1.30.0', 'onnxruntime-web 2'],
      quick: true,
    });
  });

  test('runs of two adapters or hosts, or with features switched off in one, are refused', () => {
    const report = sampleReport();
    const elsewhere = { ...report, host: 'headless Chrome 1' };
    expect(() => mergeReports([report, elsewhere])).toThrow(
      'maker & model (headless Chrome 1) and maker & model (Dawn in Node) do not belong into one report',
    );
    expect(() => mergeReports([report, { ...report, without: ['shader-f16'] }])).toThrow(
      'maker & model (Dawn in Node, no shader-f16) and maker & model (Dawn in Node) do not belong',
    );
  });
});
