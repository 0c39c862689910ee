// align: sorts slots (token, choice) by expert and pads each expert's share to whole tiles of TILE_ROWS
// One workgroup owns everything. Invocation (expert, segment) walks its segment of the slots twice: it counts those of
// its expert, and after the scan writes them in order. No atomics, so the order is stable and the same at every run.
// Workgroup memory: 4 B per invocation and 4 B per expert (plus one).
// Phases: 1 count per segment · 2 scan over segments, then over experts in tiles · 3 write slots, padding, tile map.
#const NUM_EXPERTS: u32
#const SEGMENTS: u32
#const TILE_ROWS: u32
#const WORKGROUP_SIZE: u32

const NO_EXPERT: u32 = 0xffffffffu;

struct Params { num_slots: u32, num_tiles: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> experts: array<u32>;                 // [slots]
@group(0) @binding(2) var<storage, read_write> sorted_slots: array<u32>;      // [tiles, TILE_ROWS], num_slots = padding
@group(0) @binding(3) var<storage, read_write> tile_experts: array<u32>;      // [tiles], NO_EXPERT = unused tile

// Slots of an expert in a segment; after the scan: those of the expert in the segments before.
var<workgroup> counts: array<u32, WORKGROUP_SIZE>;
var<workgroup> totals: array<u32, NUM_EXPERTS>;
var<workgroup> first_tile: array<u32, NUM_EXPERTS + 1u>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  let expert = lane / SEGMENTS;
  let segment = lane % SEGMENTS;
  let length = (params.num_slots + SEGMENTS - 1u) / SEGMENTS;
  let start = min(segment * length, params.num_slots);
  let end = min(start + length, params.num_slots);
  let has_expert = expert < NUM_EXPERTS;

  var count = 0u;
  if (has_expert) {
    for (var slot = start; slot < end; slot++) {
      count += select(0u, 1u, experts[slot] == expert);
    }
  }
  counts[lane] = count;
  workgroupBarrier();

  if (lane < NUM_EXPERTS) {
    var sum = 0u;
    for (var i = lane * SEGMENTS; i < (lane + 1u) * SEGMENTS; i++) {
      let own = counts[i];
      counts[i] = sum;
      sum += own;
    }
    totals[lane] = sum;
  }
  workgroupBarrier();
  if (lane == 0u) {
    var tiles = 0u;
    for (var e = 0u; e < NUM_EXPERTS; e++) {
      first_tile[e] = tiles;
      tiles += (totals[e] + TILE_ROWS - 1u) / TILE_ROWS;
    }
    first_tile[NUM_EXPERTS] = tiles;
  }
  workgroupBarrier();

  if (has_expert) {
    let first_row = first_tile[expert] * TILE_ROWS;
    var row = first_row + counts[lane];
    for (var slot = start; slot < end; slot++) {
      if (experts[slot] == expert) {
        sorted_slots[row] = slot;
        row++;
      }
    }
    let end_tile = first_tile[expert + 1u];
    for (var i = first_row + totals[expert] + segment; i < end_tile * TILE_ROWS; i += SEGMENTS) {
      sorted_slots[i] = params.num_slots;
    }
    for (var tile = first_tile[expert] + segment; tile < end_tile; tile += SEGMENTS) {
      tile_experts[tile] = expert;
    }
  }
  for (var tile = first_tile[NUM_EXPERTS] + lane; tile < params.num_tiles; tile += WORKGROUP_SIZE) {
    tile_experts[tile] = NO_EXPERT;
  }
}
