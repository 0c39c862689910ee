// grouped-tile: the tile of matrix-tile as one of slots that share an expert, from grouped-work.
// LoRA adds steps with the products of all parts as inputs and B as weights, zero where a product is another part's.

const WEIGHT_STEPS: u32 = (COLUMN_VECTORS + STEP_VECTORS - 1u) / STEP_VECTORS;
#if LORA
const STEPS: u32 = WEIGHT_STEPS + (LORA_COLUMNS + STEP_COLUMNS - 1u) / STEP_COLUMNS;
#else
const STEPS: u32 = WEIGHT_STEPS;
#endif

// Weight row behind a column of the tile, within its part of the slice. One beyond the slice becomes its last: it is
// computed and not stored.
fn weight_row(work: Work, column: u32) -> u32 {
  return min(work.first_row + column_output(column), params.rows - 1u);
}

fn fill_weights(work: Work, step: u32, lane: u32) {
  for (var i = lane; i < TILE_ROWS * STEP_VECTORS; i += WORKGROUP_SIZE) {
    let row = i / STEP_VECTORS;
    let v = i % STEP_VECTORS;
    fill_tile(row, v, input(sorted_slots[work.first_slot + row], step * STEP_VECTORS + v));
  }
  for (var i = lane; i < TILE_COLUMNS * STEP_VECTORS / 2u; i += WORKGROUP_SIZE) {
    let column = i / (STEP_VECTORS / 2u);
    let v = i % (STEP_VECTORS / 2u) * 2u;
    let source = step * STEP_VECTORS + v;
    var pair: WeightPair;
    if (source < COLUMN_VECTORS) {
      let part = work.expert * PARTS + column_part(column);
      pair = weight_pair(part * params.rows + weight_row(work, column), source);
    }
    if (source + 1u >= COLUMN_VECTORS) {
      pair.high = vec4<f32>();
    }
    fill_tile(TILE_ROWS + column, v, pair.low);
    fill_tile(TILE_ROWS + column, v + 1u, pair.high);
  }
}

#if LORA
fn fill_lora(work: Work, first_rank: u32, lane: u32) {
  for (var i = lane; i < (TILE_ROWS + TILE_COLUMNS) * STEP_VECTORS; i += WORKGROUP_SIZE) {
    let row = i / STEP_VECTORS;
    let v = i % STEP_VECTORS;
    let r = first_rank + 4u * v;
    var value = vec4<f32>();
    if (row < TILE_ROWS) {
      let slot = sorted_slots[work.first_slot + row];
      for (var c = 0u; c < 4u; c++) {
        if (slot < params.num_slots && r + c < LORA_COLUMNS) {
          value[c] = products[slot * LORA_COLUMNS + r + c];
        }
      }
    } else {
      let part = column_part(row - TILE_ROWS);
      let n = params.row_start + weight_row(work, row - TILE_ROWS);
      for (var c = 0u; c < 4u; c++) {
        if ((r + c) / LORA_RANK == part) {
          value[c] = lora_element(work.expert, part, n, (r + c) % LORA_RANK);
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
    fill_lora(work, (step - WEIGHT_STEPS) * STEP_COLUMNS, lane);
    return;
  }
#endif
  fill_weights(work, step, lane);
}
