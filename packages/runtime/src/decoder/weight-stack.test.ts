import { describe, expect, test } from 'vitest';
import type { WeightDescription } from '../checkpoint/index.ts';
import { planStack, type StackPlan, type StackSpec } from './weight-stack.ts';

function matrix(
  name: string,
  rows: number,
  columns: number,
  partRows: readonly number[] = [rows],
): [string, WeightDescription] {
  let rowStart = 0;
  const parts = partRows.map((count, i) => {
    const quants = partRows.length > 1 ? `${name}.part${i}` : name;
    const part = { rowStart, rows: count, quants, scales: `${quants}.scales` };
    rowStart += count;
    return part;
  });
  return [name, { format: 'q8', rows, columns, parts }];
}

/** Every byte of every buffer must be written exactly once. */
function coverage({ buffers, placements }: StackPlan): number[][] {
  const counts = buffers.map(({ bytes }) => Array.from({ length: bytes }, () => 0));
  for (const places of placements.values()) {
    for (const { buffer, sourceStart, sourceEnd, targetStart } of places) {
      for (let i = 0; i < sourceEnd - sourceStart; i++) counts[buffer]![targetStart + i]!++;
    }
  }
  return counts;
}

const gated: StackSpec = {
  label: 'gate up',
  rows: 200,
  columns: 64,
  experts: 2,
  gated: true,
  blocks: [['gate.0'], ['up.0'], ['gate.1'], ['up.1']],
};
const gatedMatrices = new Map(
  gated.blocks.map(([name]) => matrix(name!, 200, 64, name === 'up.1' ? [90, 110] : [200])),
);

describe('planStack', () => {
  test('one slice holds everything where the limit allows', () => {
    const plan = planStack(gated, gatedMatrices, 1e6);
    expect(plan.slices).toEqual([{ rowStart: 0, rows: 200, quants: 0, scales: 1 }]);
    expect(plan.buffers.map(({ bytes }) => bytes)).toEqual([4 * 200 * 64, 4 * 200 * 4]);
    expect(coverage(plan).every((bytes) => bytes.every((count) => count === 1))).toBe(true);
  });

  test('a small limit cuts by rows at multiples of 64, gate and up together', () => {
    const plan = planStack(gated, gatedMatrices, 4 * 64 * 100);
    expect(plan.slices.map(({ rowStart, rows }) => [rowStart, rows])).toEqual([
      [0, 64],
      [64, 64],
      [128, 64],
      [192, 8],
    ]);
    expect(plan.buffers.every(({ bytes }) => bytes <= 4 * 64 * 100)).toBe(true);
    expect(coverage(plan).every((bytes) => bytes.every((count) => count === 1))).toBe(true);
  });

  test('rows of the second part land behind those of the first', () => {
    const plan = planStack(gated, gatedMatrices, 1e6);
    expect(plan.placements.get('up.1.part1')).toEqual([
      { sourceStart: 0, sourceEnd: 110 * 64, buffer: 0, targetStart: (3 * 200 + 90) * 64 },
    ]);
  });

  test('stacked matrices follow each other', () => {
    const spec: StackSpec = {
      label: 'qkv',
      rows: 12,
      columns: 32,
      experts: 1,
      gated: false,
      blocks: [['q', 'k', 'v']],
    };
    const plan = planStack(spec, new Map([matrix('q', 8, 32), matrix('k', 2, 32), matrix('v', 2, 32)]), 1e6);
    expect(plan.placements.get('v')).toEqual([
      { sourceStart: 0, sourceEnd: 64, buffer: 0, targetStart: 10 * 32 },
    ]);
  });

  test('a missing matrix, another shape and a limit that is too small are refused by name', () => {
    expect(() => planStack(gated, new Map(), 1e6)).toThrow('weight gate.0 is missing');
    const wrong = new Map([...gatedMatrices, matrix('up.0', 199, 64)]);
    expect(() => planStack(gated, wrong, 1e6)).toThrow('weight up.0 has 199 rows; config.json asks for 200');
    const narrow = new Map([...gatedMatrices, matrix('up.0', 200, 32)]);
    expect(() => planStack(gated, narrow, 1e6)).toThrow(
      'weight up.0 is q8 with 32 columns; config.json asks for q8 with 64',
    );
    expect(() => planStack(gated, gatedMatrices, 1000)).toThrow('this device binds at most 1000');
  });
});
