// linear-tile: the tile of matrix-tile as one of a linear layer, from linear-work.
// LoRA adds steps with products as inputs and B as weights, masked to the rows of one segment.

const WEIGHT_STEPS: u32 = (COLUMN_VECTORS + STEP_VECTORS - 1u) / STEP_VECTORS;
#if LORA
const LORA_STEPS: u32 = (LORA_RANK + STEP_COLUMNS - 1u) / STEP_COLUMNS;   // of one segment
const STEPS: u32 = WEIGHT_STEPS + LORA_SEGMENTS * LORA_STEPS;
#else
const STEPS: u32 = WEIGHT_STEPS;
#endif

// Row of the buffer (or of LoRA's B, with rows = N) behind a column of the tile. One beyond the slice becomes its last: it
// is computed and not stored.
fn weight_row(work: Work, column: u32, rows: u32) -> u32 {
  return min(work.first_row + column_output(column), params.rows - 1u) + column_part(column) * rows;
}

fn is_skipped(work: Work, step: u32) -> bool {
#if LORA
  if (step >= WEIGHT_STEPS) {
    return misses_segment(work, (step - WEIGHT_STEPS) / LORA_STEPS);
  }
#endif
  return false;
}

fn fill_weights(work: Work, step: u32, lane: u32) {
  for (var i = lane; i < TILE_ROWS * STEP_VECTORS; i += WORKGROUP_SIZE) {
    let row = i / STEP_VECTORS;
    let v = i % STEP_VECTORS;
    let column = step * STEP_VECTORS + v;
    var value = vec4<f32>();
    if (column < COLUMN_VECTORS) {
      value = vec4<f32>(x[min(work.first_token + row, params.num_tokens - 1u) * COLUMN_VECTORS + column]);
    }
    fill_tile(row, v, value);
  }
  for (var i = lane; i < TILE_COLUMNS * STEP_VECTORS / 2u; i += WORKGROUP_SIZE) {
    let row = i / (STEP_VECTORS / 2u);
    let v = i % (STEP_VECTORS / 2u) * 2u;
    let column = step * STEP_VECTORS + v;
    var pair: WeightPair;
    if (column < COLUMN_VECTORS) {
      pair = weight_pair(weight_row(work, row, params.rows), column);
    }
    if (column + 1u >= COLUMN_VECTORS) {
      pair.high = vec4<f32>();
    }
    fill_tile(TILE_ROWS + row, v, pair.low);
    fill_tile(TILE_ROWS + row, v + 1u, pair.high);
  }
}

#if LORA
fn fill_lora(work: Work, segment: u32, first_rank: u32, lane: u32) {
  for (var i = lane; i < (TILE_ROWS + TILE_COLUMNS) * STEP_VECTORS; i += WORKGROUP_SIZE) {
    let row = i / STEP_VECTORS;
    let v = i % STEP_VECTORS;
    var value = vec4<f32>();
    if (row < TILE_ROWS) {
      let m = min(work.first_token + row, params.num_tokens - 1u);
      for (var c = 0u; c < 4u; c++) {
        let r = first_rank + 4u * v + c;
        if (r < LORA_RANK) {
          value[c] = products[(m * LORA_SEGMENTS + segment) * LORA_RANK + r];
        }
      }
    } else {
      let n = params.row_start + weight_row(work, row - TILE_ROWS, params.total_rows);
      for (var c = 0u; c < 4u; c++) {
        let r = first_rank + 4u * v + c;
        if (r < LORA_RANK && lora_segment(n) == segment) {
          value[c] = lora_element(n, r);
        }
      }
    }
    fill_tile(row, v, value);
  }
}
#endif

fn fill_step(work: Work, step: u32, lane: u32) {
#if LORA
  if (step >= WEIGHT_STEPS) {
    let lora_step = step - WEIGHT_STEPS;
    fill_lora(work, lora_step / LORA_STEPS, lora_step % LORA_STEPS * STEP_COLUMNS, lane);
    return;
  }
#endif
  fill_weights(work, step, lane);
}
