// grouped-matmul-subgroup: grouped-matmul without workgroup memory or barriers, for adapters with narrow subgroups.
// A workgroup owns 16 slots of one expert and 64 pairs of weight rows (GATED: gate and up of one output; otherwise outputs
// n and n + 64), an invocation one pair and all 16 slots. The first SHARED_LANES invocations' worth of every subgroup
// hold the inputs of the 16 slots in registers, four columns at a time, and hand them round by broadcast; so an input
// vector is fetched once per subgroup and a weight once per 16 slots.
// Phases: 1 multiply along K · 2 LoRA the same way, products as inputs and B as weights · 3 SiLU, store by slot.
enable subgroups;
#const SHARED_LANES: u32   // 4 or 8, at most the smallest subgroup
#include <grouped-slots>

const TILE_ROWS: u32 = 16u;
const WORKGROUP_SIZE: u32 = 64u;
const BLOCK_ROWS: u32 = select(128u, 64u, GATED);

// The slots whose inputs this invocation fetches for its subgroup.
#if SHARED_LANES == 8
alias OwnSlots = vec2<u32>;
#else
alias OwnSlots = vec4<u32>;
#endif

// Four columns of all 16 slots: column r of matrix i belongs to slot 4 i + r of the tile.
struct TileInputs { m0: mat4x4<f32>, m1: mat4x4<f32>, m2: mat4x4<f32>, m3: mat4x4<f32> }

fn from_lanes_0_to_3(value: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    subgroupBroadcast(value, 0u),
    subgroupBroadcast(value, 1u),
    subgroupBroadcast(value, 2u),
    subgroupBroadcast(value, 3u),
  );
}

#if SHARED_LANES == 8
fn from_lanes_4_to_7(value: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    subgroupBroadcast(value, 4u),
    subgroupBroadcast(value, 5u),
    subgroupBroadcast(value, 6u),
    subgroupBroadcast(value, 7u),
  );
}
#endif

fn tile_inputs(slots: OwnSlots, v: u32) -> TileInputs {
  let x0 = input(slots[0], v);
  let x1 = input(slots[1], v);
#if SHARED_LANES == 8
  return TileInputs(from_lanes_0_to_3(x0), from_lanes_4_to_7(x0), from_lanes_0_to_3(x1), from_lanes_4_to_7(x1));
#else
  return TileInputs(
    from_lanes_0_to_3(x0),
    from_lanes_0_to_3(x1),
    from_lanes_0_to_3(input(slots[2], v)),
    from_lanes_0_to_3(input(slots[3], v)),
  );
#endif
}

#if LORA
// Four low-rank products of a slot; zero beyond the last and for padding.
fn products_vec4(slot: u32, part: u32, v: u32) -> vec4<f32> {
  var value = vec4<f32>();
  for (var i = 0u; i < 4u; i++) {
    if (slot < params.num_slots && v * 4u + i < LORA_RANK) {
      value[i] = products[(slot * PARTS + part) * LORA_RANK + v * 4u + i];
    }
  }
  return value;
}

fn tile_products(slots: OwnSlots, part: u32, v: u32) -> TileInputs {
  let p0 = products_vec4(slots[0], part, v);
  let p1 = products_vec4(slots[1], part, v);
#if SHARED_LANES == 8
  return TileInputs(from_lanes_0_to_3(p0), from_lanes_4_to_7(p0), from_lanes_0_to_3(p1), from_lanes_4_to_7(p1));
#else
  return TileInputs(
    from_lanes_0_to_3(p0),
    from_lanes_0_to_3(p1),
    from_lanes_0_to_3(products_vec4(slots[2], part, v)),
    from_lanes_0_to_3(products_vec4(slots[3], part, v)),
  );
#endif
}

// Four elements of a row of B; zero beyond the rank.
fn lora_row_vec4(expert: u32, part: u32, n: u32, v: u32) -> vec4<f32> {
  var value = vec4<f32>();
  for (var i = 0u; i < 4u; i++) {
    if (v * 4u + i < LORA_RANK) {
      value[i] = lora_element(expert, part, n, v * 4u + i);
    }
  }
  return value;
}
#endif

