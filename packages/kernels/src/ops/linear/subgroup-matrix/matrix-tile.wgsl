// matrix-tile: a tile of TILE_ROWS input rows × 64 weight rows by subgroup matrices. The piece before it (matrices) has their
// loads, products and stores; those behind it say what the tile is of:
//   PARTS, STEPS                 1, or 2 when GATED · steps along K, and along the rank of LoRA
//   struct Work, work_of, is_idle   what a workgroup does, from its place in the grid
//   is_skipped, fill_step        whether a step has anything to add · writes a step's inputs and weights with fill_tile
//   store_output                 takes one result
// Phases per step of STEP_COLUMNS: 1 inputs and dequantized weights into workgroup memory, rounded to component_type
// · 2 each subgroup multiplies the blocks of BLOCK_ROWS × BLOCK_COLUMNS that it owns. Sums are f32.
// Then RESULT_ROWS at a time: 3 sums into workgroup memory · 4 store. A block holds gate and up of the same outputs.
// There is one block for each of TEAMS subgroups. Where the subgroups are larger than expected, and so fewer, they go
// through all phases several times; where they are smaller, some have nothing to multiply.
// Workgroup memory: 80 B × (TILE_ROWS + 64) + 4.3 KiB, 14.3 KiB at 64 rows. Rows are 16 B longer than a step, so that the
// rows of a matrix lie in different banks.
enable subgroups;
#type component_type     // f16 or f32
#const TILE_ROWS: u32
#const MATRIX_M: u32     // divides 16
#const MATRIX_N: u32     // divides 64
#const MATRIX_K: u32     // divides STEP_COLUMNS
#const TEAMS: u32        // a power of two

const WORKGROUP_SIZE: u32 = 128u;   // a multiple of every possible subgroup size, as the extension wants it
const TILE_COLUMNS: u32 = 64u;
#if component_type == f16
const STEP_COLUMNS: u32 = 32u;
const TILE_STRIDE: u32 = STEP_COLUMNS + 8u;
#else
const STEP_COLUMNS: u32 = 16u;
const TILE_STRIDE: u32 = STEP_COLUMNS + 4u;
#endif
const STEP_VECTORS: u32 = STEP_COLUMNS / 4u;
const TILE_OUTPUTS: u32 = TILE_COLUMNS / PARTS;
const RESULT_ROWS: u32 = 16u;
const RESULT_STRIDE: u32 = TILE_COLUMNS + 4u;

// Blocks as near to squares as powers of two allow: so the fewest matrices are loaded for each product.
const GRID_ROWS: u32 = min(1u << (firstLeadingBit(max(TEAMS * TILE_ROWS / TILE_COLUMNS, 1u)) / 2u), TILE_ROWS / MATRIX_M);
const GRID_COLUMNS: u32 = min(TEAMS / GRID_ROWS, TILE_COLUMNS / MATRIX_N);
const BLOCKS: u32 = GRID_ROWS * GRID_COLUMNS;
const BLOCK_ROWS: u32 = TILE_ROWS / GRID_ROWS;
const BLOCK_COLUMNS: u32 = TILE_COLUMNS / GRID_COLUMNS;
const PART_COLUMNS: u32 = BLOCK_COLUMNS / PARTS;
const ROW_MATRICES: u32 = BLOCK_ROWS / MATRIX_M;
const COLUMN_MATRICES: u32 = BLOCK_COLUMNS / MATRIX_N;

var<workgroup> tile: array<component_type, (TILE_ROWS + TILE_COLUMNS) * TILE_STRIDE>;   // input rows, then weight rows
var<workgroup> results: array<f32, RESULT_ROWS * RESULT_STRIDE>;

// Part (0 gate, 1 up) and output, counted from the tile's first, behind a column of the tile.
fn column_part(column: u32) -> u32 {
  return column % BLOCK_COLUMNS / PART_COLUMNS;
}

fn column_output(column: u32) -> u32 {
  return column / BLOCK_COLUMNS * PART_COLUMNS + column % PART_COLUMNS;
}

// Writes columns 4 v to 4 v + 3 of a step; row counts the input rows, then the weight rows.
fn fill_tile(row: u32, v: u32, value: vec4<f32>) {
  let start = row * TILE_STRIDE + 4u * v;
#if component_type == f16
  let rounded = vec4<f16>(clamp(value, vec4<f32>(-65504.0), vec4<f32>(65504.0)));
#else
  let rounded = value;
#endif
  tile[start] = rounded.x;
  tile[start + 1u] = rounded.y;
  tile[start + 2u] = rounded.z;
  tile[start + 3u] = rounded.w;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) team: u32,
  @builtin(num_subgroups) teams: u32,
) {
  let work = work_of(group, grid);
  if (is_idle(work)) {
    return;
  }
  for (var first_block = 0u; first_block < BLOCKS; first_block += teams) {
    let block = first_block + team;
    let block_row = block / GRID_COLUMNS * BLOCK_ROWS;
    let block_column = block % GRID_COLUMNS * BLOCK_COLUMNS;
    var sums = array<ResultMatrix, ROW_MATRICES * COLUMN_MATRICES>();

    for (var step = 0u; step < STEPS; step++) {
      if (is_skipped(work, step)) {
        continue;
      }
      workgroupBarrier();
      fill_step(work, step, lane);
      workgroupBarrier();
      if (block < BLOCKS) {
        for (var k = 0u; k < STEP_COLUMNS; k += MATRIX_K) {
          var left: array<LeftMatrix, ROW_MATRICES>;
          for (var i = 0u; i < ROW_MATRICES; i++) {
            left[i] = load_left((block_row + i * MATRIX_M) * TILE_STRIDE + k);
          }
          for (var j = 0u; j < COLUMN_MATRICES; j++) {
            let right = load_right((TILE_ROWS + block_column + j * MATRIX_N) * TILE_STRIDE + k);
            for (var i = 0u; i < ROW_MATRICES; i++) {
              sums[i * COLUMN_MATRICES + j] = multiply_add(left[i], right, sums[i * COLUMN_MATRICES + j]);
            }
          }
        }
      }
    }

    for (var row = 0u; row < TILE_ROWS; row += RESULT_ROWS) {
      workgroupBarrier();
      if (block < BLOCKS) {
        for (var i = 0u; i < ROW_MATRICES; i++) {
          let matrix_row = block_row + i * MATRIX_M;
          if (matrix_row / RESULT_ROWS == row / RESULT_ROWS) {
            for (var j = 0u; j < COLUMN_MATRICES; j++) {
              let start = (matrix_row - row) * RESULT_STRIDE + block_column + j * MATRIX_N;
              store_result(start, sums[i * COLUMN_MATRICES + j]);
            }
          }
        }
      }
      workgroupBarrier();
      for (var i = lane; i < RESULT_ROWS * TILE_OUTPUTS; i += WORKGROUP_SIZE) {
        let tile_row = row + i / TILE_OUTPUTS;
        let output = i % TILE_OUTPUTS;
        let column = output / PART_COLUMNS * BLOCK_COLUMNS + output % PART_COLUMNS;
        let owner = tile_row / BLOCK_ROWS * GRID_COLUMNS + column / BLOCK_COLUMNS;
        if (owner >= first_block && owner < first_block + teams) {
          let at = i / TILE_OUTPUTS * RESULT_STRIDE + column;
#if GATED
          store_output(work, tile_row, output, results[at] / (1.0 + exp(-results[at])) * results[at + PART_COLUMNS]);
#else
          store_output(work, tile_row, output, results[at]);
#endif
        }
      }
    }
  }
}
