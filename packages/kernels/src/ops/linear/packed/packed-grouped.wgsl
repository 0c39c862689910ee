// packed-grouped: the tile of packed-tile as one of slots that share an expert, from grouped-work.
// LoRA adds steps with the products of all parts as inputs and B as weights, zero where a product is another part's.

// Padding becomes the last slot, as rows beyond the slice become its last one: they are computed and not stored.
fn input_row(work: Work, row: u32) -> u32 {
  return min(sorted_slots[work.first_slot + row], params.num_slots - 1u) / SLOTS_PER_ROW;
}

fn part_row(work: Work, column: u32) -> u32 {
  return min(work.first_row + column % TILE_OUTPUTS, params.rows - 1u);
}

fn weight_row(work: Work, column: u32) -> u32 {
  return (work.expert * PARTS + column / TILE_OUTPUTS) * params.rows + part_row(work, column);
}

#if LORA
const LORA_STEPS: u32 = (LORA_COLUMNS + 15u) / 16u;

fn lora_inputs(work: Work, row: u32, step: u32, v: u32) -> vec4<f32> {
  let slot = min(sorted_slots[work.first_slot + row], params.num_slots - 1u);
  var value = vec4<f32>();
  for (var c = 0u; c < 4u; c++) {
    let r = step * 16u + 4u * v + c;
    if (r < LORA_COLUMNS) {
      value[c] = products[slot * LORA_COLUMNS + r];
    }
  }
  return value;
}

fn lora_weights(work: Work, column: u32, step: u32, v: u32) -> vec4<f32> {
  let part = column / TILE_OUTPUTS;
  let n = params.row_start + part_row(work, column);
  var value = vec4<f32>();
  for (var c = 0u; c < 4u; c++) {
    let r = step * 16u + 4u * v + c;
    if (r / LORA_RANK == part) {
      value[c] = lora_element(work.expert, part, n, r % LORA_RANK);
    }
  }
  return value;
}
#endif
