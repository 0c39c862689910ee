import { describe, expect, test } from 'vitest';
import { gpuPaths, guardedTensor, randomNormal, readFloats } from '../../testing/index.ts';
import { CommandList } from '../gpu/command-list.ts';
import { defineKernel } from '../gpu/kernel.ts';
import { packMatrix, unpackMatrix, WEIGHT_FORMATS } from '../quant/index.ts';
import { destroyWeights, uploadWeights } from '../tensor/pack-weights.ts';
import { weightBindings, weightTemplate } from '../tensor/weight-template.ts';

/** Reads every weight in one of the three ways that the piece offers. */
const probe = defineKernel(
  'weights-probe',
  `
#include <weights>
#const WAY: u32
struct Params { vectors: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> quants: array<WeightPack>;
#if WEIGHT_BITS < 16
@group(0) @binding(2) var<storage, read> scales: array<u32>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;

fn unit_vector(v: u32, i: u32, c: u32) -> vec4<f32> {
  return select(vec4<f32>(0.0), vec4<f32>(vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(c)), v == i) * CODE_UNIT;
}

fn by_dot(row: u32, v: u32, c: u32) -> f32 {
  let p = v / WEIGHT_VECTORS;
  let i = v % WEIGHT_VECTORS;
  var x: InputPack;
  x.v0 = unit_vector(0u, i, c);
#if WEIGHT_SPAN > 4
  x.v1 = unit_vector(1u, i, c);
#endif
#if WEIGHT_SPAN > 8
  x.v2 = unit_vector(2u, i, c);
  x.v3 = unit_vector(3u, i, c);
#endif
#if WEIGHT_SPAN > 16
  x.v4 = unit_vector(4u, i, c);
  x.v5 = unit_vector(5u, i, c);
  x.v6 = unit_vector(6u, i, c);
  x.v7 = unit_vector(7u, i, c);
#endif
  return weight_scale(row, p) * dot_codes(quants[row * PACKS_PER_ROW + p], x);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.vectors) { return; }
  let row = id.x / COLUMN_VECTORS;
  let v = id.x % COLUMN_VECTORS;
#if WAY == 0
  y[id.x] = weight_vec4(row, v);
#elif WAY == 1
  if (v % 2u == 0u) {
    let pair = weight_pair(row, v);
    y[id.x] = pair.low;
    if (v + 1u < COLUMN_VECTORS) { y[id.x + 1u] = pair.high; }
  }
#else
  y[id.x] = vec4<f32>(by_dot(row, v, 0u), by_dot(row, v, 1u), by_dot(row, v, 2u), by_dot(row, v, 3u));
#endif
}
`,
);

for (const { name: path, gpu } of await gpuPaths()) {
  describe(`weights piece (${path})`, () => {
    for (const format of WEIGHT_FORMATS) {
      for (const columns of format === 'f16' || format === 'f32' ? [36, 64] : [64, 96]) {
        test.each([0, 1, 2])(`${format}, ${columns} columns, way %i, equals the CPU exactly`, async (way) => {
          const rows = 5;
          // Magnitudes from subnormal scales to large ones, and a block of zeros.
          const values = randomNormal(rows * columns, 3).map(
            (v, i) => v * 10 ** ((Math.floor(i / 32) % 7) - 5),
          );
          values.fill(0, 0, 32);
          const packed = packMatrix(values, rows, columns, format);
          const weight = uploadWeights(gpu, 'weight', packed);
          const y = guardedTensor(gpu, 'y', [rows, columns], 'f32');
          const list = new CommandList(gpu);
          const vectors = (rows * columns) / 4;
          list.run(probe, {
            template: { ...weightTemplate(weight), WAY: way },
            params: { vectors },
            bindings: { ...weightBindings(weight.slices[0]!), y },
            workgroups: [Math.ceil(vectors / 64), 1, 1],
          });
          list.submit();
          const actual = await readFloats(gpu, y);
          const expected = unpackMatrix(packed);
          expect(actual.findIndex((value, i) => value !== expected[i])).toBe(-1);
          list.dispose();
          destroyWeights(weight);
          y.buffer.destroy();
        });
      }
    }
  });
}
