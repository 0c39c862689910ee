// rms-norm: y[t, h] = x[t, h] · weight[h] / sqrt(mean over h of x[t, h]² + EPSILON)
// ADD: s = x + addend is normed in place of x, and written to sum, the new residual stream.
// One workgroup owns one token; its invocations stride over hidden in steps of WORKGROUP_SIZE vectors.
// Phases: 1 sum of squares · 2 reduction · 3 scale and store. Sums are f32 whatever the storage type.
#type output_type
#flag ADD
#if ADD
#type addend_type
#endif
#const HIDDEN_SIZE: u32
#const EPSILON: f32
#include <reduce>
#include <fold>

const VECTORS: u32 = HIDDEN_SIZE / 4u;

struct Params { num_tokens: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;                 // [tokens, hidden]
@group(0) @binding(2) var<storage, read> weight: array<vec4<f32>>;            // [hidden]
@group(0) @binding(3) var<storage, read_write> y: array<vec4<output_type>>;   // [tokens, hidden]
#if ADD
@group(0) @binding(4) var<storage, read> addend: array<vec4<addend_type>>;    // [tokens, hidden]
@group(0) @binding(5) var<storage, read_write> sum: array<vec4<f32>>;         // [tokens, hidden]
#endif

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
  let token = workgroup_index(group, grid);
  if (token >= params.num_tokens) {
    return;
  }
  var squares = 0.0;
  for (var i = lane; i < VECTORS; i += WORKGROUP_SIZE) {
#if ADD
    let value = x[token * VECTORS + i] + vec4<f32>(addend[token * VECTORS + i]);
    sum[token * VECTORS + i] = value;
#else
    let value = x[token * VECTORS + i];
#endif
    squares += dot(value, value);
  }
  let mean = workgroup_sum(squares, lane, subgroup_size) / f32(HIDDEN_SIZE);
  let scale = inverseSqrt(mean + EPSILON);
  for (var i = lane; i < VECTORS; i += WORKGROUP_SIZE) {
#if ADD
    let value = sum[token * VECTORS + i];   // written above by this very invocation
#else
    let value = x[token * VECTORS + i];
#endif
    y[token * VECTORS + i] = vec4<output_type>(value * scale * weight[i]);
  }
}
