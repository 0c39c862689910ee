// linear-work: what the tiles of packed-linear and linear-tile are of: y[m, n] = Σ over k of x[m, k] · weight[n, k].
//   LORA, BIAS, GATED and ACCUMULATE as in the piece linear-layer; never NORM.
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

#if LORA
// Whether the tile has no rows in a segment, whose steps would then add nothing.
fn misses_segment(work: Work, segment: u32) -> bool {
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
#endif

fn store_output(work: Work, row: u32, output: u32, sum: f32) {
  let m = work.first_token + row;
  if (m < params.num_tokens) {
    store_one(m, work.first_row + output, sum);
  }
}
