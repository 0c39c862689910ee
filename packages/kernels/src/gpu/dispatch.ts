import { DeviceLimitError } from '../errors.ts';

/** Workgroup counts of one dispatch. */
export type Workgroups = readonly [x: number, y: number, z: number];

/**
 * Folds a one-dimensional grid of `count` workgroups into two dimensions where it exceeds the limit of one. The shader
 * recovers the flat index with `workgroup_index()` of wgsl/fold.wgsl and returns early beyond `count`.
 * @throws DeviceLimitError if the grid does not fit two dimensions.
 */
export function foldWorkgroups(count: number, maxPerDimension = 65535): Workgroups {
  if (count <= maxPerDimension) return [count, 1, 1];
  const rows = Math.ceil(count / maxPerDimension);
  if (rows > maxPerDimension) {
    throw new DeviceLimitError(
      `a grid of ${count} workgroups exceeds ${maxPerDimension} x ${maxPerDimension}; split the work`,
    );
  }
  return [Math.ceil(count / rows), rows, 1];
}
