import { parseSafetensorsHeader, type StoredDtype } from '../checkpoint/safetensors.ts';

export interface ParsedTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

/** All tensors of a safetensors file by name. @throws CheckpointFormatError naming `file` if it is malformed. */
export function parseSafetensors(file: string, bytes: Uint8Array<ArrayBuffer>): Map<string, ParsedTensor> {
  return new Map(
    parseSafetensorsHeader(file, bytes.length, bytes).map(
      ({ name, dtype, shape, offsetBytes, bytes: length }) => [
        name,
        { dtype, shape, data: bytes.slice(offsetBytes, offsetBytes + length) },
      ],
    ),
  );
}
