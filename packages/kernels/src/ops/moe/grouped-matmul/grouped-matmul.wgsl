// grouped-matmul: y[s, n] = weight[e, n] · x[s / SLOTS_PER_ROW], for the slots s that align gave to expert e
//   GATED: y[s, n] = silu(gate[e, n] · x) · (up[e, n] · x)
// A workgroup owns TILE_ROWS slots of one expert and 64 weight rows (GATED: 32 gate rows and their 32 up rows); an
// invocation owns 4 slots and 4 weight rows (GATED: 2 pairs), so that a step of four columns costs 8 loads for 64
// multiplications. The grid covers the most tiles there can be; unused ones leave at once.
// Workgroup memory per step of 32 columns: 16 B x 8 x (TILE_ROWS + 64), 16 KiB at 64 rows: the default limit.
// Tiles lie [column vector][row], the row's low bits exclusive-or'd with the vector, so that neither the stores (along the
// columns) nor the loads (along the rows) of neighbouring invocations meet in a bank.
// Phases: 1 fill tiles · 2 multiply, both repeated over K · 3 SiLU, store by slot. LoRA adds steps to the repetition, with
// products as inputs and B as weights.
#const TILE_ROWS: u32
#include <grouped-slots>

const TILE_COLUMNS: u32 = 64u;
const TILE_VECTORS: u32 = 8u;
const WORKGROUP_SIZE: u32 = TILE_ROWS * 4u;
const ROW_STEP: u32 = TILE_ROWS / 4u;
const COLUMN_STEP: u32 = TILE_COLUMNS / 4u;
const BLOCK_ROWS: u32 = TILE_COLUMNS / PARTS;
const WEIGHT_STEPS: u32 = (COLUMN_VECTORS + TILE_VECTORS - 1u) / TILE_VECTORS;
#if LORA
const LORA_COLUMNS: u32 = PARTS * LORA_RANK;
const STEPS: u32 = WEIGHT_STEPS + (LORA_COLUMNS + 4u * TILE_VECTORS - 1u) / (4u * TILE_VECTORS);
#else
const STEPS: u32 = WEIGHT_STEPS;
#endif

var<workgroup> x_tile: array<vec4<f32>, TILE_VECTORS * TILE_ROWS>;
var<workgroup> w_tile: array<vec4<f32>, TILE_VECTORS * TILE_COLUMNS>;

fn products4(x_value: vec4<f32>, w0: vec4<f32>, w1: vec4<f32>, w2: vec4<f32>, w3: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(dot(x_value, w0), dot(x_value, w1), dot(x_value, w2), dot(x_value, w3));
}

// The weight row behind a column of the tile, within its part of the slice. One beyond the slice becomes its last: it is
// computed and not stored.
fn tile_row(block_row: u32, column: u32) -> u32 {
  return min(block_row + column % BLOCK_ROWS, params.rows - 1u);
}

fn fill_weights(expert: u32, block_row: u32, step: u32, lane: u32) {
  for (var i = lane; i < TILE_COLUMNS * TILE_VECTORS / 2u; i += WORKGROUP_SIZE) {
    let column = i / (TILE_VECTORS / 2u);
    let v = i % (TILE_VECTORS / 2u) * 2u;
    let source = step * TILE_VECTORS + v;
    var pair: WeightPair;
    if (source < COLUMN_VECTORS) {
      pair = weight_pair((expert * PARTS + column / BLOCK_ROWS) * params.rows + tile_row(block_row, column), source);
      if (source + 1u == COLUMN_VECTORS) {
        pair.high = vec4<f32>();
      }
    }
    w_tile[v * TILE_COLUMNS + (column ^ v)] = pair.low;
    w_tile[(v + 1u) * TILE_COLUMNS + (column ^ (v + 1u))] = pair.high;
  }
}

#if LORA
// Four low-rank products of a slot; zero beyond the last and for padding.
fn products_vec4(slot: u32, v: u32) -> vec4<f32> {
  var value = vec4<f32>();
  for (var i = 0u; i < 4u; i++) {
    if (slot < params.num_slots && v * 4u + i < LORA_COLUMNS) {
      value[i] = products[slot * LORA_COLUMNS + v * 4u + i];
    }
  }
  return value;
}

