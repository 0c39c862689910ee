// linear-matmul: y[m, n] = Σ over k of x[m, k] · weight[n, k], with many input rows m: prefill.
//   NORM, LORA, BIAS, GATED and ACCUMULATE as in the piece linear-layer.
// A workgroup of 16 × 8 invocations owns a tile of 8 · THREAD_ROWS input rows and 64 weight rows (GATED: 32 gate rows, then their
// 32 up rows). An invocation owns THREAD_ROWS input rows and the weight rows tn, tn + 16, tn + 32, tn + 48,
// so that gate and up of one output meet in one invocation.
// Phases per 32 columns of K: 1 inputs and dequantized weights into workgroup memory · 2 dot products of vec4s along K.
// LoRA adds such steps, with products as inputs and B as weights, masked to the rows of one segment. Then the epilogue.
// NORM sums the squares of the inputs as they are loaded, and scales the sums after the last step along K.
// Workgroup memory: (TILE_ROWS + 64) × 32 × 4 B, 16 KiB at 64 rows. Vector v of row r lies at v ^ (r % 8): 16 invocations
// that read one vector of 16 rows hit different banks.
#const THREAD_ROWS: u32   // 1, 2, 4 or 8
#include <linear-layer>

const WORKGROUP_SIZE: u32 = 128u;
const TILE_COLUMNS: u32 = 64u;
const STEP_VECTORS: u32 = 8u;   // vec4s of one step along K
const TILE_ROWS: u32 = 8u * THREAD_ROWS;
const TILE_OUTPUTS: u32 = select(64u, 32u, GATED);
const STEPS: u32 = (COLUMN_VECTORS + STEP_VECTORS - 1u) / STEP_VECTORS;

var<workgroup> x_tile: array<vec4<f32>, TILE_ROWS * STEP_VECTORS>;
var<workgroup> w_tile: array<vec4<f32>, TILE_COLUMNS * STEP_VECTORS>;

fn swizzled(row: u32, v: u32) -> u32 {
  return row * STEP_VECTORS + (v ^ (row % STEP_VECTORS));
}

// Row of the buffer (or of LoRA's B, with rows = N) behind column c of a tile that starts at output `first`.
fn tile_row(first: u32, c: u32, rows: u32) -> u32 {
  return min(first + c % TILE_OUTPUTS, params.rows - 1u) + c / TILE_OUTPUTS * rows;
}

fn load_weights(first: u32, step: u32, lane: u32) {
  for (var i = lane; i < TILE_COLUMNS * STEP_VECTORS / 2u; i += WORKGROUP_SIZE) {
    let c = i / (STEP_VECTORS / 2u);
    let v = i % (STEP_VECTORS / 2u) * 2u;
    let column = step * STEP_VECTORS + v;
    var pair = WeightPair(vec4<f32>(0.0), vec4<f32>(0.0));
    if (column < COLUMN_VECTORS) {
      pair = weight_pair(tile_row(first, c, params.rows), column);
    }
    if (column + 1u >= COLUMN_VECTORS) {
      pair.high = vec4<f32>(0.0);
    }
    w_tile[swizzled(c, v)] = pair.low;
    w_tile[swizzled(c, v + 1u)] = pair.high;
  }
}

#if LORA
// Whether the tile has rows in a segment, so that its steps are worth their while.
fn tile_meets(first: u32, segment: u32) -> bool {
  let last = min(first + TILE_OUTPUTS, params.rows) - 1u;
#if GATED
  return (lora_segment(params.row_start + first) <= segment && segment <= lora_segment(params.row_start + last))
    || (lora_segment(params.row_start + first + params.total_rows) <= segment
      && segment <= lora_segment(params.row_start + last + params.total_rows));
#else
  return lora_segment(params.row_start + first) <= segment && segment <= lora_segment(params.row_start + last);
#endif
}

// Products as inputs and B as weights, for ranks 4 (step · STEP_VECTORS + v) .. + 3.
fn load_lora(first_token: u32, first: u32, segment: u32, step: u32, lane: u32) {
  for (var i = lane; i < TILE_ROWS * STEP_VECTORS; i += WORKGROUP_SIZE) {
    let m = min(first_token + i / STEP_VECTORS, params.num_tokens - 1u);
    let v = i % STEP_VECTORS;
    var value = vec4<f32>(0.0);
    for (var c = 0u; c < 4u; c++) {
      let r = (step * STEP_VECTORS + v) * 4u + c;
      if (r < LORA_RANK) {
        value[c] = products[(m * LORA_SEGMENTS + segment) * LORA_RANK + r];
      }
    }
    x_tile[swizzled(i / STEP_VECTORS, v)] = value;
  }
  for (var i = lane; i < TILE_COLUMNS * STEP_VECTORS; i += WORKGROUP_SIZE) {
    let n = params.row_start + tile_row(first, i / STEP_VECTORS, params.total_rows);
    let v = i % STEP_VECTORS;
    var value = vec4<f32>(0.0);
    if (lora_segment(n) == segment) {
      for (var c = 0u; c < 4u; c++) {
        let r = (step * STEP_VECTORS + v) * 4u + c;
        if (r < LORA_RANK) {
          value[c] = lora_element(n, r);
        }
      }
    }
    w_tile[swizzled(i / STEP_VECTORS, v)] = value;
  }
}
#endif

