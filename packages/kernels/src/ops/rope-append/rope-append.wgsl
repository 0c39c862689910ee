// rope-append: rotates queries and keys by their position, and appends keys and values to the cache.
//   y[j]         = x[j] · cos[p, j]         − x[j + d / 2] · sin[p, j]          p = position + t,  j < d / 2
//   y[j + d / 2] = x[j + d / 2] · cos[p, j] + x[j] · sin[p, j]
// One invocation owns two neighbouring j, and their partners half a head away, of one head of one token. Heads of a
// token lie in the order queries, keys, values; values are copied as they are.
#type input_type
#type query_type
#const NUM_HEADS: u32
#const NUM_KV_HEADS: u32
#const HEAD_DIM: u32
#const WORKGROUP_SIZE: u32
#include <kv-cache>
#include <fold>

const HALF_PAIRS: u32 = HEAD_DIM / 4u;   // pairs in half a head
const HEAD_PAIRS: u32 = HEAD_DIM / 2u;
const ALL_HEADS: u32 = NUM_HEADS + 2u * NUM_KV_HEADS;

struct Params { num_tokens: u32, capacity: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec2<input_type>>;         // [tokens, heads + 2 kv_heads, head_dim]
@group(0) @binding(2) var<storage, read> cos_table: array<vec2<f32>>;          // [positions, head_dim / 2]
@group(0) @binding(3) var<storage, read> sin_table: array<vec2<f32>>;          // [positions, head_dim / 2]
@group(0) @binding(4) var<storage, read> position: array<u32>;                 // [1] tokens already in the cache
@group(0) @binding(5) var<storage, read_write> q: array<vec2<query_type>>;     // [tokens, heads, head_dim]
@group(0) @binding(6) var<storage, read_write> keys: array<cache_pair>;        // [kv_heads, capacity, head_dim]
@group(0) @binding(7) var<storage, read_write> values: array<cache_pair>;      // [kv_heads, capacity, head_dim]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let item = workgroup_index(group, grid) * WORKGROUP_SIZE + lane;
  let pair = item % HALF_PAIRS;
  let head = item / HALF_PAIRS % ALL_HEADS;
  let token = item / HALF_PAIRS / ALL_HEADS;
  if (token >= params.num_tokens) {
    return;
  }
  let slot = position[0] + token;
  if (slot >= params.capacity) {
    return;
  }
  let source = (token * ALL_HEADS + head) * HEAD_PAIRS + pair;
  let low = vec2<f32>(qkv[source]);
  let high = vec2<f32>(qkv[source + HALF_PAIRS]);
  if (head >= NUM_HEADS + NUM_KV_HEADS) {
    let destination = ((head - NUM_HEADS - NUM_KV_HEADS) * params.capacity + slot) * HEAD_PAIRS + pair;
    values[destination] = store_pair(low);
    values[destination + HALF_PAIRS] = store_pair(high);
    return;
  }
  let cosine = cos_table[slot * HALF_PAIRS + pair];
  let sine = sin_table[slot * HALF_PAIRS + pair];
  let rotated_low = low * cosine - high * sine;
  let rotated_high = high * cosine + low * sine;
  if (head >= NUM_HEADS) {
    let destination = ((head - NUM_HEADS) * params.capacity + slot) * HEAD_PAIRS + pair;
    keys[destination] = store_pair(rotated_low);
    keys[destination + HALF_PAIRS] = store_pair(rotated_high);
    return;
  }
  let destination = (token * NUM_HEADS + head) * HEAD_PAIRS + pair;
  q[destination] = vec2<query_type>(rotated_low);
  q[destination + HALF_PAIRS] = vec2<query_type>(rotated_high);
}
