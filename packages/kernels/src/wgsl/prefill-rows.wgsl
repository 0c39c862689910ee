// prefill-rows: bindings of causal attention of several tokens over the cache, and the rows that its workgroups own.
// The heads of one KV head are stacked, row r = t · group + head within the group, so that they share each load.
// The including shader declares Params (num_tokens, capacity, num_kv_heads, group, …) and TILE_ROWS, the rows of a workgroup.
#type query_type
#type output_type
#const HEAD_DIM: u32
#include <kv-cache>

const VECTORS: u32 = HEAD_DIM / 4u;
const SCORE_SCALE: f32 = 1.44269504 / sqrt(f32(HEAD_DIM));   // weights are powers of two
const LOWEST: f32 = -0x1.fffffep+127f;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<query_type>>;          // [tokens, heads, head_dim]
@group(0) @binding(2) var<storage, read> keys: array<cache_vector>;           // [kv_heads, capacity, head_dim]
@group(0) @binding(3) var<storage, read> values: array<cache_vector>;         // [kv_heads, capacity, head_dim]
@group(0) @binding(4) var<storage, read> position: array<u32>;                // [1] keys before the first new token
@group(0) @binding(5) var<storage, read_write> y: array<vec4<output_type>>;   // [tokens, heads, head_dim]

struct RowTile {
  kv_head: u32,
  first_row: u32,
  last_row: u32,
  num_keys: u32,   // that its last row sees; 0 for a workgroup beyond the grid
}

fn row_tile_of(index: u32) -> RowTile {
  let num_rows = params.num_tokens * params.group;
  let num_tiles = (num_rows + TILE_ROWS - 1u) / TILE_ROWS;
  if (index >= num_tiles * params.num_kv_heads) {
    return RowTile();
  }
  // Later rows see more keys: the long tiles start first, so that none is left alone at the end.
  let first_row = (num_tiles - 1u - index / params.num_kv_heads) * TILE_ROWS;
  let last_row = min(first_row + TILE_ROWS, num_rows) - 1u;
  let num_keys = min(position[0] + last_row / params.group + 1u, params.capacity);
  return RowTile(index % params.num_kv_heads, first_row, last_row, num_keys);
}

// Index in q and y of a vec4 column of a row: [token, kv_head, head within the group, column].
fn element(row: u32, kv_head: u32, column: u32) -> u32 {
  let token = row / params.group;
  return ((token * params.num_kv_heads + kv_head) * params.group + row % params.group) * VECTORS + column;
}

fn highest(value: vec4<f32>) -> f32 {
  return max(max(value.x, value.y), max(value.z, value.w));
}
