// lane-sums: adds SUMS vec4s each over every LANES neighbouring invocations of a workgroup.
// With SUBGROUPS, shuffles join SHUFFLE lanes first (at most the smallest subgroup the device can have, so that any larger
// one is right too); what remains goes through workgroup memory, 16 B x SUMS x WORKGROUP_SIZE / SHUFFLE, behind one barrier.
// Use: put_lane_sums(i, lane, value) for each i < SUMS · workgroupBarrier() · lane_sum(i, group, component).
#const LANES: u32            // power of two
#const SHUFFLE: u32          // power of two, at most LANES; 1 without SUBGROUPS
#const SUMS: u32
#const WORKGROUP_SIZE: u32
#flag SUBGROUPS
#if SUBGROUPS
enable subgroups;
#endif

const LANE_PARTIALS: u32 = WORKGROUP_SIZE / SHUFFLE;
var<workgroup> lane_partial: array<vec4<f32>, SUMS * LANE_PARTIALS>;

fn put_lane_sums(index: u32, lane: u32, value: vec4<f32>) {
  var total = value;
#if SUBGROUPS
  for (var mask = 1u; mask < SHUFFLE; mask *= 2u) {
    total += subgroupShuffleXor(total, mask);
  }
#endif
  if (lane % SHUFFLE == 0u) {
    lane_partial[index * LANE_PARTIALS + lane / SHUFFLE] = total;
  }
}

fn lane_sum(index: u32, group: u32, component: u32) -> f32 {
  let first = index * LANE_PARTIALS + group * (LANES / SHUFFLE);
  var total = 0.0;
  for (var i = 0u; i < LANES / SHUFFLE; i++) {
    total += lane_partial[first + i][component];
  }
  return total;
}
