import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PreprocessorConfig } from '../src/checkpoint/format.ts';

/** The folder of the recorded reference checkpoints and cases, see its README. */
const FIXTURES = join(import.meta.dirname, '../../../fixtures/reference');

/** The recorded variants that this repository keeps. */
export const VARIANTS = ['speech', 'interval'] as const;
export type Variant = (typeof VARIANTS)[number];

/** One recorded tensor; ids come as Int32Array, everything else as Float32Array. */
export interface RecordedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** `request.json` of a case, as far as tests read it. */
export interface RecordedRequest {
  readonly conversations: readonly { readonly from: string; readonly value: string }[];
  readonly prompt: string;
  readonly images: readonly string[];
  readonly audio: readonly string[];
  readonly video: readonly string[];
}

/** Path of a file below one variant, such as `base/tokenizer.model` or `cases/image/image.png`. */
export const fixturePath = (variant: Variant, path: string): string => join(FIXTURES, variant, path);

/** Bytes of a file below one variant. */
export const readFixture = (variant: Variant, path: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(fixturePath(variant, path)));

export function readRequest(variant: Variant, name: string): RecordedRequest {
  return JSON.parse(
    readFileSync(fixturePath(variant, `cases/${name}/request.json`), 'utf8'),
  ) as RecordedRequest;
}

/** The preprocessing settings that the exporter writes for both variants. */
export const PREPROCESSOR: { [K in keyof PreprocessorConfig]: NonNullable<PreprocessorConfig[K]> } = {
  image: {
    size: 56,
    crop_size: 56,
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
  audio: {
    sampling_rate: 16000,
    n_fft: 400,
    hop_length: 160,
    feature_size: 80,
    chunk_samples: 480000,
    chunk_advance: 480001,
  },
};

/** A recorded tensor of `expected.safetensors`. Throws when the case has none of that name. */
export function readRecorded(variant: Variant, caseName: string, tensor: string): RecordedTensor {
  const bytes = readFixture(variant, `cases/${caseName}/expected.safetensors`);
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))) as {
    [name: string]: { dtype: string; shape: number[]; data_offsets: [number, number] };
  };
  const entry = header[tensor];
  if (!entry)
    throw new Error(`${variant}/${caseName} has no ${tensor}; it has ${Object.keys(header).join(', ')}`);
  const [start, end] = entry.data_offsets.map((offset) => offset + 8 + headerBytes) as [number, number];
  const buffer = bytes.buffer.slice(start, end);
  return {
    shape: entry.shape,
    data: entry.dtype === 'I32' ? new Int32Array(buffer) : new Float32Array(buffer),
  };
}

/** Largest absolute difference; NaN when either side holds one, so that no comparison passes. */
export function maxAbsDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`lengths ${actual.length} and ${expected.length} differ`);
  let max = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= max)) max = difference;
    if (Number.isNaN(difference)) return Number.NaN;
  }
  return max;
}
