import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { withTemporaryFolder } from '../../testing/reference-fixture.ts';
import { memoryTensor, seededValues } from '../../testing/tensor-builder.ts';
import { Float16Tensor } from '../map/derived-tensors.ts';
import type { DecoderTensor } from '../map/uni-moe-llama.ts';
import { planParts } from '../quantize.ts';
import { verifyShards } from '../verify.ts';
import { planShards, tensorIndex, writeShards, type PassHooks } from './shards.ts';

const tensor = (name: string, rows: number, columns: number, seed: number): DecoderTensor => ({
  name,
  kind: 'matrix',
  shape: [rows, columns],
  tensor: new Float16Tensor(memoryTensor(name, [rows, columns], seededValues(rows * columns, seed))),
});
const tensors = [tensor('a', 300, 64, 1), tensor('b', 7, 36, 2), tensor('c', 40, 96, 3)];
const hooks: PassHooks = { onElements: () => {}, signal: undefined };

const MAX_SHARD = 16_000;
const plan = (format: 'q4' | 'q8' | 'f16') =>
  planShards(
    tensors.flatMap((source) => planParts(source, format, 10_000)),
    MAX_SHARD,
  );

describe('shards', () => {
  test.each(['q4', 'q8', 'f16'] as const)(
    '%s: parts and shards stay below their limits and read back',
    async (format) => {
      await withTemporaryFolder(async (folder) => {
        const shards = plan(format);
        await writeShards(folder, shards, hooks);
        for (const { file } of shards)
          expect((await stat(join(folder, file))).size).toBeLessThanOrEqual(MAX_SHARD);
        const reports = await verifyShards(folder, shards, hooks);
        expect(reports.map(({ name, format: stored }) => [name, stored])).toEqual([
          ['a', format],
          ['b', 'f16'],
          ['c', format],
        ]);
        expect(reports[0]!.elements).toBe(300 * 64);
      });
    },
  );

  test('are numbered, indexed and keep scales beside quants', () => {
    const shards = plan('q8');
    expect(shards.length).toBeGreaterThan(1);
    expect(shards[1]!.file).toBe(`model-00002-of-0000${shards.length}.safetensors`);
    const { weight_map: map, metadata } = tensorIndex(shards);
    expect(map['a.part1.scales']).toBe(map['a.part1']);
    expect(metadata.total_size).toBe(300 * 64 + 300 * 4 + 7 * 36 * 2 + 40 * 96 + 40 * 6);
  });

  test('count every weight in the progress', async () => {
    await withTemporaryFolder(async (folder) => {
      let elements = 0;
      await writeShards(folder, plan('q8'), {
        onElements: (_, count) => (elements += count),
        signal: undefined,
      });
      expect(elements).toBe(300 * 64 + 7 * 36 + 40 * 96);
    });
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    [
      'a flipped scale',
      (bytes) => flip(bytes, bytes.length - 1),
      /tensor .*: row \d+, column \d+: read back/,
    ],
    ['another name', (bytes) => rename(bytes), /read back nothing, planned/],
  ])('verification sees %s', async (_, damage, message) => {
    await withTemporaryFolder(async (folder) => {
      const shards = plan('q8');
      await writeShards(folder, shards, hooks);
      const path = join(folder, shards[0]!.file);
      await writeFile(path, damage(await readFile(path)));
      await expectExportError(() => verifyShards(folder, shards, hooks), 'VERIFY_FAILED', message);
    });
  });
});

function flip(bytes: Uint8Array, position: number): Uint8Array {
  const copy = bytes.slice();
  copy[position]! ^= 0x40;
  return copy;
}

/** Changes `"a.part0"` in the header to `"z.part0"`. */
function rename(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[Buffer.from(bytes).indexOf('"a.part0"') + 1] = 'z'.charCodeAt(0);
  return copy;
}
