// attention-decode: one new token attends to all keys 0 ≤ j ≤ position, split over the keys (flash-decoding: Dao et al.
// 2023, https://pytorch.org/blog/flash-decoding). A workgroup owns one range of keys for HEADS of the query heads that
// share a KV head, so each key and value is loaded once for them; attention-combine joins the ranges. It writes, per head,
//   maximum m of the scores (base 2), Σ_j 2^(score_j − m), Σ_j 2^(score_j − m) values[j].
// The grid covers the whole capacity; workgroups behind the last key return at once, so time grows with keys read only.
//
// A team of TEAM lanes shares a key: lane i holds the vec4 columns i, i + TEAM, … of the head, so that the team's loads are
// contiguous. Each team keeps its own running maximum and sums; the workgroup's teams are merged at the end.
// With subgroups a team lies within one, takes one key per step and adds its products by shuffles, without a barrier. Its
// loops are written out, so that sums and, with OWN_QUERIES, queries have fixed places: registers, whatever the compiler.
// ALONE makes one team a workgroup, which then needs neither barrier nor merge: CPU adapters switch contexts at barriers.
// Without, it takes TEAM keys per step, in the phases 1 products · 2 scores, lane i adding up key i · 3 weighted values,
// through (64 × 8 + 64) × HEADS × 4 B = 9 KiB of workgroup memory. Queries take up to 2 KiB, the merge up to 8 KiB with
// subgroups and 4 KiB without. The lowest finite f32 stands for "no key yet"; keys past the end get weight 0.
#type query_type
#const HEAD_DIM: u32
#const HEADS: u32    // query heads of a workgroup, at most 4
#const TEAM: u32     // 8 or 4
#const TEAMS: u32    // of a workgroup; 64 invocations, or with ALONE one team
#const ROUNDS: u32   // vec4 columns of a lane
#flag SUBGROUPS
#flag OWN_QUERIES    // only with SUBGROUPS
#flag ALONE          // only with OWN_QUERIES
#if SUBGROUPS
enable subgroups;
#endif
#include <kv-cache>

const VECTORS: u32 = HEAD_DIM / 4u;
const WORKGROUP_SIZE: u32 = TEAMS * TEAM;
const STEP_KEYS: u32 = 64u;   // the least of a range
const COLUMNS: u32 = ROUNDS * TEAM;
const PARTIAL_STRIDE: u32 = VECTORS + 1u;   // maximum and sum, then the weighted values
const SCORE_SCALE: f32 = 1.44269504 / sqrt(f32(HEAD_DIM));   // weights are powers of two
const LOWEST: f32 = -0x1.fffffep+127f;

