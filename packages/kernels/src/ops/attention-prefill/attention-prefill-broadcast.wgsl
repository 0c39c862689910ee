// attention-prefill-broadcast: what attention-prefill computes, with nothing in workgroup memory and no barrier.
// An invocation owns ROWS rows of one KV head with their queries, running maxima and sums, so that its softmax needs nobody
// else. The lanes of a subgroup hold KEYS keys, then their values, HELD vec4s of each at a time, and broadcast them.
// This is the variant for adapters that run few invocations in lockstep, above all on a CPU: there a load is gathered lane
// by lane, registers that do not fit are one vector load away, and loads per product decide.
// Phases per KEYS keys: 1 scores · 2 maximum and weights · 3 rescaled sums plus weighted values. Sums are f32.
// Any subgroup size of at least HELD is right, since lanes beyond hold the same vectors again.
enable subgroups;
#const WORKGROUP_SIZE: u32
#const ROWS: u32     // rows of an invocation, WORKGROUP_SIZE apart
#const KEYS: u32     // of a step; more rescale the sums less often, but make the shader longer
#const HELD: u32     // vec4s of a key that lanes hold at a time; divides VECTORS and is at most the smallest subgroup
#const LOADS: u32    // such loads per key, VECTORS / HELD
#include <prefill-rows>
#include <fold>

const TILE_ROWS: u32 = ROWS * WORKGROUP_SIZE;

// The loops over num_vectors (VECTORS) stay rolled, as no compiler knows their length; selects keep queries and sums in
// registers. Loads and stores of all columns side by side would take longer to compile than all the rest.
struct Params { num_tokens: u32, capacity: u32, num_kv_heads: u32, group: u32, num_vectors: u32 }

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let tile = row_tile_of(workgroup_index(group, grid));
  if (tile.num_keys == 0u) {
    return;
  }
  // Rows beyond the last repeat it; they are never stored.
#repeat m ROWS
  let row$m = min(tile.first_row + lane + $m * WORKGROUP_SIZE, tile.last_row);
  let element$m = element(row$m, tile.kv_head, 0u);
  let visible$m = min(position[0] + row$m / params.group + 1u, tile.num_keys);
  var query$m: array<vec4<f32>, VECTORS>;
  var sums$m: array<vec4<f32>, VECTORS>;
  var max$m = LOWEST;
  var total$m = 0.0;
#endrepeat
  for (var v = 0u; v < params.num_vectors; v++) {
#repeat m ROWS
    let loaded$m = vec4<f32>(q[element$m + v]) * SCORE_SCALE;
#endrepeat
#repeat g LOADS
#repeat j HELD
#repeat m ROWS
    query$m[$g * HELD + $j] = select(query$m[$g * HELD + $j], loaded$m, v == $g * HELD + $j);
#endrepeat
#endrepeat
#endrepeat
  }

  for (var first_key = 0u; first_key < tile.num_keys; first_key += KEYS) {
#repeat u KEYS
    let key$u = (tile.kv_head * params.capacity + min(first_key + $u, tile.num_keys - 1u)) * VECTORS + subgroup_lane % HELD;
#endrepeat
#repeat m ROWS
    var score$m = array<f32, KEYS>();   // written out: Dawn does not clear a bare array at each step
#endrepeat
#repeat g LOADS
    {
#repeat u KEYS
      let held$u = load_vector(keys[key$u + $g * HELD]);
#endrepeat
#repeat j HELD
#repeat u KEYS
      {
        let columns = subgroupBroadcast(held$u, $j);
#repeat m ROWS
        score$m[$u] += dot(query$m[$g * HELD + $j], columns);
#endrepeat
      }
#endrepeat
#endrepeat
    }
#endrepeat

#repeat m ROWS
    var new_max$m = max$m;
#repeat u KEYS
    score$m[$u] = select(LOWEST, score$m[$u], first_key + $u < visible$m);
    new_max$m = max(new_max$m, score$m[$u]);
#endrepeat
    let rescale$m = exp2(max$m - new_max$m);
    max$m = new_max$m;
    total$m *= rescale$m;
#repeat u KEYS
    score$m[$u] = select(0.0, exp2(score$m[$u] - new_max$m), first_key + $u < visible$m);
    total$m += score$m[$u];
#endrepeat
#endrepeat

#repeat g LOADS
    {
#repeat u KEYS
      let held$u = load_vector(values[key$u + $g * HELD]);
#endrepeat
#repeat j HELD
      {
#repeat m ROWS
        var sum$m = sums$m[$g * HELD + $j] * rescale$m;
#endrepeat
#repeat u KEYS
        let columns$u = subgroupBroadcast(held$u, $j);
#repeat m ROWS
        sum$m += columns$u * score$m[$u];
#endrepeat
#endrepeat
#repeat m ROWS
        sums$m[$g * HELD + $j] = sum$m;
#endrepeat
      }
#endrepeat
    }
#endrepeat
  }

  for (var v = 0u; v < params.num_vectors; v++) {
#repeat m ROWS
    var sum$m = vec4<f32>();
#endrepeat
#repeat g LOADS
#repeat j HELD
#repeat m ROWS
    sum$m = select(sum$m, sums$m[$g * HELD + $j], v == $g * HELD + $j);
#endrepeat
#endrepeat
#endrepeat
#repeat m ROWS
    if (tile.first_row + lane + $m * WORKGROUP_SIZE <= tile.last_row) {
      y[element$m + v] = vec4<output_type>(sum$m / total$m);
    }
#endrepeat
  }
}