#if NORM
// 1 / RMS of a row of the tile, once x_tile holds every invocation's sums of squares.
fn inverse_rms(row: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < STEP_VECTORS; i++) {
    sum += x_tile[row % 16u * STEP_VECTORS + i][row / 16u];
  }
  return inverseSqrt(sum / f32(COLUMNS) + EPSILON);
}
#endif

// Sums of one input row and the invocation's four weight rows.
fn dot_row(row: u32, v: u32, w: mat4x4<f32>) -> vec4<f32> {
  return x_tile[swizzled(row, v)] * w;
}

fn store(first_token: u32, first: u32, row: u32, tn: u32, sum: vec4<f32>) {
  let m = first_token + row;
  if (m >= params.num_tokens) {
    return;
  }
#if GATED
  let activated = sum.xy / (1.0 + exp(-sum.xy)) * sum.zw;
  store_one(m, first + tn, activated.x);
  store_one(m, first + tn + 16u, activated.y);
#else
  store_one(m, first + tn, sum.x);
  store_one(m, first + tn + 16u, sum.y);
  store_one(m, first + tn + 32u, sum.z);
  store_one(m, first + tn + 48u, sum.w);
#endif
}

@compute @workgroup_size(16, 8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first_token = group.x * TILE_ROWS;
  let first = group.y * TILE_OUTPUTS;
  let tn = lane % 16u;
  let tm = lane / 16u * THREAD_ROWS;

#repeat i THREAD_ROWS
  var sum$i = vec4<f32>(0.0);
#endrepeat
#if NORM
  var squares = vec4<f32>(0.0);   // of rows lane / 8 + 16 i
#endif
#if LORA
  const LORA_STEPS = (LORA_RANK + 4u * STEP_VECTORS - 1u) / (4u * STEP_VECTORS);
  const ALL_STEPS = STEPS + LORA_SEGMENTS * LORA_STEPS;
#else
  const ALL_STEPS = STEPS;
#endif

  for (var step = 0u; step < ALL_STEPS; step++) {
#if LORA
    if (step >= STEPS && !tile_meets(first, (step - STEPS) / LORA_STEPS)) {
      continue;
    }
#endif
    workgroupBarrier();
#if LORA
    if (step >= STEPS) {
      load_lora(first_token, first, (step - STEPS) / LORA_STEPS, (step - STEPS) % LORA_STEPS, lane);
    } else {
      load_weights(first, step, lane);
    }
#else
    load_weights(first, step, lane);
#endif
    if (step < STEPS) {
      for (var i = lane; i < TILE_ROWS * STEP_VECTORS; i += WORKGROUP_SIZE) {
        let m = min(first_token + i / STEP_VECTORS, params.num_tokens - 1u);
        let column = step * STEP_VECTORS + i % STEP_VECTORS;
        var value = vec4<f32>(0.0);
        if (column < COLUMN_VECTORS) {
          value = vec4<f32>(x[m * COLUMN_VECTORS + column]);
#if NORM
          squares[i / WORKGROUP_SIZE] += dot(value, value);
          value *= norm_weight[column];
#endif
        }
        x_tile[swizzled(i / STEP_VECTORS, i % STEP_VECTORS)] = value;
      }
    }
    workgroupBarrier();
    for (var v = 0u; v < STEP_VECTORS; v++) {
      let w = mat4x4<f32>(
        w_tile[swizzled(tn, v)],
        w_tile[swizzled(tn + 16u, v)],
        w_tile[swizzled(tn + 32u, v)],
        w_tile[swizzled(tn + 48u, v)],
      );
#repeat i THREAD_ROWS
      sum$i += dot_row(tm + $i, v, w);
#endrepeat
    }
#if NORM
    if (step == STEPS - 1u) {
      workgroupBarrier();
      if (lane < TILE_ROWS * STEP_VECTORS) {
        x_tile[lane] = squares;
      }
      workgroupBarrier();
#repeat i THREAD_ROWS
      sum$i *= inverse_rms(tm + $i);
#endrepeat
    }
#endif
  }

#repeat i THREAD_ROWS
  store(first_token, first, tm + $i, tn, sum$i);
#endrepeat
}
