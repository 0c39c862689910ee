import { expect } from 'vitest';
import type { Checkpoint, LoadOptions } from '../src/checkpoint/checkpoint.ts';
import { RuntimeError } from '../src/errors.ts';

/** Streams all tensors and puts their runs together, checking that the runs are in order, aligned and complete. */
export async function collectTensors(
  checkpoint: Checkpoint,
  options?: LoadOptions,
): Promise<Map<string, Uint8Array>> {
  const collected = new Map<string, Uint8Array>();
  const filled = new Map<string, number>();
  await checkpoint.streamTensors((tensor, offset, bytes) => {
    expect(offset).toBe(filled.get(tensor.name) ?? 0);
    expect(offset % 4).toBe(0);
    if (offset + bytes.length < tensor.bytes) expect(bytes.length % 4).toBe(0);
    const whole = collected.get(tensor.name) ?? new Uint8Array(tensor.bytes);
    whole.set(bytes, offset);
    collected.set(tensor.name, whole);
    filled.set(tensor.name, offset + bytes.length);
  }, options);
  for (const [name, bytes] of filled) expect(bytes).toBe(checkpoint.tensors.get(name)!.bytes);
  return collected;
}

/** What the tensors must be. */
interface ExpectedTensors {
  readonly tensors: readonly { readonly name: string }[];
  readTensor(name: string): Uint8Array;
}

export function expectAllTensors(
  found: ReadonlyMap<string, Uint8Array>,
  { tensors, readTensor }: ExpectedTensors,
): void {
  expect([...found.keys()].sort()).toEqual(tensors.map(({ name }) => name).sort());
  for (const [name, bytes] of found) {
    const expected = readTensor(name);
    expect(bytes.length).toBe(expected.length);
    // One assertion per byte would take minutes.
    const wrong = bytes.findIndex((byte, i) => byte !== expected[i]);
    expect(wrong, `first wrong byte of ${name}`).toBe(-1);
  }
}

/** The typed error that `work` must end with. */
export async function failure(work: Promise<unknown>): Promise<RuntimeError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RuntimeError);
  return error as RuntimeError;
}
