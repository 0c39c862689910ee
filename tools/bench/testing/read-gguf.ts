/** Reads what write-gguf.ts writes: enough of GGUF to look at a small file in a test. */
export interface ReadGguf {
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly tensors: readonly {
    readonly name: string;
    readonly type: number;
    /** As stored, fastest dimension first. */
    readonly shape: readonly number[];
    /** Position in the file. */
    readonly start: number;
    readonly bytes: Uint8Array;
  }[];
}

const ALIGNMENT = 32;

export function readGguf(file: Uint8Array): ReadGguf {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = 0;
  const advance = (bytes: number): number => (at += bytes) - bytes;
  const u32 = (): number => view.getUint32(advance(4), true);
  const u64 = (): number => Number(view.getBigUint64(advance(8), true));
  const text = (): string => {
    const length = u64();
    const start = advance(length);
    return new TextDecoder().decode(file.subarray(start, start + length));
  };
  const value = (type: number): unknown => {
    if (type === 4) return u32();
    if (type === 5) return view.getInt32(advance(4), true);
    if (type === 6) return view.getFloat32(advance(4), true);
    if (type === 7) return view.getUint8(advance(1)) === 1;
    if (type === 8) return text();
    if (type !== 9) throw new Error(`GGUF value type ${type}`);
    const element = u32();
    return Array.from({ length: u64() }, () => value(element));
  };
  if (new TextDecoder().decode(file.subarray(0, 4)) !== 'GGUF') throw new Error('no GGUF file');
  advance(4);
  const version = u32();
  if (version !== 3) throw new Error(`GGUF version ${version}`);
  const tensorCount = u64();
  const metadata = new Map(Array.from({ length: u64() }, () => [text(), value(u32())] as const));
  const infos = Array.from({ length: tensorCount }, () => ({
    name: text(),
    shape: Array.from({ length: u32() }, u64),
    type: u32(),
    offset: u64(),
  }));
  const dataStart = Math.ceil(at / ALIGNMENT) * ALIGNMENT;
  const tensors = infos.map(({ name, shape, type, offset }) => {
    const values = shape.reduce((product, size) => product * size, 1);
    const start = dataStart + offset;
    const bytes = file.subarray(start, start + (type === 0 ? 4 * values : (values / 32) * 18));
    return { name, type, shape, start, bytes };
  });
  return { metadata, tensors };
}
