/** Bytes of a zip archive of stored members; with `zip64` every size and offset is written in the 64-bit fields. */
export function buildZip(
  members: Readonly<Record<string, Uint8Array>>,
  { zip64 = false, method = 0 }: { zip64?: boolean; method?: number } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  let position = 0;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    position += bytes.length;
  };
  const directory: Uint8Array[] = [];
  for (const [name, data] of Object.entries(members)) {
    const encoded = new TextEncoder().encode(name);
    const size = zip64 ? 0xffffffff : data.length;
    const extra = zip64 ? record('HHQQQ', [1, 24, data.length, data.length, position]) : new Uint8Array(0);
    directory.push(
      record('IHHHHHHIIIHH', [
        0x02014b50,
        45,
        45,
        0,
        method,
        0,
        0,
        0,
        size,
        size,
        encoded.length,
        extra.length,
      ]),
      record('HHHII', [0, 0, 0, 0, zip64 ? 0xffffffff : position]),
      encoded,
      extra,
    );
    // torch pads the local header's extra field, so that it differs from the directory's.
    const padding = new Uint8Array(7);
    add(
      record('IHHHHHIIIHH', [
        0x04034b50,
        45,
        0,
        method,
        0,
        0,
        0,
        data.length,
        data.length,
        encoded.length,
        7,
      ]),
    );
    for (const bytes of [encoded, padding, data]) add(bytes);
  }
  const start = position;
  for (const bytes of directory) add(bytes);
  const bytes = position - start;
  const count = Object.keys(members).length;
  if (zip64) {
    const end = position;
    add(record('IQHHIIQQQQ', [0x06064b50, 44, 45, 45, 0, 0, count, count, bytes, start]));
    add(record('IIQI', [0x07064b50, 0, end, 1]));
    add(record('IHHHHIIH', [0x06054b50, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0]));
  } else {
    add(record('IHHHHIIH', [0x06054b50, 0, 0, count, count, bytes, start, 0]));
  }
  return concat(parts);
}

/** A torch archive as `torch.save` writes it. */
export function buildTorchArchive(
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>>,
  options?: { zip64?: boolean; method?: number },
): Uint8Array {
  const members: Record<string, Uint8Array> = {
    'archive/data.pkl': pickle,
    'archive/byteorder': new TextEncoder().encode('little'),
  };
  for (const [key, data] of Object.entries(storages)) members[`archive/data/${key}`] = data;
  return buildZip({ ...members, 'archive/version': new TextEncoder().encode('3\n') }, options);
}

/** Little-endian integers: H 16, I 32, Q 64 bits. */
function record(format: string, values: readonly number[]): Uint8Array {
  const widths = { H: 2, I: 4, Q: 8 };
  const fields = [...format] as (keyof typeof widths)[];
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, field) => sum + widths[field], 0)));
  let position = 0;
  for (const [i, field] of fields.entries()) {
    const value = values[i]!;
    if (field === 'H') view.setUint16(position, value, true);
    else if (field === 'I') view.setUint32(position, value, true);
    else view.setBigUint64(position, BigInt(value), true);
    position += widths[field];
  }
  return new Uint8Array(view.buffer);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
