// packed-linear: the tile of packed-tile is one of a linear layer: y[m, n] = Σ over k of x[m, k] · weight[n, k].
//   LORA, BIAS, GATED and ACCUMULATE as in the piece linear-layer; never NORM.
// LoRA adds steps with products as inputs and B as weights, masked to the rows of one segment.
#include <linear-layer>

const PARTS: u32 = select(1u, 2u, GATED);

struct Work {
  first_token: u32,
  first_row: u32,   // of the slice, and of its part
}

fn work_of(group: vec3<u32>, grid: vec3<u32>) -> Work {
  return Work(group.x * TILE_ROWS, group.y * TILE_OUTPUTS);
}

fn is_idle(work: Work) -> bool {
  return false;
}

// Rows beyond the last one become the last one: they are computed and not stored.
fn input_row(work: Work, row: u32) -> u32 {
  return min(work.first_token + row, params.num_tokens - 1u);
}

// Row of a matrix whose parts have this many rows: the slice, or LoRA's B.
fn part_row(work: Work, column: u32, rows: u32) -> u32 {
  return min(work.first_row + column % TILE_OUTPUTS, params.rows - 1u) + column / TILE_OUTPUTS * rows;
}

fn weight_row(work: Work, column: u32) -> u32 {
  return part_row(work, column, params.rows);
}

#if LORA
const SEGMENT_STEPS: u32 = (LORA_RANK + 15u) / 16u;
const LORA_STEPS: u32 = LORA_SEGMENTS * SEGMENT_STEPS;

// Whether the tile has no rows in the segment of a step, which would then add nothing.
fn is_skipped(work: Work, step: u32) -> bool {
  let segment = step / SEGMENT_STEPS;
  let first = params.row_start + work.first_row;
  let last = params.row_start + min(work.first_row + TILE_OUTPUTS, params.rows) - 1u;
  for (var part = 0u; part < PARTS; part++) {
    let start = part * params.total_rows;
    if (lora_segment(start + first) <= segment && segment <= lora_segment(start + last)) {
      return false;
    }
  }
  return true;
}

fn lora_inputs(work: Work, row: u32, step: u32, v: u32) -> vec4<f32> {
  let start = (input_row(work, row) * LORA_SEGMENTS + step / SEGMENT_STEPS) * LORA_RANK;
  var value = vec4<f32>();
  for (var c = 0u; c < 4u; c++) {
    let r = step % SEGMENT_STEPS * 16u + 4u * v + c;
    if (r < LORA_RANK) {
      value[c] = products[start + r];
    }
  }
  return value;
}

fn lora_weights(work: Work, column: u32, step: u32, v: u32) -> vec4<f32> {
  let n = params.row_start + part_row(work, column, params.total_rows);
  var value = vec4<f32>();
  for (var c = 0u; c < 4u; c++) {
    let r = step % SEGMENT_STEPS * 16u + 4u * v + c;
    if (r < LORA_RANK && lora_segment(n) == step / SEGMENT_STEPS) {
      value[c] = lora_element(n, r);
    }
  }
  return value;
}
#endif

fn store_output(work: Work, row: u32, output: u32, sum: f32) {
  let m = work.first_token + row;
  if (m < params.num_tokens) {
    store_one(m, work.first_row + output, sum);
  }
}
