// packed-grouped: the tile of packed-tile is one of slots that share an expert: y[s, n] = weight[e, n] · x[s / SLOTS_PER_ROW].
//   LORA and GATED as in grouped-matmul.
// LoRA adds steps with the products of all parts as inputs and B as weights, zero where a product is another part's.
#include <grouped-slots>

struct Work {
  expert: u32,
  first_slot: u32,   // in sorted_slots
  first_row: u32,    // of the slice, and of its part
}

fn work_of(group: vec3<u32>, grid: vec3<u32>) -> Work {
  let index = workgroup_index(group, grid);
  let slots = index % params.num_tiles;
  return Work(tile_experts[slots], slots * TILE_ROWS, index / params.num_tiles * TILE_OUTPUTS);
}

// The grid covers the most tiles that there can be, and may have been folded.
fn is_idle(work: Work) -> bool {
  return work.expert == NO_EXPERT || work.first_row >= params.rows;
}

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
const LORA_COLUMNS: u32 = PARTS * LORA_RANK;
const LORA_STEPS: u32 = (LORA_COLUMNS + 15u) / 16u;

fn is_skipped(work: Work, step: u32) -> bool {
  return false;
}

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

fn store_output(work: Work, row: u32, output: u32, sum: f32) {
  let slot = sorted_slots[work.first_slot + row];
  if (slot < params.num_slots && work.first_row + output < params.rows) {
    y[slot * OUTPUT_ROWS + params.row_start + work.first_row + output] = output_type(sum);
  }
}
