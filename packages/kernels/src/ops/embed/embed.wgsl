// embed: y[t] = row ids[t] of the embedding matrix, dequantized.
// One invocation owns four columns of one token. Each slice of the matrix has a dispatch of its own and writes the tokens
// whose rows it holds; the last one (LAST_SLICE) also writes zeros for ids beyond the matrix.
#const WORKGROUP_SIZE: u32
#flag LAST_SLICE
#include <fold>
#include <weights>

struct Params { num_tokens: u32, rows: u32, row_start: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;                 // [tokens]
@group(0) @binding(2) var<storage, read> quants: array<WeightPack>;       // [rows, PACKS_PER_ROW]
#if WEIGHT_BITS < 16
@group(0) @binding(3) var<storage, read> scales: array<u32>;              // [rows, K / 32] halves
#endif
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;       // [tokens, K / 4]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = workgroup_index(group, grid) * WORKGROUP_SIZE + lane;
  let token = i / COLUMN_VECTORS;
  if (token >= params.num_tokens) {
    return;
  }
  let id = ids[token];
  if (id >= params.row_start && id - params.row_start < params.rows) {
    y[i] = weight_vec4(id - params.row_start, i % COLUMN_VECTORS);
  } else if (LAST_SLICE && id >= params.row_start) {
    y[i] = vec4<f32>(0.0);
  }
}