// Loops bounded by team_keys and num_teams stay rolled, as no compiler knows their length. Unrolled, they cost a CPU
// adapter half a minute of compilation and win nothing on a GPU, where enough workgroups run to hide the loads.
struct Params { capacity: u32, group: u32, splits: u32, team_keys: u32, num_teams: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<query_type>>;            // [heads, head_dim]
@group(0) @binding(2) var<storage, read> keys: array<cache_vector>;             // [kv_heads, capacity, head_dim]
@group(0) @binding(3) var<storage, read> values: array<cache_vector>;           // [kv_heads, capacity, head_dim]
@group(0) @binding(4) var<storage, read> position: array<u32>;                  // [1] keys before the new token's
@group(0) @binding(5) var<storage, read_write> partials: array<vec4<f32>>;      // [heads, splits, 4 + head_dim]

#if !ALONE
var<workgroup> queries: array<vec4<f32>, HEADS * COLUMNS>;
var<workgroup> merged: array<vec4<f32>, TEAMS * VECTORS>;
var<workgroup> team_max: array<f32, HEADS * TEAMS>;
var<workgroup> team_sum: array<f32, HEADS * TEAMS>;
#endif
#if !SUBGROUPS
var<workgroup> products: array<f32, HEADS * WORKGROUP_SIZE * TEAM>;
var<workgroup> team_scores: array<f32, HEADS * WORKGROUP_SIZE>;
#else

fn sum_of_team(value: f32) -> f32 {
  var sum = value;
  for (var width = TEAM / 2u; width > 0u; width /= 2u) {
    sum += subgroupShuffleXor(sum, width);
  }
  return sum;
}
#endif

fn query(kv_head: u32, head: u32, column: u32) -> vec4<f32> {
  if (head >= params.group || column >= VECTORS) {
    return vec4<f32>();
  }
  return vec4<f32>(q[(kv_head * params.group + head) * VECTORS + column]) * SCORE_SCALE;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let split = group.x;
  let kv_head = group.y;
  let first_head = group.z * HEADS;
  let num_keys = min(position[0] + 1u, params.capacity);
  let steps = (num_keys + STEP_KEYS - 1u) / STEP_KEYS;
  let split_keys = (steps + params.splits - 1u) / params.splits * STEP_KEYS;
  let begin = split * split_keys;
  if (begin >= num_keys) {
    return;
  }
  let end = min(begin + split_keys, num_keys);
  let team = lane / TEAM;
  let member = lane % TEAM;

#if !ALONE
  for (var i = lane; i < HEADS * COLUMNS; i += WORKGROUP_SIZE) {
    queries[i] = query(kv_head, first_head + i / COLUMNS, i % COLUMNS);
  }
  workgroupBarrier();
#endif

  var sums: array<vec4<f32>, HEADS * ROUNDS>;
  var running_max: array<f32, HEADS>;
  var running_sum: array<f32, HEADS>;
  for (var h = 0u; h < HEADS; h++) {
    running_max[h] = LOWEST;
  }

#if SUBGROUPS
#repeat r ROUNDS
  let column$r = min($r * TEAM + member, VECTORS - 1u);   // a repeated one meets a query of zeros, and its sum is not stored
#endrepeat
#if OWN_QUERIES
  var own: array<vec4<f32>, HEADS * ROUNDS>;
#repeat h HEADS
#repeat r ROUNDS
#if ALONE
  own[$h * ROUNDS + $r] = query(kv_head, first_head + $h, $r * TEAM + member);
#else
  own[$h * ROUNDS + $r] = queries[$h * COLUMNS + $r * TEAM + member];
#endif
#endrepeat
#endrepeat
#endif
  for (var first = begin; first < end; first += TEAMS) {
    let in_range = first + team < end;
    let row = (kv_head * params.capacity + min(first + team, end - 1u)) * VECTORS;
    var products = array<f32, HEADS>();
#repeat r ROUNDS
    {
      let loaded = load_vector(keys[row + column$r]);
#repeat h HEADS
#if OWN_QUERIES
      products[$h] += dot(own[$h * ROUNDS + $r], loaded);
#else
      products[$h] += dot(queries[$h * COLUMNS + $r * TEAM + member], loaded);
#endif
#endrepeat
    }
#endrepeat
#repeat h HEADS
    let score$h = sum_of_team(products[$h]);
    let new_max$h = max(running_max[$h], select(LOWEST, score$h, in_range));
    let weight$h = select(0.0, exp2(score$h - new_max$h), in_range);
    let rescale$h = exp2(running_max[$h] - new_max$h);
    running_max[$h] = new_max$h;
    running_sum[$h] = running_sum[$h] * rescale$h + weight$h;
#endrepeat
#repeat r ROUNDS
    {
      let loaded = load_vector(values[row + column$r]);
#repeat h HEADS
      sums[$h * ROUNDS + $r] = sums[$h * ROUNDS + $r] * rescale$h + weight$h * loaded;
#endrepeat
    }
#endrepeat
  }
#else
  for (var first = begin; first < end; first += STEP_KEYS) {
    let team_first = first + team * TEAM;
    let team_keys = min(params.team_keys, end - min(team_first, end));
    let row = (kv_head * params.capacity + team_first) * VECTORS;
    for (var key = 0u; key < team_keys; key++) {
      var sum = array<f32, HEADS>();
      for (var r = 0u; r < ROUNDS; r++) {
        let column = r * TEAM + member;
        if (COLUMNS == VECTORS || column < VECTORS) {
          let loaded = load_vector(keys[row + key * VECTORS + column]);
          for (var h = 0u; h < HEADS; h++) {
            sum[h] += dot(queries[h * COLUMNS + column], loaded);
          }
        }
      }
      for (var h = 0u; h < HEADS; h++) {
        products[(h * WORKGROUP_SIZE + lane) * TEAM + key] = sum[h];
      }
    }
    workgroupBarrier();
    for (var h = 0u; h < HEADS; h++) {
      var score = 0.0;
      for (var i = 0u; i < params.team_keys; i++) {
        score += products[(h * WORKGROUP_SIZE + team * TEAM + i) * TEAM + member];
      }
      team_scores[h * WORKGROUP_SIZE + lane] = score;
    }
    workgroupBarrier();
    for (var h = 0u; h < HEADS; h++) {
      var new_max = running_max[h];
      for (var key = 0u; key < team_keys; key++) {
        new_max = max(new_max, team_scores[h * WORKGROUP_SIZE + team * TEAM + key]);
      }
      let rescale = exp2(running_max[h] - new_max);
      running_max[h] = new_max;
      running_sum[h] *= rescale;
      for (var r = 0u; r < ROUNDS; r++) {
        sums[h * ROUNDS + r] *= rescale;
      }
    }
    for (var key = 0u; key < team_keys; key++) {
      var weights: array<f32, HEADS>;
      for (var h = 0u; h < HEADS; h++) {
        weights[h] = exp2(team_scores[h * WORKGROUP_SIZE + team * TEAM + key] - running_max[h]);
        running_sum[h] += weights[h];
      }
      for (var r = 0u; r < ROUNDS; r++) {
        let column = r * TEAM + member;
        if (COLUMNS == VECTORS || column < VECTORS) {
          let loaded = load_vector(values[row + key * VECTORS + column]);
          for (var h = 0u; h < HEADS; h++) {
            sums[h * ROUNDS + r] += weights[h] * loaded;
          }
        }
      }
    }
  }
#endif

#if ALONE
#repeat h HEADS
  if (first_head + $h < params.group) {
    let partial = ((kv_head * params.group + first_head + $h) * params.splits + split) * PARTIAL_STRIDE;
    if (member == 0u) {
      partials[partial] = vec4(running_max[$h], running_sum[$h], 0.0, 0.0);
    }
#repeat r ROUNDS
    if ($r * TEAM + member < VECTORS) {
      partials[partial + 1u + column$r] = sums[$h * ROUNDS + $r];
    }
#endrepeat
  }
#endrepeat
#else
  for (var h = 0u; h < HEADS; h++) {
    if (member == 0u) {
      team_max[h * TEAMS + team] = running_max[h];
      team_sum[h * TEAMS + team] = running_sum[h];
    }
  }
  workgroupBarrier();
  for (var h = 0u; h < HEADS; h++) {
    var highest = LOWEST;
    for (var i = 0u; i < params.num_teams; i++) {
      highest = max(highest, team_max[h * TEAMS + i]);
    }
    let rescale = exp2(running_max[h] - highest);
    for (var r = 0u; r < ROUNDS; r++) {
      let column = r * TEAM + member;
      if (COLUMNS == VECTORS || column < VECTORS) {
        merged[team * VECTORS + column] = sums[h * ROUNDS + r] * rescale;
      }
    }
    workgroupBarrier();
    if (first_head + h < params.group) {
      let partial = ((kv_head * params.group + first_head + h) * params.splits + split) * PARTIAL_STRIDE;
      for (var column = lane; column < VECTORS; column += WORKGROUP_SIZE) {
        var sum = vec4<f32>();
        for (var i = 0u; i < params.num_teams; i++) {
          sum += merged[i * VECTORS + column];
        }
        partials[partial + 1u + column] = sum;
      }
      if (lane == WORKGROUP_SIZE - 1u) {
        var total = 0.0;
        for (var i = 0u; i < params.num_teams; i++) {
          total += team_sum[h * TEAMS + i] * exp2(team_max[h * TEAMS + i] - highest);
        }
        partials[partial] = vec4(highest, total, 0.0, 0.0);
      }
    }
    workgroupBarrier();
  }
#endif
}
