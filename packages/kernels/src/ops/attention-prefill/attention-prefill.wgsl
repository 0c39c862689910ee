// attention-prefill: y[t, h] = Σ_j softmax_j(q[t, h] · keys[g, j] / √d) values[g, j] over the keys 0 ≤ j ≤ position + t
// of the KV head g that serves head h. With two tokens in the cache and three new ones, token t sees the keys marked x:
//
//       j  0 1 2 3 4
//   t = 0  x x x . .
//   t = 1  x x x x .
//   t = 2  x x x x x
//
// Flash attention (Dao et al. 2022, https://arxiv.org/abs/2205.14135): scores live in registers only, and the running
// maximum of a row rescales what was summed before. The maximum starts at the lowest finite f32 and key 0 is visible to
// every row, so no infinity appears; invisible keys get weight 0 by their index, not by an added constant.
//
// A workgroup owns TILE_ROWS rows of one KV head and walks over the keys in tiles of 32. Eight lanes own four rows:
// lane x of the eight has the scores of keys x, x + 8, x + 16, x + 24 and the output columns x, x + 8, … (in vec4s).
// Phases per tile: 1 scores, CHUNK vec4s of the head at a time · 2 maximum and weights · 3 weighted sum, 4 SLICE values at a time.
// Workgroup memory, 64 rows: rows 64 × 8 × 16 B = 8 KiB (queries, then weights) + columns 32 × 9 × 16 B = 4.5 KiB (keys,
// then values) + maxima 128 × 16 B = 2 KiB, under the 16 KiB that every device has. Sums are f32.
#const TILE_ROWS: u32   // 64, 32 or 16
#const CHUNKS: u32      // that a head is cut into
#const CHUNK: u32       // vec4s of a chunk, at most 8
#const SLICE: u32       // quarters of the key tile are loaded SLICE values each: 8, 4 or 2
#include <prefill-rows>
#include <fold>

const TILE_KEYS: u32 = 32u;
const LANES: u32 = 8u;
const WORKGROUP_SIZE: u32 = TILE_ROWS / 4u * LANES;
const COLUMN_STRIDE: u32 = CHUNK | 1u;   // odd, so that eight lanes reading eight keys meet no bank twice

// Loops bounded by the last five (CHUNKS, CHUNK, LANES, LANES / SLICE, SLICE) stay rolled, as no compiler knows their length:
// unrolled, the shader takes CPU adapters several times as long to compile and is no faster.
struct Params {
  num_tokens: u32, capacity: u32, num_kv_heads: u32, group: u32,
  num_chunks: u32, chunk: u32, num_lanes: u32, num_slices: u32, slice: u32,
}

var<workgroup> row_tile: array<vec4<f32>, TILE_ROWS * LANES>;
var<workgroup> column_tile: array<vec4<f32>, TILE_KEYS * COLUMN_STRIDE>;
var<workgroup> lane_rows: array<vec4<f32>, WORKGROUP_SIZE>;   // one value per lane for each of its four rows

fn load_queries(chunk: u32, kv_head: u32, first_row: u32, lane: u32) {
  for (var i = lane; i < TILE_ROWS * CHUNK; i += WORKGROUP_SIZE) {
    let row = first_row + i / CHUNK;
    let column = chunk * CHUNK + i % CHUNK;
    var query = vec4<f32>();
    if (row < params.num_tokens * params.group && column < VECTORS) {
      query = vec4<f32>(q[element(row, kv_head, column)]);
    }
    row_tile[i / CHUNK * LANES + i % CHUNK] = query;
  }
}

fn load_keys(chunk: u32, kv_head: u32, first_key: u32, num_keys: u32, lane: u32) {
  for (var i = lane; i < TILE_KEYS * CHUNK; i += WORKGROUP_SIZE) {
    let key = first_key + i / CHUNK;
    let column = chunk * CHUNK + i % CHUNK;
    var loaded = vec4<f32>();
    if (key < num_keys && column < VECTORS) {
      loaded = load_vector(keys[(kv_head * params.capacity + key) * VECTORS + column]);
    }
    column_tile[i / CHUNK * COLUMN_STRIDE + i % CHUNK] = loaded;
  }
}

