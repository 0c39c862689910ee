// linear-matvec: y[m, n] = Σ over k of x[m, k] · weight[n, k], with few input rows m: decoding.
//   NORM, LORA, BIAS, GATED and ACCUMULATE as in the piece linear-layer.
// A team of invocations owns four weight rows (GATED: two gate rows and their up rows) and strides over K in packs; a
// workgroup is several teams, one input row m and one copy of that row in workgroup memory. With SUBGROUPS a team is a
// subgroup, whatever its size, and sums without barriers.
// Phases per chunk of K: 1 stage inputs · 2 dot products; then 3 LoRA · 4 reduction · 5 epilogue. Sums are f32.
// Workgroup memory: the input tile (8.3 KiB at 2048 columns), 16 B per invocation for the reduction without SUBGROUPS.
#if NORM
#include <reduce>
#else
#const WORKGROUP_SIZE: u32
#flag SUBGROUPS
#endif
#include <fold>
#include <linear-layer>
#include <input-tile>
#if SUBGROUPS
enable subgroups;
#else
#const TEAM_LANES: u32   // 8 or more, a power of two
#endif

const OUTPUTS: u32 = select(4u, 2u, GATED);   // outputs of one team

#if !SUBGROUPS
var<workgroup> partial: array<vec4<f32>, WORKGROUP_SIZE>;

// Sum over a team. Every invocation of the workgroup must call it; lane 0 of each team gets the total.
fn team_sum(value: vec4<f32>, lane: u32) -> vec4<f32> {
  partial[lane] = value;
  workgroupBarrier();
  const STEP = TEAM_LANES / 4u;
  let team_lane = lane % TEAM_LANES;
  if (team_lane < STEP) {
    partial[lane] += partial[lane + STEP] + partial[lane + 2u * STEP] + partial[lane + 3u * STEP];
  }
  workgroupBarrier();
  var sum = vec4<f32>(0.0);
  if (team_lane == 0u) {
    for (var i = 0u; i < STEP; i++) {
      sum += partial[lane + i];
    }
  }
  return sum;
}
#endif

// The four weight rows of a team that starts at output `first`; up rows lie `up_offset` behind their gate rows.
fn team_rows(first: u32, up_offset: u32) -> vec4<u32> {
#if GATED
  return min(vec4<u32>(first) + vec4<u32>(0u, 1u, 0u, 1u), vec4<u32>(params.rows - 1u))
    + vec4<u32>(0u, 0u, up_offset, up_offset);
#else
  return min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.rows - 1u));
#endif
}

// Products of pack i of four rows with the staged inputs.
fn dot_rows(rows: vec4<u32>, i: u32, inputs: InputPack) -> vec4<f32> {
  let w0 = quants[rows.x * PACKS_PER_ROW + i];
  let w1 = quants[rows.y * PACKS_PER_ROW + i];
  let w2 = quants[rows.z * PACKS_PER_ROW + i];
  let w3 = quants[rows.w * PACKS_PER_ROW + i];
  return vec4<f32>(weight_scale(rows.x, i), weight_scale(rows.y, i), weight_scale(rows.z, i), weight_scale(rows.w, i))
    * vec4<f32>(dot_codes(w0, inputs), dot_codes(w1, inputs), dot_codes(w2, inputs), dot_codes(w3, inputs));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
#if SUBGROUPS
  @builtin(subgroup_size) team_lanes: u32,
#endif
) {
#if !SUBGROUPS
  let team_lanes = TEAM_LANES;
#endif
  let m = group.z;
  let team_lane = lane % team_lanes;
  let teams = WORKGROUP_SIZE / team_lanes;
  let first_team = workgroup_index(group, grid) * teams;
  if (first_team * OUTPUTS >= params.rows) {
    return;   // the grid is planned for the largest subgroup
  }
  let first = (first_team + lane / team_lanes) * OUTPUTS;
  let rows = team_rows(first, params.rows);

  var sum = vec4<f32>(0.0);
#if NORM
  var squares = 0.0;
#endif
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    let first_pack = chunk * CHUNK_PACKS;
    let chunk_packs = min(CHUNK_PACKS, PACKS_PER_ROW - first_pack);
    if (chunk > 0u) {
      workgroupBarrier();
    }
    for (var v = lane; v < chunk_packs * WEIGHT_VECTORS; v += WORKGROUP_SIZE) {
      let column = first_pack * WEIGHT_VECTORS + v;
      let value = vec4<f32>(x[m * COLUMN_VECTORS + column]);
#if NORM
      squares += dot(value, value);
      stage_input(v, value * norm_weight[column]);
#else
      stage_input(v, value);
#endif
    }
    workgroupBarrier();
    for (var p = team_lane; p < chunk_packs; p += team_lanes) {
      sum += dot_rows(rows, first_pack + p, staged_pack(p));
    }
  }

#if NORM
#if SUBGROUPS
  let mean = workgroup_sum(squares, lane, team_lanes) / f32(COLUMNS);
#else
  let mean = workgroup_sum(squares, lane, 1u) / f32(COLUMNS);
#endif
  sum *= inverseSqrt(mean + EPSILON);
#endif
#if LORA
  let lora_rows = team_rows(first, params.total_rows) + params.row_start;
  for (var i = team_lane; i < LORA_RANK / 2u; i += team_lanes) {
    sum += vec4<f32>(
      lora_terms(m, lora_rows.x, i),
      lora_terms(m, lora_rows.y, i),
      lora_terms(m, lora_rows.z, i),
      lora_terms(m, lora_rows.w, i),
    );
  }
#endif
#if SUBGROUPS
  sum = subgroupAdd(sum);
#else
  sum = team_sum(sum, lane);
#endif
  if (team_lane == 0u) {
#if GATED
    let activated = sum.xy / (1.0 + exp(-sum.xy)) * sum.zw;
    store_one(m, first, activated.x);
    store_one(m, first + 1u, activated.y);
#else
    store_one(m, first, sum.x);
    store_one(m, first + 1u, sum.y);
    store_one(m, first + 2u, sum.z);
    store_one(m, first + 3u, sum.w);
#endif
  }
}
