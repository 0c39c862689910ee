import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { f16BitsToF32, packMatrix, unpackMatrix } from '@uni-moe-web/kernels/quant';
import { createSyntheticCheckpoint } from '@uni-moe-web/runtime/testing/synthetic-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { llamaMetadata, llamaTensors } from './llama-gguf.ts';
import { q4ToQ4_0, reorderRows, rotaryRows } from './q4-blocks.ts';
import { readGguf } from '../testing/read-gguf.ts';
import { ggufTensorBytes, writeGguf } from './write-gguf.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gguf-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Values of Q4_0 blocks as ggml defines them. */
function unpackQ4_0(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; at += 18) {
    const scale = f16BitsToF32(bytes[at]! | (bytes[at + 1]! << 8));
    const codes = bytes.subarray(at + 2, at + 18);
    for (const code of codes) values.push(((code & 15) - 8) * scale);
    for (const code of codes) values.push(((code >> 4) - 8) * scale);
  }
  return values;
}

const random = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * i));

describe('q4 as Q4_0', () => {
  test('every value stays what it was, bit for bit', () => {
    const packed = packMatrix(random(6 * 96), 6, 96, 'q4');
    expect(unpackQ4_0(q4ToQ4_0(packed))).toEqual([...unpackMatrix(packed)]);
  });

  test('other formats are refused', () => {
    expect(() => q4ToQ4_0(packMatrix(random(64), 2, 32, 'q8'))).toThrow('Q4_0 needs a q4 matrix, got q8');
  });

  test('rows of a head go from halves to neighbours', () => {
    expect([...rotaryRows(8, 4)]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
    const packed = packMatrix(random(4 * 32), 4, 32, 'q4');
    const rows = unpackMatrix(packed);
    const moved = unpackMatrix(reorderRows(packed, rotaryRows(4, 4)));
    const expected = [0, 2, 1, 3].flatMap((row) => [...rows.subarray(row * 32, row * 32 + 32)]);
    expect([...moved]).toEqual(expected);
  });
});

describe('GGUF files', () => {
  test('metadata of every type and tensors come back, each on a multiple of 32 bytes', async () => {
    const path = join(folder, 'small.gguf');
    await writeGguf(
      path,
      {
        text: { type: 'string', value: 'wört' },
        count: { type: 'u32', value: 4_000_000_000 },
        below: { type: 'i32', value: -5 },
        half: { type: 'f32', value: 0.5 },
        yes: { type: 'bool', value: true },
        words: { type: 'strings', value: ['a', '\u2581b'] },
        scores: { type: 'f32s', value: [1.5, -2] },
        kinds: { type: 'i32s', value: [3, -1] },
      },
      [
        {
          name: 'odd',
          type: 'f32',
          shape: [3],
          pieces: () => [new Uint8Array(Float32Array.of(1, 2, 3).buffer)],
        },
        {
          name: 'two pieces',
          type: 'q4_0',
          shape: [2, 1, 32],
          pieces: () => [new Uint8Array(18).fill(1), new Uint8Array(18).fill(2)],
        },
      ],
    );
    const { metadata, tensors } = readGguf(new Uint8Array(await readFile(path)));
    expect(Object.fromEntries(metadata)).toEqual({
      text: 'wört',
      count: 4_000_000_000,
      below: -5,
      half: 0.5,
      yes: true,
      words: ['a', '\u2581b'],
      scores: [1.5, -2],
      kinds: [3, -1],
    });
    const [odd, pieces] = tensors;
    expect(odd).toMatchObject({ name: 'odd', type: 0, shape: [3] });
    expect(odd!.start % 32).toBe(0);
    expect([...new Float32Array(odd!.bytes.slice().buffer)]).toEqual([1, 2, 3]);
    expect(pieces).toMatchObject({ name: 'two pieces', type: 2, shape: [32, 1, 2] });
    expect(pieces!.start % 32).toBe(0);
    expect([pieces!.bytes[0], pieces!.bytes[35]]).toEqual([1, 2]);
  });

  test('a tensor of the wrong length, or with broken blocks, is named', async () => {
    const path = join(folder, 'broken.gguf');
    const short = { name: 'x', type: 'f32' as const, shape: [2], pieces: () => [new Uint8Array(4)] };
    await expect(writeGguf(path, {}, [short])).rejects.toThrow('x: got 4 bytes, its shape takes 8');
    expect(() => ggufTensorBytes({ name: 'y', type: 'q4_0', shape: [2, 40] })).toThrow(
      'y: rows of 40 values are no whole number of blocks of 32',
    );
  });

  test('a synthetic decoder has every tensor that llama.cpp asks for, with its own values', async () => {
    const checkpoint = createSyntheticCheckpoint({ weights: 'q4' });
    const { decoder } = checkpoint.config;
    const path = join(folder, 'llama.gguf');
    await writeGguf(path, llamaMetadata(decoder, 'test'), llamaTensors(decoder, checkpoint.readTensor));
    const { metadata, tensors } = readGguf(new Uint8Array(await readFile(path)));
    expect(metadata.get('general.architecture')).toBe('llama');
    expect(metadata.get('llama.expert_count')).toBe(4);
    expect(metadata.get('llama.expert_used_count')).toBe(2);
    expect(metadata.get('tokenizer.ggml.tokens')).toHaveLength(decoder.vocab_size);
    expect(tensors.map(({ name }) => name)).toEqual([
      'token_embd.weight',
      ...[
        'attn_norm',
        'attn_q',
        'attn_k',
        'attn_v',
        'attn_output',
        'ffn_norm',
        'ffn_gate_inp',
        'ffn_gate_exps',
        'ffn_up_exps',
        'ffn_down_exps',
      ].map((name) => `blk.0.${name}.weight`),
      'output_norm.weight',
      'output.weight',
    ]);
    const expertRows = tensors.find(({ name }) => name === 'blk.0.ffn_down_exps.weight')!;
    expect(expertRows.shape).toEqual([512, 256, 4]);
    const source = 'model.layers.0.mlp.experts.3.down_proj.weight';
    const expected = unpackMatrix({
      format: 'q4',
      rows: 256,
      columns: 512,
      quants: checkpoint.readTensor(source),
      scales: checkpoint.readTensor(`${source}.scales`),
    });
    expect(unpackQ4_0(expertRows.bytes.subarray((3 / 4) * expertRows.bytes.length))).toEqual([...expected]);
  });
});