// Rows of B in place of weights; zero where the product belongs to the other part.
fn fill_lora(expert: u32, block_row: u32, step: u32, lane: u32) {
  for (var i = lane; i < TILE_COLUMNS * TILE_VECTORS; i += WORKGROUP_SIZE) {
    let column = i / TILE_VECTORS;
    let v = i % TILE_VECTORS;
    let part = column / BLOCK_ROWS;
    let n = params.row_start + tile_row(block_row, column);
    var value = vec4<f32>();
    for (var c = 0u; c < 4u; c++) {
      let r = (step * TILE_VECTORS + v) * 4u + c;
      if (r / LORA_RANK == part) {
        value[c] = lora_element(expert, part, n, r % LORA_RANK);
      }
    }
    w_tile[v * TILE_COLUMNS + (column ^ v)] = value;
  }
}
#endif

// Finishes and stores one slot's sums. rows: the weight rows within their part of the slice.
fn store(tile: u32, row: u32, rows: vec4<u32>, sums: vec4<f32>) {
  let slot = sorted_slots[tile * TILE_ROWS + row];
  if (slot >= params.num_slots) {
    return;
  }
  let first = slot * OUTPUT_ROWS + params.row_start;
#if GATED
  let gate = sums.xy;
  let hidden = gate / (1.0 + exp(-gate)) * sums.zw;
  if (rows.x < params.rows) {
    y[first + rows.x] = output_type(hidden.x);
  }
  if (rows.y < params.rows) {
    y[first + rows.y] = output_type(hidden.y);
  }
#else
  for (var i = 0u; i < 4u; i++) {
    if (rows[i] < params.rows) {
      y[first + rows[i]] = output_type(sums[i]);
    }
  }
#endif
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
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
  let lane_row = lane / COLUMN_STEP;
  let lane_column = lane % COLUMN_STEP;

  var sums0 = vec4<f32>();
  var sums1 = vec4<f32>();
  var sums2 = vec4<f32>();
  var sums3 = vec4<f32>();
  // Each invocation brings one vector of two slots per step.
  let load_vector = lane % TILE_VECTORS;
  let load_row = lane / TILE_VECTORS;
  let slot0 = sorted_slots[tile * TILE_ROWS + load_row];
  let slot1 = sorted_slots[tile * TILE_ROWS + load_row + TILE_ROWS / 2u];
  let load_at0 = load_vector * TILE_ROWS + (load_row ^ load_vector);
  let load_at1 = load_vector * TILE_ROWS + ((load_row + TILE_ROWS / 2u) ^ load_vector);
  for (var step = 0u; step < STEPS; step++) {
#if LORA
    if (step >= WEIGHT_STEPS) {
      let v = (step - WEIGHT_STEPS) * TILE_VECTORS + load_vector;
      x_tile[load_at0] = products_vec4(slot0, v);
      x_tile[load_at1] = products_vec4(slot1, v);
      fill_lora(expert, block_row, step - WEIGHT_STEPS, lane);
    } else {
      let v = step * TILE_VECTORS + load_vector;
      x_tile[load_at0] = input(slot0, v);
      x_tile[load_at1] = input(slot1, v);
      fill_weights(expert, block_row, step, lane);
    }
#else
    let v = step * TILE_VECTORS + load_vector;
    x_tile[load_at0] = input(slot0, v);
    x_tile[load_at1] = input(slot1, v);
    fill_weights(expert, block_row, step, lane);
#endif
    workgroupBarrier();
    for (var v = 0u; v < TILE_VECTORS; v++) {
      let w = v * TILE_COLUMNS + (lane_column ^ v);
      let w0 = w_tile[w];
      let w1 = w_tile[w + COLUMN_STEP];
      let w2 = w_tile[w + 2u * COLUMN_STEP];
      let w3 = w_tile[w + 3u * COLUMN_STEP];
      let x_row = v * TILE_ROWS;
      sums0 += products4(x_tile[x_row + (lane_row ^ v)], w0, w1, w2, w3);
      sums1 += products4(x_tile[x_row + ((lane_row + ROW_STEP) ^ v)], w0, w1, w2, w3);
      sums2 += products4(x_tile[x_row + ((lane_row + 2u * ROW_STEP) ^ v)], w0, w1, w2, w3);
      sums3 += products4(x_tile[x_row + ((lane_row + 3u * ROW_STEP) ^ v)], w0, w1, w2, w3);
    }
    workgroupBarrier();
  }

  let columns = vec4<u32>(0u, 1u, 2u, 3u) * COLUMN_STEP + lane_column;
  let rows = columns % BLOCK_ROWS + block_row;
  store(tile, lane_row, rows, sums0);
  store(tile, lane_row + ROW_STEP, rows, sums1);
  store(tile, lane_row + 2u * ROW_STEP, rows, sums2);
  store(tile, lane_row + 3u * ROW_STEP, rows, sums3);
}
