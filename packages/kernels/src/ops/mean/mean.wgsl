// mean: y[i] = mean over b of x[b, i]
// One invocation owns one vector of four elements and walks over the batch.
#include <fold>

const WORKGROUP_SIZE: u32 = 64u;

struct Params { batch: u32, vectors: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;         // [batch, vectors]
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;   // [vectors]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = workgroup_index(group, grid) * WORKGROUP_SIZE + lane;
  if (i >= params.vectors) {
    return;
  }
  var sum = vec4<f32>(0.0);
  for (var b = 0u; b < params.batch; b++) {
    sum += x[b * params.vectors + i];
  }
  y[i] = sum / f32(params.batch);
}
