import { describe, expect, it } from 'vitest';
import { sampleTimes } from './sample-times.ts';

describe('sampleTimes', () => {
  it.each([
    [10, 25, 31],
    [2, 30, 7],
    [1.99, 30, 7],
    [7 / 30, 30, 0],
    [8 / 25, 25, 1],
  ])('%d s at %d fps: every %i frames', (duration, fps, step) => {
    expect(sampleTimes(duration, fps)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => (i * step) / fps));
  });
});
