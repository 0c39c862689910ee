// linear-broadcast: y[m, n] = Σ over k of x[m, k] · weight[n, k], with many input rows m and nothing in workgroup memory.
//   NORM, LORA, BIAS, GATED and ACCUMULATE as in the piece linear-layer.
// An invocation owns four weight rows (GATED: two gates and their ups) and all TILE_ROWS input rows of its workgroup. It
// dequantizes its own weights pack by pack. The lanes of a subgroup hold the inputs, GROUP_VECTORS of each row at a time,
// and broadcast them. This is the variant for adapters that run few invocations in lockstep, above all on a CPU: there each
// load is gathered lane by lane, and loads per product decide.
// Phases: 0 NORM: sums of squares · 1 products along K · 2 LoRA, with its products as inputs and B as weights, masked to the
// rows of one segment · 3 epilogue. Workgroup memory: for NORM, 4 B per invocation and per row.
// Any subgroup size of at least GROUP_VECTORS is right, since lanes beyond hold the same inputs again.
enable subgroups;
#const TILE_ROWS: u32
#const WORKGROUP_SIZE: u32
#const GROUP_VECTORS: u32    // vec4s of one input row that lanes hold at a time; at most the smallest subgroup
#const PACK_GROUPS: u32      // such groups in one pack of weights
#include <linear-layer>

const TILE_OUTPUTS: u32 = WORKGROUP_SIZE * select(4u, 2u, GATED);

#if NORM
const NORM_LANES: u32 = WORKGROUP_SIZE / TILE_ROWS;   // invocations per row
var<workgroup> row_squares: array<f32, WORKGROUP_SIZE>;
var<workgroup> row_scale: array<f32, TILE_ROWS>;

// 1 / RMS of every row of the tile, into row_scale.
fn measure_rows(first_token: u32, lane: u32) {
  let m = token_row(first_token, lane / NORM_LANES);
  var squares = 0.0;
  for (var v = lane % NORM_LANES; v < COLUMN_VECTORS; v += NORM_LANES) {
    let value = vec4<f32>(x[m * COLUMN_VECTORS + v]);
    squares += dot(value, value);
  }
  row_squares[lane] = squares;
  workgroupBarrier();
  if (lane < TILE_ROWS) {
    var sum = 0.0;
    for (var i = 0u; i < NORM_LANES; i++) {
      sum += row_squares[lane * NORM_LANES + i];
    }
    row_scale[lane] = inverseSqrt(sum / f32(COLUMNS) + EPSILON);
  }
  workgroupBarrier();
}
#endif

// Rows beyond the last token repeat it; they are never stored.
fn token_row(first_token: u32, row: u32) -> u32 {
  return min(first_token + row, params.num_tokens - 1u);
}

// Row i of an invocation, as the buffer (or LoRA's B, with rows = N) counts them; its outputs lie WORKGROUP_SIZE apart.
fn lane_row(first: u32, lane: u32, i: u32, rows: u32) -> u32 {
  let c = lane + i * WORKGROUP_SIZE;
  return min(first + c % TILE_OUTPUTS, params.rows - 1u) + c / TILE_OUTPUTS * rows;
}

#if LORA
// B's weight of row n for column i of the products, zero where that column belongs to another segment.
fn lora_weight(n: u32, i: u32) -> f32 {
  return select(0.0, lora_element(n, i % LORA_RANK), lora_segment(n) == i / LORA_RANK);
}
#endif

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let first_token = group.x * TILE_ROWS;
  let first = group.y * TILE_OUTPUTS;
#if NORM
  measure_rows(first_token, lane);
#endif
#repeat m TILE_ROWS
  var sum$m = vec4<f32>(0.0);
  let x_row$m = token_row(first_token, $m) * COLUMN_VECTORS;
#if NORM
  let scale$m = row_scale[$m];
#endif
#endrepeat

#repeat i 4
  let row$i = lane_row(first, lane, $i, params.rows);
#endrepeat
  for (var p = 0u; p < PACKS_PER_ROW; p++) {
#repeat i 4
    let w$i = quants[row$i * PACKS_PER_ROW + p];
    let s$i = weight_scale(row$i, p);
#endrepeat
#repeat g PACK_GROUPS
    {
      let v = p * WEIGHT_VECTORS + $g * GROUP_VECTORS + subgroup_lane % GROUP_VECTORS;
#if NORM
      let unit = norm_weight[v] * CODE_UNIT;
#repeat m TILE_ROWS
      let x$m = vec4<f32>(x[x_row$m + v]) * unit * scale$m;
#endrepeat
#else
#repeat m TILE_ROWS
      let x$m = vec4<f32>(x[x_row$m + v]) * CODE_UNIT;
#endrepeat
#endif
#repeat j GROUP_VECTORS
      {
        const I = $g * GROUP_VECTORS + $j;
        let w = mat4x4<f32>(pack_codes(w0, I) * s0, pack_codes(w1, I) * s1, pack_codes(w2, I) * s2, pack_codes(w3, I) * s3);
#repeat m TILE_ROWS
        sum$m += subgroupBroadcast(x$m, $j) * w;
#endrepeat
      }
#endrepeat
    }
#endrepeat
  }

#if LORA
#repeat i 4
  let n$i = params.row_start + lane_row(first, lane, $i, params.total_rows);
#endrepeat
  for (var i = 0u; i < LORA_SEGMENTS * LORA_RANK; i++) {
    let w = vec4<f32>(lora_weight(n0, i), lora_weight(n1, i), lora_weight(n2, i), lora_weight(n3, i));
#repeat m TILE_ROWS
    sum$m += products[token_row(first_token, $m) * LORA_SEGMENTS * LORA_RANK + i] * w;
#endrepeat
  }
#endif

  // A loop with selects, because the stores of all rows side by side would take longer to compile than all the rest.
  for (var m = 0u; m < min(TILE_ROWS, params.num_tokens - first_token); m++) {
    var sum = sum0;
#repeat m TILE_ROWS
    sum = select(sum, sum$m, m == $m);
#endrepeat
#if GATED
    let activated = sum.xy / (1.0 + exp(-sum.xy)) * sum.zw;
    store_one(first_token + m, first + lane, activated.x);
    store_one(first_token + m, first + lane + WORKGROUP_SIZE, activated.y);
#else
#repeat i 4
    store_one(first_token + m, first + lane + $i * WORKGROUP_SIZE, sum[$i]);
#endrepeat
#endif
  }
}
