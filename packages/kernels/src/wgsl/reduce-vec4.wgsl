// Sum of vec4s over a workgroup of WORKGROUP_SIZE invocations; every invocation gets the total. As in the piece `reduce`.
#const WORKGROUP_SIZE: u32
#flag SUBGROUPS
var<workgroup> reduce_partial_vec4: array<vec4<f32>, WORKGROUP_SIZE>;
#if SUBGROUPS
enable subgroups;
fn workgroup_sum_vec4(value: vec4<f32>, lane: u32, subgroup_size: u32) -> vec4<f32> {
  let total = subgroupAdd(value);
  if (lane % subgroup_size == 0u) {
    reduce_partial_vec4[lane / subgroup_size] = total;
  }
  workgroupBarrier();
  var sum = vec4<f32>(0.0);
  for (var i = 0u; i < (WORKGROUP_SIZE + subgroup_size - 1u) / subgroup_size; i++) {
    sum += reduce_partial_vec4[i];
  }
  return sum;
}
#else
fn workgroup_sum_vec4(value: vec4<f32>, lane: u32, subgroup_size: u32) -> vec4<f32> {
  reduce_partial_vec4[lane] = value;
  workgroupBarrier();
  for (var step = WORKGROUP_SIZE / 2u; step > 0u; step /= 2u) {
    if (lane < step) {
      reduce_partial_vec4[lane] += reduce_partial_vec4[lane + step];
    }
    workgroupBarrier();
  }
  return reduce_partial_vec4[0];
}
#endif
