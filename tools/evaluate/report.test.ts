import { describe, expect, test } from 'vitest';
import { alignTables } from '../report/align-tables.ts';
import { expertPicture } from './expert-picture.ts';
import { htmlReport } from './html-report.ts';
import { markdownReport, wrongAnswers } from './markdown.ts';
import { wilsonInterval } from './statistics.ts';
import { sampleReport } from './testing/sample-report.ts';

const report = sampleReport();

describe('results', () => {
  test('are added up by kind, by group, and over all', () => {
    const counts = [...report.kinds, report.total].map(({ kind, right, count }) => [kind, right, count]);
    expect(counts).toEqual([
      ['name', 1, 2],
      ['scene', 1, 2],
      ['scene/color', 0, 1],
      ['scene/count', 1, 1],
      ['all', 2, 4],
    ]);
    expect(report.total.share).toBe(0.5);
    expect(report.total.interval).toEqual(wilsonInterval(2, 4));
    expect(report.total.answerMs.median).toBe(250);
    expect(report.total.firstTokenMs.median).toBe(125);
  });

  test('hold every answer', () => {
    expect(report.items[1]).toEqual({
      id: 'red',
      kind: 'scene/color',
      question: 'What <color> is it?',
      answer: 'It is blue.',
      accepted: ['red'],
      right: false,
      finishReason: 'stop',
      promptTokens: 20,
      completionTokens: 5,
      firstTokenMs: 100,
      totalMs: 200,
    });
    expect(wrongAnswers(report)).toEqual([
      'scene/color red: "What <color> is it?" -> "It is blue.", accepted "red"',
      'name dog: "What is this?" -> "This is a wolf.", accepted "dog"',
    ]);
  });

  test('experts: shares over all items and by kind of item', () => {
    const { layers, rows } = report.experts;
    expect(layers).toEqual([0, 2]);
    expect(rows.map(({ rows: name, kind, count }) => [name, kind, count])).toEqual([
      ['picture', null, 12],
      ['question', null, 4],
      ['picture', 'name', 6],
      ['question', 'name', 2],
      ['picture', 'scene/color', 3],
      ['question', 'scene/color', 1],
      ['picture', 'scene/count', 3],
      ['question', 'scene/count', 1],
    ]);
    expect(rows[0]!.shares).toEqual([
      [0.5, 2 / 6, 1 / 6, 0],
      [0, 1 / 6, 2 / 6, 0.5],
    ]);
  });
});

describe('reports', () => {
  test('in the terminal: one line per kind, aligned', () => {
    const text = alignTables(markdownReport(report));
    expect(text).toContain('# things & shapes on small');
    expect(text).toContain('q4, adapters: german 50 %; greedy, at most 64 tokens; a host on a GPU');
    expect(text).toMatch(/^scene {8}1 {6}2 {3}50 \(9 to 91\) {7}250 \(290\)/m);
    expect(text).toMatch(/^picture {3}12 {5}0 {6}50 {8}33 {8}17 {8}0$/m);
  });

  test('as a picture: a part per expert that was used, numbers where there is room, in both color schemes', () => {
    const svg = expertPicture(report);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" /);
    expect(svg).toContain('<title>picture, layer 2, expert 3: 50.0 %</title>');
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).not.toMatch(/NaN|undefined|href|url\(/);
    expect(expertPicture({ ...report, experts: { ...report.experts, rows: [] } })).toBe('');
  });

  test('as a page: text of questions and answers stays text', () => {
    const html = htmlReport(report);
    expect(html).toContain('What &lt;color&gt; is it?');
    expect(html).not.toContain('<color>');
    expect(html).toContain('<svg ');
  });
});
