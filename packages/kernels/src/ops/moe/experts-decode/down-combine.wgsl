// experts-decode down-combine: y[t, n] (+)= Σ over j of weights[t, j] · (down[e, n] · hidden[s])
//   slot s = t · topk + j, expert e = experts[s] read here, so that routing never returns to the CPU
// LANES neighbouring invocations own four rows n of one token and stride over K in packs, expert after expert; the
// topk weights are applied to the partial products, so that one sum over the lanes serves all experts.
// Tokens vary fastest over the grid, so that they meet the same weights in the cache.
// Phases: 1 weighted partial products and LoRA terms · 2 sums over the lanes · 3 residual, store.
#type input_type
#const TOP_K: u32
#const OUTPUT_ROWS: u32
#flag LORA
#if LORA
#const LORA_RANK: u32    // even
#include <lora-matrix>
#endif
#flag ACCUMULATE
#include <weights>
#include <lane-sums>
#include <fold>

const GROUPS: u32 = WORKGROUP_SIZE / LANES;
const ROWS: u32 = 4u;

struct Params { num_tokens: u32, row_start: u32, rows: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> quants: array<WeightPack>;           // [experts, rows, PACKS_PER_ROW]
#if WEIGHT_BITS < 16
@group(0) @binding(2) var<storage, read> scales: array<u32>;                  // [experts, rows, COLUMNS / 32] f16
#endif
@group(0) @binding(3) var<storage, read> hidden: array<vec4<input_type>>;     // [slots, COLUMNS]
@group(0) @binding(4) var<storage, read> experts: array<u32>;                 // [slots]
@group(0) @binding(5) var<storage, read> weights: array<f32>;                 // [slots]
#if LORA
@group(0) @binding(6) var<storage, read> products: array<f32>;                // [slots, LORA_RANK]
@group(0) @binding(7) var<storage, read> lora_b: array<LoraPair>;             // [experts, OUTPUT_ROWS, LORA_RANK]
#endif
@group(0) @binding(8) var<storage, read_write> y: array<f32>;                 // [tokens, OUTPUT_ROWS]

var<private> slot: u32;

fn input_vec4(v: u32) -> vec4<f32> {
  return vec4<f32>(hidden[slot * COLUMN_VECTORS + v]) * CODE_UNIT;
}
#include <input-pack>

#if LORA
// Terms 2 i and 2 i + 1 of the low-rank update of four rows.
fn lora_terms(expert: u32, rows: vec4<u32>, i: u32) -> vec4<f32> {
  let b = (expert * OUTPUT_ROWS + rows) * (LORA_RANK / 2u) + i;
  let first = slot * LORA_RANK + 2u * i;
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
  let token = index % params.num_tokens;
  let block_row = index / params.num_tokens * (GROUPS * ROWS);
  if (block_row >= params.rows) {
    return;
  }
  let group = lane / LANES;
  let part = lane % LANES;
  let first_row = block_row + group * ROWS;

  // Rows beyond the slice are computed as its last one and never stored.
  let last = params.rows - 1u;
  let rows = min(vec4<u32>(first_row) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(last));
  var sums = vec4<f32>();
  for (slot = token * TOP_K; slot < (token + 1u) * TOP_K; slot++) {
    let expert = experts[slot];
    let expert_rows = rows + expert * params.rows;
    var own = vec4<f32>();
    for (var p = part; p < PACKS_PER_ROW; p += LANES) {
      let inputs = input_pack(p);
      own += vec4<f32>(
        row_dot(expert_rows.x, p, inputs),
        row_dot(expert_rows.y, p, inputs),
        row_dot(expert_rows.z, p, inputs),
        row_dot(expert_rows.w, p, inputs),
      );
    }
#if LORA
    for (var i = part; i < LORA_RANK / 2u; i += LANES) {
      own += lora_terms(expert, rows + params.row_start, i);
    }
#endif
    sums += weights[slot] * own;
  }

  put_lane_sums(0u, lane, sums);
  workgroupBarrier();

  let row = first_row + part;
  if (part >= ROWS || row >= params.rows) {
    return;
  }
  let sum = lane_sum(0u, group, part);
  let i = token * OUTPUT_ROWS + params.row_start + row;
#if ACCUMULATE
  y[i] += sum;
#else
  y[i] = sum;
#endif
}
