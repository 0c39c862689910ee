import { describe, expect, test } from 'vitest';
import { AlignedWriter } from './aligned-writer.ts';

/** A queue that does what WebGPU does, and refuses what WebGPU refuses. */
function recordingQueue(size: number) {
  const target = new Uint8Array(size);
  const writeBuffer: GPUQueue['writeBuffer'] = (_, offset, data, start = 0, count) => {
    const source = data as Uint8Array;
    const length = count ?? source.length - start;
    if (offset % 4 !== 0 || length % 4 !== 0)
      throw new Error(`writeBuffer(${offset}, ${length}) is not aligned`);
    target.set(source.subarray(start, start + length), offset);
    return undefined;
  };
  return { queue: { writeBuffer } as GPUQueue, target };
}

describe('AlignedWriter', () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => i + 1);
  const buffer = {} as GPUBuffer;

  for (const cuts of [
    [0, 40],
    [0, 1, 2, 3, 4, 40],
    [0, 10, 20, 30, 40],
    [0, 7, 8, 21, 22, 23, 40],
  ]) {
    test(`pieces cut at ${cuts.join(', ')} arrive whole`, () => {
      const { queue, target } = recordingQueue(44);
      const writer = new AlignedWriter(queue);
      for (let i = 1; i < cuts.length; i++)
        writer.write(buffer, 2 + cuts[i - 1]!, bytes.slice(cuts[i - 1], cuts[i]));
      expect([...target.subarray(2, 42)]).toEqual([...bytes]);
    });
  }

  test('neighbours that share a word do not erase each other, in either order', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { queue, target } = recordingQueue(16);
      const writer = new AlignedWriter(queue);
      const parts = [
        () => writer.write(buffer, 0, Uint8Array.of(1, 2, 3, 4, 5, 6)),
        () => writer.write(buffer, 6, Uint8Array.of(7, 8, 9, 10)),
      ];
      for (const i of order) parts[i]!();
      expect([...target.subarray(0, 10)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
  });
});
