// experts-decode gate-up: hidden[s, f] = silu(gate[e, f] · norm(x)[t]) · (up[e, f] · norm(x)[t])
//   slot s = t · topk + j, expert e = experts[s] read here, so that routing never returns to the CPU
// LANES neighbouring invocations own four rows f, gate and up, of one slot and stride over K in packs; each pack of
// inputs is loaded once for these eight weight rows. The sum of squares for the norm is gathered on the way.
// Slots vary fastest over the grid, so that those of one expert meet the same weights in the cache.
// LoRA's products come from inputs that are not divided by their root mean square either, so that one sum serves both.
// Phases: 1 partial products, squares, LoRA terms · 2 sums over the lanes · 3 norm, SiLU, store.
#type input_type
#type output_type
#const TOP_K: u32
#const OUTPUT_ROWS: u32
#flag NORM
#if NORM
#const EPSILON: f32
#endif
#flag LORA
#if LORA
#const LORA_RANK: u32    // even
#include <lora-matrix>
#endif
#include <weights>
#include <lane-sums>
#include <fold>

const GROUPS: u32 = WORKGROUP_SIZE / LANES;
const ROWS: u32 = 4u;

struct Params { num_slots: u32, row_start: u32, rows: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> quants: array<WeightPack>;           // [experts, 2, rows, PACKS_PER_ROW]
#if WEIGHT_BITS < 16
@group(0) @binding(2) var<storage, read> scales: array<u32>;                  // [experts, 2, rows, COLUMNS / 32] f16
#endif
@group(0) @binding(3) var<storage, read> x: array<vec4<input_type>>;          // [tokens, COLUMNS]
@group(0) @binding(4) var<storage, read> experts: array<u32>;                 // [slots]
#if NORM
@group(0) @binding(5) var<storage, read> norm_weight: array<vec4<f32>>;       // [COLUMNS]
#endif
#if LORA
@group(0) @binding(6) var<storage, read> products: array<f32>;                // [slots, 2, LORA_RANK]
@group(0) @binding(7) var<storage, read> lora_b: array<LoraPair>;             // [experts, 2, OUTPUT_ROWS, LORA_RANK]
#endif
@group(0) @binding(8) var<storage, read_write> hidden: array<output_type>;    // [slots, OUTPUT_ROWS]

var<private> token: u32;
var<private> squares: f32;

fn input_vec4(v: u32) -> vec4<f32> {
  let value = vec4<f32>(x[token * COLUMN_VECTORS + v]);
#if NORM
  squares += dot(value, value);
  return value * norm_weight[v] * CODE_UNIT;
#else
  return value * CODE_UNIT;
#endif
}
#include <input-pack>

#if LORA
// Terms 2 i and 2 i + 1 of the low-rank update of four rows, gate (part 0) or up (part 1).
fn lora_terms(slot: u32, expert: u32, part: u32, rows: vec4<u32>, i: u32) -> vec4<f32> {
  let b = ((expert * 2u + part) * OUTPUT_ROWS + rows) * (LORA_RANK / 2u) + i;
  let first = (slot * 2u + part) * LORA_RANK + 2u * i;
  return vec2<f32>(products[first], products[first + 1u])
    * mat4x2<f32>(lora_pair(lora_b[b.x]), lora_pair(lora_b[b.y]), lora_pair(lora_b[b.z]), lora_pair(lora_b[b.w]));
}
#endif

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group_id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = workgroup_index(group_id, grid);
  let slot = index % params.num_slots;
  let block_row = index / params.num_slots * (GROUPS * ROWS);
  if (block_row >= params.rows) {
    return;
  }
  let group = lane / LANES;
  let part = lane % LANES;
  let first_row = block_row + group * ROWS;
  let expert = experts[slot];
  token = slot / TOP_K;

  // Rows beyond the slice are computed as its last one and never stored.
  let last = params.rows - 1u;
  let rows = min(vec4<u32>(first_row) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(last));
  let gate_rows = rows + expert * 2u * params.rows;
  let up_rows = gate_rows + params.rows;
  var gate = vec4<f32>();
  var up = vec4<f32>();
  for (var p = part; p < PACKS_PER_ROW; p += LANES) {
    let inputs = input_pack(p);
    gate += vec4<f32>(
      row_dot(gate_rows.x, p, inputs),
      row_dot(gate_rows.y, p, inputs),
      row_dot(gate_rows.z, p, inputs),
      row_dot(gate_rows.w, p, inputs),
    );
    up += vec4<f32>(
      row_dot(up_rows.x, p, inputs),
      row_dot(up_rows.y, p, inputs),
      row_dot(up_rows.z, p, inputs),
      row_dot(up_rows.w, p, inputs),
    );
  }

#if LORA
  for (var i = part; i < LORA_RANK / 2u; i += LANES) {
    gate += lora_terms(slot, expert, 0u, rows + params.row_start, i);
    up += lora_terms(slot, expert, 1u, rows + params.row_start, i);
  }
#endif
  put_lane_sums(0u, lane, gate);
  put_lane_sums(1u, lane, up);
#if NORM
  put_lane_sums(2u, lane, vec4<f32>(squares));
#endif
  workgroupBarrier();

  let row = first_row + part;
  if (part >= ROWS || row >= params.rows) {
    return;
  }
  var gate_sum = lane_sum(0u, group, part);
  var up_sum = lane_sum(1u, group, part);
#if NORM
  let scale = inverseSqrt(lane_sum(2u, group, 0u) / f32(COLUMNS) + EPSILON);
  gate_sum *= scale;
  up_sum *= scale;
#endif
  hidden[slot * OUTPUT_ROWS + params.row_start + row] = output_type(gate_sum / (1.0 + exp(-gate_sum)) * up_sum);
}