// Products of all 16 slots with four weights; column i holds slots 4 i to 4 i + 3.
fn multiply(inputs: TileInputs, w: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(w * inputs.m0, w * inputs.m1, w * inputs.m2, w * inputs.m3);
}

fn store(first_slot: u32, n: u32, values: vec4<f32>) {
  if (n >= params.rows) {
    return;
  }
  for (var i = 0u; i < 4u; i++) {
    let slot = sorted_slots[first_slot + i];
    if (slot < params.num_slots) {
      y[slot * OUTPUT_ROWS + params.row_start + n] = output_type(values[i]);
    }
  }
}

fn silu(value: vec4<f32>) -> vec4<f32> {
  return value / (1.0 + exp(-value));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let index = workgroup_index(group, grid);
  let tile = index % params.num_tiles;
  let block_row = index / params.num_tiles * BLOCK_ROWS;
  if (block_row >= params.rows) {
    return;
  }
  let expert = tile_experts[tile];
  if (expert == NO_EXPERT) {
    return;
  }
  // Rows beyond the slice are computed as its last one and never stored.
  let n_a = block_row + lane;
  let n_b = n_a + select(WORKGROUP_SIZE, 0u, GATED);
  let last = params.rows - 1u;
  let row_a = expert * PARTS * params.rows + min(n_a, last);
  let row_b = (expert * PARTS + PARTS - 1u) * params.rows + min(n_b, last);

  let first_slot = tile * TILE_ROWS;
  let shared_lane = first_slot + subgroup_lane % SHARED_LANES;
#if SHARED_LANES == 8
  let slots = OwnSlots(sorted_slots[shared_lane], sorted_slots[shared_lane + 8u]);
#else
  let slots = OwnSlots(
    sorted_slots[shared_lane],
    sorted_slots[shared_lane + 4u],
    sorted_slots[shared_lane + 8u],
    sorted_slots[shared_lane + 12u],
  );
#endif

  var sums_a = mat4x4<f32>();
  var sums_b = mat4x4<f32>();
  for (var v = 0u; v < COLUMN_VECTORS; v += 2u) {
    let a = weight_pair(row_a, v);
    let b = weight_pair(row_b, v);
    let low = tile_inputs(slots, v);
    sums_a += multiply(low, a.low);
    sums_b += multiply(low, b.low);
    if (v + 1u < COLUMN_VECTORS) {
      let high = tile_inputs(slots, v + 1u);
      sums_a += multiply(high, a.high);
      sums_b += multiply(high, b.high);
    }
  }
#if LORA
  let lora_a = params.row_start + min(n_a, last);
  let lora_b_row = params.row_start + min(n_b, last);
  for (var v = 0u; v < (LORA_RANK + 3u) / 4u; v++) {
    sums_a += multiply(tile_products(slots, 0u, v), lora_row_vec4(expert, 0u, lora_a, v));
    sums_b += multiply(tile_products(slots, PARTS - 1u, v), lora_row_vec4(expert, PARTS - 1u, lora_b_row, v));
  }
#endif

#if GATED
  store(first_slot, n_a, silu(sums_a[0]) * sums_b[0]);
  store(first_slot + 4u, n_a, silu(sums_a[1]) * sums_b[1]);
  store(first_slot + 8u, n_a, silu(sums_a[2]) * sums_b[2]);
  store(first_slot + 12u, n_a, silu(sums_a[3]) * sums_b[3]);
#else
  store(first_slot, n_a, sums_a[0]);
  store(first_slot + 4u, n_a, sums_a[1]);
  store(first_slot + 8u, n_a, sums_a[2]);
  store(first_slot + 12u, n_a, sums_a[3]);
  store(first_slot, n_b, sums_b[0]);
  store(first_slot + 4u, n_b, sums_b[1]);
  store(first_slot + 8u, n_b, sums_b[2]);
  store(first_slot + 12u, n_b, sums_b[3]);
#endif
}
