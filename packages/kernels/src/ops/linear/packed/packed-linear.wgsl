// packed-linear: the tile of packed-tile as one of a linear layer, from linear-work.
// LoRA adds steps with products as inputs and B as weights, masked to the rows of one segment.

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

fn is_skipped(work: Work, step: u32) -> bool {
  return misses_segment(work, step / SEGMENT_STEPS);
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
