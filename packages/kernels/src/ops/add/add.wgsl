// add: y[i] += x[i]. One invocation owns four elements where the count is a multiple of four (VECTORS), else one.
#type input_type
#const WORKGROUP_SIZE: u32
#flag VECTORS
#include <fold>

struct Params { count: u32 }   // elements, or vectors of four

@group(0) @binding(0) var<uniform> params: Params;
#if VECTORS
@group(0) @binding(1) var<storage, read> x: array<vec4<input_type>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
alias Sum = vec4<f32>;
#else
@group(0) @binding(1) var<storage, read> x: array<input_type>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
alias Sum = f32;
#endif

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = workgroup_index(group, grid) * WORKGROUP_SIZE + lane;
  if (i < params.count) {
    y[i] += Sum(x[i]);
  }
}
