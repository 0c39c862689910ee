// Sum over a workgroup of WORKGROUP_SIZE invocations; every invocation gets the total.
// With SUBGROUPS one value per subgroup goes through workgroup memory, otherwise one per invocation in a tree.
#const WORKGROUP_SIZE: u32
#flag SUBGROUPS
#if SUBGROUPS
enable subgroups;
var<workgroup> reduce_partial: array<f32, WORKGROUP_SIZE>;
fn workgroup_sum(value: f32, lane: u32, subgroup_size: u32) -> f32 {
  let total = subgroupAdd(value);
  if (lane % subgroup_size == 0u) {
    reduce_partial[lane / subgroup_size] = total;
  }
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < WORKGROUP_SIZE / subgroup_size; i++) {
    sum += reduce_partial[i];
  }
  return sum;
}
#else
var<workgroup> reduce_partial: array<f32, WORKGROUP_SIZE>;
fn workgroup_sum(value: f32, lane: u32, subgroup_size: u32) -> f32 {
  reduce_partial[lane] = value;
  workgroupBarrier();
  for (var step = WORKGROUP_SIZE / 2u; step > 0u; step /= 2u) {
    if (lane < step) {
      reduce_partial[lane] += reduce_partial[lane + step];
    }
    workgroupBarrier();
  }
  return reduce_partial[0];
}
#endif