// The values of keys first_key + slice · SLICE + b + 8j (b < SLICE, j < 4) in rows j · SLICE + b.
fn load_values(slice: u32, kv_head: u32, first_key: u32, num_keys: u32, lane: u32) {
  for (var i = lane; i < 4u * SLICE * VECTORS; i += WORKGROUP_SIZE) {
    let row = i / VECTORS;
    let key = first_key + slice * SLICE + row % SLICE + row / SLICE * LANES;
    var loaded = vec4<f32>();
    if (key < num_keys) {
      loaded = load_vector(values[(kv_head * params.capacity + key) * VECTORS + i % VECTORS]);
    }
    column_tile[i] = loaded;
  }
}

// scores[i][j] for row 4y + i and key x + 8j: products with one chunk of the head.
fn chunk_scores(x: u32, y: u32) -> mat4x4<f32> {
  var scores = mat4x4<f32>();
  for (var c = 0u; c < params.chunk; c++) {
    let columns = mat4x4<f32>(
      column_tile[x * COLUMN_STRIDE + c],
      column_tile[(x + 8u) * COLUMN_STRIDE + c],
      column_tile[(x + 16u) * COLUMN_STRIDE + c],
      column_tile[(x + 24u) * COLUMN_STRIDE + c],
    );
    let row = y * 4u * LANES + c;
    scores += mat4x4<f32>(
      row_tile[row] * columns,
      row_tile[row + LANES] * columns,
      row_tile[row + 2u * LANES] * columns,
      row_tile[row + 3u * LANES] * columns,
    );
  }
  return scores;
}

// Four rows times one vec4 of output columns: four keys' weights (one row's in a column of `weights`) times their values.
fn weighted_values(weights: mat4x4<f32>, b: u32, column: u32) -> mat4x4<f32> {
  let columns = mat4x4<f32>(
    column_tile[b * VECTORS + column],
    column_tile[(SLICE + b) * VECTORS + column],
    column_tile[(2u * SLICE + b) * VECTORS + column],
    column_tile[(3u * SLICE + b) * VECTORS + column],
  );
  return columns * weights;
}

fn scale_rows(sums: mat4x4<f32>, scale: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(sums[0] * scale.x, sums[1] * scale.y, sums[2] * scale.z, sums[3] * scale.w);
}

