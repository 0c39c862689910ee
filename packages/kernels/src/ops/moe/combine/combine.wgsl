// combine: y[t, d] (+)= Σ over j of weights[t, j] · expert_output[t · topk + j, d]
// One invocation owns four neighbouring elements of y. Sums are f32, in the order of the choices.
#type input_type
#const COLUMNS: u32
#const TOP_K: u32
#const WORKGROUP_SIZE: u32
#flag ACCUMULATE
#include <fold>

const VECTORS: u32 = COLUMNS / 4u;

struct Params { num_tokens: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> expert_output: array<vec4<input_type>>;   // [tokens · topk, columns]
@group(0) @binding(2) var<storage, read> weights: array<f32>;                      // [tokens, topk]
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;                // [tokens, columns]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroup_index(group, grid) * WORKGROUP_SIZE + lane;
  if (index >= params.num_tokens * VECTORS) {
    return;
  }
  let token = index / VECTORS;
  let column = index % VECTORS;
#if ACCUMULATE
  var sum = y[index];
#else
  var sum = vec4<f32>();
#endif
  for (var slot = token * TOP_K; slot < (token + 1u) * TOP_K; slot++) {
    sum += weights[slot] * vec4<f32>(expert_output[slot * VECTORS + column]);
  }
  y[index] = sum;
}
