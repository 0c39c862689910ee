import { describe, expect, it } from 'vitest';
import { CheckpointFormatError } from './errors.ts';
import { MAX_HEADER_BYTES } from './limits.ts';
import { parseSafetensorsHeader } from './safetensors.ts';

/** A header's bytes; `claimed` overrides the length that the prefix states. */
function headerBytes(header: unknown, claimed?: bigint): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const f32 = (begin: number, end: number, shape: number[]): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

function parse(header: unknown, dataBytes: number): ReturnType<typeof parseSafetensorsHeader> {
  const bytes = headerBytes(header);
  return parseSafetensorsHeader('x.safetensors', bytes.length + dataBytes, bytes);
}

describe('parseSafetensorsHeader', () => {
  it('lists tensors in the order of their data, whatever the order of their names', () => {
    const tensors = parse({ __metadata__: { format: 'pt' }, b: f32(8, 32, [2, 3]), a: f32(0, 8, [2]) }, 32);
    expect(
      tensors.map(({ name, dtype, shape, bytes, file }) => ({ name, dtype, shape, bytes, file })),
    ).toEqual([
      { name: 'a', dtype: 'F32', shape: [2], bytes: 8, file: 'x.safetensors' },
      { name: 'b', dtype: 'F32', shape: [2, 3], bytes: 24, file: 'x.safetensors' },
    ]);
    expect(tensors[1]!.offsetBytes - tensors[0]!.offsetBytes).toBe(8);
  });

  it('reads an empty file and a scalar', () => {
    expect(parse({}, 0)).toEqual([]);
    expect(parse({ s: f32(0, 4, []) }, 4)[0]).toMatchObject({ shape: [], bytes: 4 });
  });

  it.each<[string, unknown, number, RegExp]>([
    ['text that is no JSON', '{"a": ', 0, /x\.safetensors: not JSON/],
    ['a header that is no object', 5, 0, /the top level: .*received 5/],
    ['an unknown type', { a: { dtype: 'F4', shape: [1], data_offsets: [0, 1] } }, 1, /a\.dtype.*F4/],
    ['a negative dimension', { a: f32(0, 4, [-1]) }, 4, /a\.shape\.0/],
    ['an empty dimension', { a: f32(0, 0, [0]) }, 0, /a\.shape\.0/],
    ['a fractional offset', { a: f32(0, 4.5, [1]) }, 4, /a\.data_offsets\.1/],
    ['too many dimensions', { a: f32(0, 4, [1, 1, 1, 1, 1, 1, 1, 1, 1]) }, 4, /a\.shape/],
    [
      'a shape that is larger than its bytes',
      { a: f32(0, 4, [2]) },
      4,
      /a: F32 \[2\] is 8 bytes, but data_offsets span 4/,
    ],
    ['a shape that overflows', { a: f32(0, 4, [2 ** 40, 2 ** 40]) }, 4, /data_offsets span 4/],
    ['offsets in reverse', { a: f32(4, 0, [1]) }, 4, /span -4/],
    ['an overlap', { a: f32(0, 8, [2]), b: f32(4, 12, [2]) }, 12, /b starts at byte .* gap or overlap/],
    ['a gap', { a: f32(0, 4, [1]), b: f32(8, 12, [1]) }, 12, /b starts at byte .* gap or overlap/],
    ['data beyond the file', { a: f32(0, 8, [2]) }, 4, /tensors end at byte/],
    ['bytes that belong to no tensor', { a: f32(0, 4, [1]) }, 8, /tensors end at byte/],
    [
      'a name that would reach a prototype',
      '{"__proto__": {"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
      /end at byte/,
    ],
  ])('refuses %s', (_, header, dataBytes, message) => {
    expect(() => parse(header, dataBytes)).toThrow(message);
    expect(() => parse(header, dataBytes)).toThrow(CheckpointFormatError);
  });

  it.each<[string, bigint]>([
    ['beyond the file', 1000n],
    ['beyond the limit', BigInt(MAX_HEADER_BYTES) + 1n],
    ['of 2^64 - 1', 2n ** 64n - 1n],
  ])('refuses a header length %s', (_, length) => {
    expect(() => parseSafetensorsHeader('x', 500, headerBytes({}, length))).toThrow(
      /its header claims \d+ bytes/,
    );
  });

  it('refuses a file shorter than the length field', () => {
    expect(() => parseSafetensorsHeader('x', 5, new Uint8Array(5))).toThrow(/too few/);
  });
});
