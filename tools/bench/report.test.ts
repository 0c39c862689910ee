import { describe, expect, test } from 'vitest';
import { changesBetween, compareReports } from './compare.ts';
import { htmlReport } from './html-report.ts';
import { markdownReport } from './markdown.ts';
import { alignTables } from '../report/align-tables.ts';
import { sampleCase, sampleReport, sampleSummary } from './testing/sample-report.ts';
import { shortNumber } from '../report/short-number.ts';

describe('reports of a benchmark', () => {
  test('numbers have three digits that count', () => {
    expect([1234.5, 12.345, 1.2345, 0.012345, 0].map(shortNumber)).toEqual([
      '1235',
      '12.3',
      '1.23',
      '0.0123',
      '0',
    ]);
    expect(shortNumber(Infinity)).toBe('-');
  });

  test('Markdown names machine, ceilings, every contender and every verdict', () => {
    const text = markdownReport(sampleReport());
    expect(text).toContain('# Benchmark on maker & model');
    expect(text).toContain('copy 10.0 GB/s, read 12.0 GB/s, 80.0 GFLOP/s');
    expect(text).toContain(
      '| linear | q4 1 x 64 -> 64 | uni-moe-web | 2.00 (1.80-2.20) | 1.60 | 5.00 | 50 % | 20.0 | 2 | 1 | 1.00 | 1.00 | 2e-7 |',
    );
    expect(text).toContain('Targets without a measurement here: linear q4 1 x 2048 -> 2048; ');
    expect(text).toContain('Left out: linear too large (at least 3.0 s per run).');
    expect(text).toContain('seed 7, commit abc1234, onnxruntime-web 1.30.0.');
    expect(text).toContain('| ORT <wrong> | wrong: relative error 3.0e-1 |');
    expect(text).toContain('| 512 | 5.00 (4.50-5.50) | 200 | 0.200 | 37 | 1 | 0.500 |');
    expect(text).toContain('| 32 | 64.0 | 500 | 300 | 1 |');
    expect(text).toContain(
      'A step at context 512 takes 1.02 [0.970 to 1.07] ms more than at 16 by the wall clock (medians of 40 rounds with 95 % intervals). It reads 4.00 MB of keys and values more: 0.400 ms at the rate of a copy, 0.333 ms at that of a read.',
    );
    expect(text).toContain(
      'the step grows by 1.00 [0.970 to 1.03] ms, attention by 0.950 [0.940 to 0.960] ms, 4.21 GB/s: a share of 0.950 [0.910 to 0.990]. Outside of kernels it grows by 0.0100 [-0.0200 to 0.0400] ms. Others that grow: linear-matvec by 0.0300 [0.0200 to 0.0400] ms.',
    );
    expect(text).toContain('LoRA of rank 16 on every projection: a step at context 16 takes 1.07 times');
  });

  test('Markdown shows each peer in short, and other runtimes with what was checked', () => {
    const text = markdownReport(sampleReport());
    expect(text).toContain(
      '| linear | q4 1 x 64 -> 64 | ORT peer | 2.00 | 6.00 | 3.00 (2.70-3.30) | 3.00 | 2 / 2 | 2e-7 |',
    );
    expect(text).toContain(
      '| linear | q4 1 x 64 -> 64 | ORT <wrong> | 2.00 | - | wrong | - | 2 / - | 3e-1 wrong |',
    );
    expect(text).toContain(
      'llama.cpp (on the CPU): log probabilities within 0.0123 of their spread, the same next token after 4 of 4 prompts.',
    );
    expect(text).toContain('| prefill of 32 | 500 | 1000 | 0.500 (0.450-0.550) |');
    expect(text).toContain('| decode at context 16 | 200 | 100 | 2.00 (1.80-2.20) |');
    expect(text).toContain('wllama failed: no / memory.');
    expect(text).toContain(
      '| image | 56 x 56 pixels to 16 embeddings | webgpu | 900 | 12.0 (10.8-13.2) | 2e-6 |',
    );
  });

  test('a decoder that contradicts itself has no times', () => {
    const report = sampleReport();
    const wrong = { ...report.models[0]!, check: { error: 0.4, verdict: 'wrong' as const } };
    const text = markdownReport({ ...report, models: [wrong] });
    expect(text).toContain('Wrong: decode is 4.0e-1 off prefill; not timed.');
    expect(text).not.toContain('tokens/s');
  });

  test('all rows of a table have the width of its head', () => {
    const rows = markdownReport(sampleReport())
      .split('\n')
      .filter((line) => line.startsWith('| '));
    const cells = rows.map((row) => row.slice(2, -2).split(' | ').length);
    expect(new Set(cells)).toEqual(new Set([9, 7, 5, 4, 6, 13]));
  });

  test('a refused result shows no time, and nothing is held against ours if it is refused', () => {
    const [first] = sampleReport().cases;
    const [own, peer] = first!.contenders;
    const refused = { name: 'ORT peer', verdict: 'refused' as const, reason: 'too fast to be true' };
    const text = markdownReport(sampleReport([{ ...first!, contenders: [own!, refused] }]));
    expect(text).toContain('| ORT peer | 2.00 | - | refused | - | 2 / - |');
    expect(text).toContain('| ORT peer | refused: too fast to be true |  |');
    const { wallRatio: _, passRatio: __, ...timing } = peer!.timing!;
    const ours = { ...refused, name: own!.name };
    const alone = markdownReport(sampleReport([{ ...first!, contenders: [ours, { ...peer!, timing }] }]));
    expect(alone).toContain('| ORT peer | - | 6.00 | ours is refused | - | - / 2 |');
    expect(alone).toContain('| ORT peer | 6.00 (5.40-6.60) | 4.80 | 5.00 | 50 % | 20.0 | 2 | 1 | - | - |');
  });

  test('nothing is timed beside a wrong result of ours', () => {
    const [first] = sampleReport().cases;
    const wrong = {
      name: 'uni-moe-web',
      verdict: 'wrong' as const,
      reason: 'relative error 3.0e-1',
      error: 0.3,
    };
    const untimed = {
      name: 'ORT peer',
      verdict: 'exact' as const,
      reason: 'not timed, ours is wrong',
      error: 2e-7,
    };
    const text = markdownReport(sampleReport([{ ...first!, contenders: [wrong, untimed] }]));
    expect(text).toContain('| ORT peer | - | - | not timed, ours is wrong | - | - / - | 2e-7 |');
    expect(text).toContain('| ORT peer | exact: not timed, ours is wrong |');
  });

  test('what a reader must know of a peer stands below the table, once', () => {
    const [first, second] = sampleReport().cases;
    const noted = [first!, second!].map((result) => ({
      ...result,
      contenders: result.contenders.map((contender, i) =>
        i === 1 ? { ...contender, note: 'less precise' } : contender,
      ),
    }));
    expect(markdownReport(sampleReport(noted)).match(/ORT peer: less precise\./g)).toHaveLength(1);
  });

  test('features that were switched off are named', () => {
    const text = markdownReport({ ...sampleReport(), without: ['shader-f16', 'subgroups'], seeds: [7, 9] });
    expect(text).toContain('subgroups 8 to 8, without shader-f16 and subgroups; ');
    expect(text).toContain('seed 7, 9, commit abc1234, onnxruntime-web 1.30.0.');
  });

  test('what a tuning pass chose, what it compared and what it gained', () => {
    const report = sampleReport();
    const tuning = {
      groupedRows: 2,
      report: {
        measured: [{ what: 'packed', ratio: 1.7 }],
        rejected: [{ what: 'other', reason: 'its result is 5e-1 off' }],
        elapsedMs: 800,
      },
      prompts: [{ tokens: 8, ratio: sampleSummary(0.9) }],
    };
    const tuned = markdownReport({ ...report, models: [{ ...report.models[0]!, tuning }] });
    expect(tuned).toContain(
      'A tuning pass of 0.800 s chose, with reduced precision allowed, as kernels the built-in ones, and tokens sorted by expert from 2 rows per expert. Times over those without: packed: 1.70.',
    );
    expect(tuned).toContain('at 8 tokens. Rejected: other: its result is 5e-1 off.');
  });

  test('LoRA that is wrong is said to be, without a time', () => {
    const report = sampleReport();
    const lora = {
      rank: 16,
      context: 16,
      dispatches: 60,
      verdict: 'wrong' as const,
      reason: 'it changes nothing',
    };
    const text = markdownReport({ ...report, models: [{ ...report.models[0]!, lora }] });
    expect(text).toContain('LoRA of rank 16 on every projection is wrong: it changes nothing; not timed.');
  });

  test('columns line up in a terminal', () => {
    expect(alignTables('| a | long |\n| --- | --- |\n| wide cell | 1 |\nafter')).toBe(
      'a          long\n---------  ----\nwide cell  1\nafter',
    );
    expect(alignTables(markdownReport(sampleReport()))).not.toContain('| ');
  });

  test('the page stands alone, shows every plot and escapes names', () => {
    const html = htmlReport(sampleReport());
    expect(html).not.toMatch(/src=|href="[^#]|https?:|@import|url\(/);
    expect(html.match(/<svg /g)).toHaveLength(5);
    expect(html).toContain('ORT &lt;wrong&gt;');
    expect(html).not.toContain('ORT <wrong>');
    expect(html).not.toContain('NaN');
    expect(html).not.toContain('undefined');
    expect(html).toContain('attention-decode: 2.00 ms');
  });

  test('steps without timestamps have no bars', () => {
    const report = sampleReport();
    const [model] = report.models;
    const decode = model!.decode.map((step) => ({ ...step, parts: [] }));
    expect(htmlReport({ ...report, models: [{ ...model!, decode }] })).not.toContain('Decode step by kernel');
  });

  test('a run of one operation has a page without empty plots', () => {
    const html = htmlReport({ ...sampleReport([sampleCase('linear', 'one', 3)]), models: [] });
    expect(html.match(/<svg /g)).toHaveLength(1);
  });

  test('a change counts only beyond the spread of both runs', () => {
    const before = sampleReport([
      sampleCase('a', 'x', 10),
      sampleCase('b', 'x', 10),
      sampleCase('c', 'x', 10),
    ]);
    const after = sampleReport([sampleCase('a', 'x', 5), sampleCase('b', 'x', 11), sampleCase('c', 'x', 20)]);
    expect(changesBetween(before, after).map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'a x faster',
      'b x same',
      'c x slower',
      'tiny decode at 16 same',
      'tiny decode at 512 same',
      'tiny prefill of 32 same',
    ]);
    expect(compareReports(before, after)).toContain('0.500 x');
    const elsewhere = { ...before, adapter: { ...before.adapter, name: 'another' } };
    expect(compareReports(elsewhere, after)).toContain(
      'The earlier run was on another (Dawn in Node), this one on maker & model (Dawn in Node)',
    );
    expect(compareReports({ ...before, without: ['subgroups'] }, after)).toContain(
      'The earlier run was on maker & model (Dawn in Node, no subgroups), this one',
    );
  });
});
