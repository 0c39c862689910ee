import { describe, expect, test } from 'vitest';
import type { Capabilities } from '../../gpu/capabilities.ts';
import { BROADCAST_TOKENS, chooseLinear, MATMUL_TOKENS } from './linear-variant.ts';

const plain: Capabilities = {
  f16: false,
  subgroups: false,
  subgroupMinSize: 1,
  subgroupMaxSize: 1,
  subgroupMatrices: [],
  packedDot: false,
  timestamps: false,
  isFallback: false,
  maxInvocations: 256,
  maxWorkgroupStorageBytes: 16384,
  maxWorkgroupsPerDimension: 65535,
  maxBindingBytes: 2 ** 27,
  maxBufferBytes: 2 ** 28,
  maxStorageBuffers: 8,
};
const q4 = (tokens: number, rows: number, columns: number): Parameters<typeof chooseLinear>[1] => ({
  tokens,
  rows,
  packs: columns / 32,
  span: 32,
});

describe('chooseLinear', () => {
  test('few tokens take the matrix-times-vector kernel', () => {
    for (let tokens = 1; tokens < MATMUL_TOKENS; tokens++) {
      expect(chooseLinear(plain, q4(tokens, 4096, 4096)).kind).toBe('matvec');
    }
    expect(chooseLinear(plain, q4(MATMUL_TOKENS, 4096, 4096)).kind).toBe('matmul');
  });

  test('a team is a subgroup of the largest size where there are subgroups', () => {
    const capabilities = { ...plain, subgroups: true, subgroupMinSize: 8, subgroupMaxSize: 64 };
    expect(chooseLinear(capabilities, q4(1, 4096, 4096))).toMatchObject({ teamLanes: 64 });
  });

  test('narrow subgroups broadcast their inputs', () => {
    const capabilities = { ...plain, subgroups: true, subgroupMinSize: 4, subgroupMaxSize: 4 };
    const expected = { kind: 'broadcast', workgroupSize: 64, tileRows: 8, groupVectors: 4 };
    expect(chooseLinear(capabilities, q4(64, 4096, 4096))).toEqual(expected);
    expect(chooseLinear(capabilities, { tokens: 3, rows: 64, packs: 16, span: 8 })).toEqual({
      kind: 'broadcast',
      workgroupSize: 16,
      tileRows: 4,
      groupVectors: 2,
    });
    expect(chooseLinear(capabilities, q4(BROADCAST_TOKENS - 1, 4096, 4096)).kind).toBe('matvec');
  });

  test('chunks of K are even and at most 2048 columns', () => {
    expect(chooseLinear(plain, q4(1, 4096, 2048))).toMatchObject({ chunkPacks: 64 });
    expect(chooseLinear(plain, q4(1, 4096, 11008))).toMatchObject({ chunkPacks: 58 });
    expect(chooseLinear(plain, q4(1, 4096, 64))).toMatchObject({ chunkPacks: 2 });
  });

  test('tiles grow with the tokens as long as there are enough of them', () => {
    const tileRows = (tokens: number, rows: number): unknown => chooseLinear(plain, q4(tokens, rows, 2048));
    expect(tileRows(5, 2048)).toEqual({ kind: 'matmul', tileRows: 8 });
    expect(tileRows(12, 2048)).toEqual({ kind: 'matmul', tileRows: 16 });
    expect(tileRows(512, 4096)).toEqual({ kind: 'matmul', tileRows: 64 });
    expect(tileRows(64, 256)).toEqual({ kind: 'matmul', tileRows: 16 });
  });
});