fn store(sums: mat4x4<f32>, total: vec4<f32>, column: u32, kv_head: u32, first_row: u32, lane: u32) {
  if (column >= VECTORS) {
    return;
  }
  for (var i = 0u; i < 4u; i++) {
    let row = first_row + lane / LANES * 4u + i;
    if (row < params.num_tokens * params.group) {
      y[element(row, kv_head, column)] = vec4<output_type>(sums[i] / total[i]);
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = row_tile_of(workgroup_index(group, grid));
  if (tile.num_keys == 0u) {
    return;
  }
  let kv_head = tile.kv_head;
  let first_row = tile.first_row;
  let num_keys = tile.num_keys;

  let tile_row = lane / LANES * 4u;
  let own_rows = min(vec4(first_row + tile_row) + vec4(0u, 1u, 2u, 3u), vec4(tile.last_row));
  let visible = vec4(position[0] + 1u) + own_rows / vec4(params.group);

  var row_max = vec4(LOWEST);
  var row_sum = vec4(0.0);   // over this lane's keys
  var sums_0 = mat4x4<f32>();
#if CHUNKS > 1
  var sums_1 = mat4x4<f32>();
#endif
#if CHUNKS > 2
  var sums_2 = mat4x4<f32>();
#endif
#if CHUNKS > 3
  var sums_3 = mat4x4<f32>();
#endif

  for (var first_key = 0u; first_key < num_keys; first_key += TILE_KEYS) {
    var scores = mat4x4<f32>();
    for (var chunk = 0u; chunk < params.num_chunks; chunk++) {
      if (chunk > 0u) {
        workgroupBarrier();
      }
      load_queries(chunk, kv_head, first_row, lane);
      load_keys(chunk, kv_head, first_key, num_keys, lane);
      workgroupBarrier();
      scores += chunk_scores(lane % LANES, lane / LANES);
    }

    let own_keys = vec4(first_key + lane % LANES) + vec4(0u, 8u, 16u, 24u);
    scores *= SCORE_SCALE;
    lane_rows[lane] = vec4(
      highest(select(vec4(LOWEST), scores[0], own_keys < vec4(visible.x))),
      highest(select(vec4(LOWEST), scores[1], own_keys < vec4(visible.y))),
      highest(select(vec4(LOWEST), scores[2], own_keys < vec4(visible.z))),
      highest(select(vec4(LOWEST), scores[3], own_keys < vec4(visible.w))),
    );
    workgroupBarrier();
    var new_max = row_max;
    for (var i = 0u; i < params.num_lanes; i++) {
      new_max = max(new_max, lane_rows[lane / LANES * LANES + i]);
    }
    let tile_weights = mat4x4<f32>(
      select(vec4(0.0), exp2(scores[0] - new_max.x), own_keys < vec4(visible.x)),
      select(vec4(0.0), exp2(scores[1] - new_max.y), own_keys < vec4(visible.y)),
      select(vec4(0.0), exp2(scores[2] - new_max.z), own_keys < vec4(visible.z)),
      select(vec4(0.0), exp2(scores[3] - new_max.w), own_keys < vec4(visible.w)),
    );
    let rescale = exp2(row_max - new_max);
    row_max = new_max;
    row_sum = row_sum * rescale + vec4(1.0) * tile_weights;
    for (var i = 0u; i < 4u; i++) {
      row_tile[(tile_row + i) * LANES + lane % LANES] = tile_weights[i];
    }

    sums_0 = scale_rows(sums_0, rescale);
#if CHUNKS > 1
    sums_1 = scale_rows(sums_1, rescale);
#endif
#if CHUNKS > 2
    sums_2 = scale_rows(sums_2, rescale);
#endif
#if CHUNKS > 3
    sums_3 = scale_rows(sums_3, rescale);
#endif
    for (var slice = 0u; slice < params.num_slices; slice++) {
      load_values(slice, kv_head, first_key, num_keys, lane);
      workgroupBarrier();
      for (var b = 0u; b < params.slice; b++) {
        let row = tile_row * LANES + slice * SLICE + b;
        let weights = mat4x4<f32>(
          row_tile[row], row_tile[row + LANES], row_tile[row + 2u * LANES], row_tile[row + 3u * LANES],
        );
        sums_0 += weighted_values(weights, b, lane % LANES);
#if CHUNKS > 1
        sums_1 += weighted_values(weights, b, lane % LANES + 8u);
#endif
#if CHUNKS > 2
        sums_2 += weighted_values(weights, b, lane % LANES + 16u);
#endif
#if CHUNKS > 3
        sums_3 += weighted_values(weights, b, lane % LANES + 24u);
#endif
      }
      workgroupBarrier();
    }
  }

  lane_rows[lane] = row_sum;
  workgroupBarrier();
  var total = vec4(0.0);
  for (var i = 0u; i < params.num_lanes; i++) {
    total += lane_rows[lane / LANES * LANES + i];
  }
  store(sums_0, total, lane % LANES, kv_head, first_row, lane);
#if CHUNKS > 1
  store(sums_1, total, lane % LANES + 8u, kv_head, first_row, lane);
#endif
#if CHUNKS > 2
  store(sums_2, total, lane % LANES + 16u, kv_head, first_row, lane);
#endif
#if CHUNKS > 3
  store(sums_3, total, lane % LANES + 24u, kv_head, first_row, lane);
#endif
}
