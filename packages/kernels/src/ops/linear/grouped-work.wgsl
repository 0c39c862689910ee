// grouped-work: what the tiles of packed-grouped and grouped-tile are of: slots that share an expert,
//   y[s, n] = weight[e, n] · x[s / SLOTS_PER_ROW]; LORA and GATED as in grouped-matmul.
#include <grouped-slots>

#if LORA
const LORA_COLUMNS: u32 = PARTS * LORA_RANK;
#endif

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

fn is_skipped(work: Work, step: u32) -> bool {
  return false;
}

fn store_output(work: Work, row: u32, output: u32, sum: f32) {
  let slot = sorted_slots[work.first_slot + row];
  if (slot < params.num_slots && work.first_row + output < params.rows) {
    y[slot * OUTPUT_ROWS + params.row_start + work.first_row + output] = output_type(sum);
  }
}
