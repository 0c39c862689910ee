// lora-down: products[p, j] = scales[j] · Σ over k of a[e(p), j, k] · x[row(p), k]
//   product row p is an input row, or with EXPERTS a slot (token p / TOP_K, its choice p % TOP_K) of expert experts[p];
//   row(p) is the slot's token, or the slot itself with ROWS_ARE_SLOTS.
//   NORM multiplies x by norm_weight[k] / sqrt(mean over k of x² + EPSILON), with UNDIVIDED by norm_weight[k] alone.
// One workgroup owns four rows of A for one product row, and leaves at once where all four scales are zero: an adapter
// that is switched off costs no memory traffic. Its invocations stride over K in vectors.
// Phases: 1 dot products · 2 reduction · 3 scale and store. Sums are f32 whatever the storage type.
#type input_type
#const COLUMNS: u32      // K
#const LORA_ROWS: u32    // segments · rank of one expert
#const TOP_K: u32        // product rows per token
#flag EXPERTS
#flag ROWS_ARE_SLOTS
#flag NORM
#flag UNDIVIDED
#if NORM && !UNDIVIDED
#const EPSILON: f32
#include <reduce>
#endif
#include <reduce-vec4>
#include <lora-matrix>
#include <fold>

const COLUMN_VECTORS: u32 = COLUMNS / 4u;
const ROW_GROUPS: u32 = (LORA_ROWS + 3u) / 4u;

struct Params { product_rows: u32, num_experts: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<input_type>>;      // [M (· TOP_K), K / 4]
@group(0) @binding(2) var<storage, read> a: array<LoraVec4>;              // [(experts,) LORA_ROWS, K / 4]
@group(0) @binding(3) var<storage, read> scales: array<f32>;              // [LORA_ROWS]
#if EXPERTS
@group(0) @binding(4) var<storage, read> experts: array<u32>;             // [M, TOP_K]
#endif
#if NORM
@group(0) @binding(5) var<storage, read> norm_weight: array<vec4<f32>>;   // [K / 4]
#endif
@group(0) @binding(6) var<storage, read_write> products: array<f32>;      // [product rows, LORA_ROWS]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
#if SUBGROUPS
  @builtin(subgroup_size) subgroup_size: u32,
#endif
) {
#if !SUBGROUPS
  let subgroup_size = 1u;
#endif
  let index = workgroup_index(group, grid);
  let p = index / ROW_GROUPS;
  if (p >= params.product_rows) {
    return;
  }
  let j = vec4<u32>(index % ROW_GROUPS * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
  let inside = j < vec4<u32>(LORA_ROWS);
  let rows = min(j, vec4<u32>(LORA_ROWS - 1u));
  let scale = vec4<f32>(scales[rows.x], scales[rows.y], scales[rows.z], scales[rows.w]);
  if (all(scale == vec4<f32>(0.0))) {
    if (lane < 4u && inside[lane]) {
      products[p * LORA_ROWS + j[lane]] = 0.0;
    }
    return;
  }
#if EXPERTS
  let a_rows = rows + min(experts[p], params.num_experts - 1u) * LORA_ROWS;
#else
  let a_rows = rows;
#endif
#if ROWS_ARE_SLOTS
  let x_row = p;
#else
  let x_row = p / TOP_K;
#endif

  var sum = vec4<f32>(0.0);
#if NORM && !UNDIVIDED
  var squares = 0.0;
#endif
  for (var v = lane; v < COLUMN_VECTORS; v += WORKGROUP_SIZE) {
    var value = vec4<f32>(x[x_row * COLUMN_VECTORS + v]);
#if NORM && !UNDIVIDED
    squares += dot(value, value);
#endif
#if NORM
    value *= norm_weight[v];
#endif
    sum += vec4<f32>(
      dot(lora_vec4(a[a_rows.x * COLUMN_VECTORS + v]), value),
      dot(lora_vec4(a[a_rows.y * COLUMN_VECTORS + v]), value),
      dot(lora_vec4(a[a_rows.z * COLUMN_VECTORS + v]), value),
      dot(lora_vec4(a[a_rows.w * COLUMN_VECTORS + v]), value),
    );
  }
  sum = workgroup_sum_vec4(sum, lane, subgroup_size) * scale;
#if NORM && !UNDIVIDED
  sum *= inverseSqrt(workgroup_sum(squares, lane, subgroup_size) / f32(COLUMNS) + EPSILON);
#endif
  if (lane < 4u && inside[lane]) {
    products[p * LORA_ROWS + j[lane]] = select(sum[lane], 0.0, scale[lane] == 0.0);
  }
}
