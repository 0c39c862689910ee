// packed-tile: a tile of TILE_ROWS input rows × 64 weight rows by dot products of four signed bytes (the language feature
// packed_4x8_integer_dot_product). Inputs are rounded to 8 bits with a scale per row and 32 columns. The pieces behind
// it say what the tile is of:
//   PARTS                         1, or 2 when GATED: then columns 32 to 63 are the up rows of columns 0 to 31
//   struct Work, work_of, is_idle what a workgroup does, from its place in the grid
//   input_row, weight_row         rows of x and of quants behind a row and a column of the tile
//   store_output                  takes one result
//   LORA: LORA_STEPS, is_skipped, lora_inputs, lora_weights, steps of 16 ranks in float32
// A workgroup is 16 × 8 invocations; one owns THREAD_ROWS input rows and the weight rows tn, tn + 16, tn + 32, tn + 48, so that
// gate and up of one output meet in one invocation.
// Phases per step of 64 columns, two blocks: 1 load 16 columns of an input row and a block of a weight row, the largest
// magnitude of the inputs into workgroup memory · 2 bytes and scales into workgroup memory · 3 dot products.
// Tiles lie [piece of 16 columns][row], with two rows of padding behind each piece: neighbouring invocations meet in no bank,
// whether they store along the columns or load along the rows. 16 bytes hold a row of a piece, or four floats of LoRA's.
// Workgroup memory: 88 B × TILE_ROWS + 4.75 KiB, 10.3 KiB at 64 rows.
#const TILE_ROWS: u32   // 16, 32 or 64

const WORKGROUP_SIZE: u32 = 128u;
const TILE_COLUMNS: u32 = 64u;
const TILE_OUTPUTS: u32 = TILE_COLUMNS / PARTS;
const THREAD_ROWS: u32 = TILE_ROWS / 8u;
const BLOCKS: u32 = COLUMNS / 32u;
const STEP_BLOCKS: u32 = 2u;
const STEP_PIECES: u32 = 4u;   // of 16 columns
const STEPS: u32 = (BLOCKS + STEP_BLOCKS - 1u) / STEP_BLOCKS;
const X_STRIDE: u32 = TILE_ROWS + 2u;
const W_STRIDE: u32 = TILE_COLUMNS + 2u;

// Added to an integer below 2^22 it makes the bits of a float that is 1.5 · 2^23 too large: conversions cost an addition.
const INTEGER_BITS: i32 = 0x4b400000i;
const INTEGER_OFFSET: f32 = 12582912.0;

var<workgroup> x_tile: array<vec4<u32>, STEP_PIECES * X_STRIDE>;
var<workgroup> w_tile: array<vec4<u32>, STEP_PIECES * W_STRIDE>;
var<workgroup> x_scales: array<f32, STEP_BLOCKS * TILE_ROWS>;
var<workgroup> w_scales: array<f32, STEP_BLOCKS * TILE_COLUMNS>;
var<workgroup> piece_maxima: array<u32, STEP_PIECES * TILE_ROWS>;   // [row][piece]

// 16 columns of an input row.
struct Piece { v0: vec4<f32>, v1: vec4<f32>, v2: vec4<f32>, v3: vec4<f32> }

// Zeros beyond the last column.
fn load_piece(row: u32, piece: u32) -> Piece {
  if (4u * piece >= COLUMN_VECTORS) {
    return Piece();
  }
  let at = row * COLUMN_VECTORS + 4u * piece;
  return Piece(vec4<f32>(x[at]), vec4<f32>(x[at + 1u]), vec4<f32>(x[at + 2u]), vec4<f32>(x[at + 3u]));
}

// Bits of the largest magnitude. As integers, infinity and NaN are above all numbers, and so come through to the results.
fn largest(p: Piece) -> u32 {
  let v = max(max(magnitudes(p.v0), magnitudes(p.v1)), max(magnitudes(p.v2), magnitudes(p.v3)));
  return max(max(v.x, v.y), max(v.z, v.w));
}

fn magnitudes(v: vec4<f32>) -> vec4<u32> {
  return bitcast<vec4<u32>>(v) & vec4<u32>(0x7fffffffu);
}

// Nearest integers (ties to even) in the low bytes.
fn codes(v: vec4<f32>, inverse: f32) -> vec4<i32> {
  return bitcast<vec4<i32>>(v * inverse + INTEGER_OFFSET);
}

// Rounds a piece to bytes in the order of the weights' and writes it with the scale of its block. `at` counts the pieces of
// the tile's rows; the other half of the block is its neighbour.
fn fill_inputs(p: Piece, at: u32) {
  let row = at / STEP_PIECES;
  let piece = at % STEP_PIECES;
  let magnitude = bitcast<f32>(max(piece_maxima[at], piece_maxima[at ^ 1u]));
  // What is smaller counts as zero, since its reciprocal could overflow.
  let inverse = select(0.0, 127.0 / magnitude, magnitude > 1e-30);
  let c0 = codes(p.v0, inverse);
  let c1 = codes(p.v1, inverse);
  let c2 = codes(p.v2, inverse);
  let c3 = codes(p.v3, inverse);
#if WEIGHT_BITS == 4
  let bytes = vec4<u32>(
    pack4xI8(vec4<i32>(c0.xz, c1.xz)),
    pack4xI8(vec4<i32>(c0.yw, c1.yw)),
    pack4xI8(vec4<i32>(c2.xz, c3.xz)),
    pack4xI8(vec4<i32>(c2.yw, c3.yw)),
  );
#else
  let bytes = vec4<u32>(pack4xI8(c0), pack4xI8(c1), pack4xI8(c2), pack4xI8(c3));
#endif
  x_tile[piece * X_STRIDE + row] = bytes;
  if (piece % 2u == 0u) {
    x_scales[piece / 2u * TILE_ROWS + row] = magnitude / 127.0;
  }
}

#if WEIGHT_BITS == 4
// Codes at even and at odd columns of two words, as bytes 16 (code - 8).
fn weight_bytes(words: vec2<u32>) -> vec4<u32> {
  let bytes = vec4<u32>(words.x << 4u, words.x, words.y << 4u, words.y);
  return (bytes & vec4<u32>(0xf0f0f0f0u)) ^ vec4<u32>(0x80808080u);
}
#endif

// Bits of the float of a block's sum, 127 · 128 · 32 at most.
fn block_bits(x_low: vec4<u32>, x_high: vec4<u32>, w_low: vec4<u32>, w_high: vec4<u32>) -> i32 {
  return INTEGER_BITS
    + dot4I8Packed(x_low.x, w_low.x) + dot4I8Packed(x_low.y, w_low.y)
    + dot4I8Packed(x_low.z, w_low.z) + dot4I8Packed(x_low.w, w_low.w)
    + dot4I8Packed(x_high.x, w_high.x) + dot4I8Packed(x_high.y, w_high.y)
    + dot4I8Packed(x_high.z, w_high.z) + dot4I8Packed(x_high.w, w_high.w);
}

// Finishes and stores one row's sums.
fn store(work: Work, row: u32, tn: u32, sum: vec4<f32>) {
#if GATED
  let activated = sum.xy / (1.0 + exp(-sum.xy)) * sum.zw;
  store_output(work, row, tn, activated.x);
  store_output(work, row, tn + 16u, activated.y);
#else
  store_output(work, row, tn, sum.x);
  store_output(work, row, tn + 16u, sum.y);
  store_output(work, row, tn + 32u, sum.z);
  store_output(work, row, tn + 48u, sum.w);
#endif
}

@compute @workgroup_size(16, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let work = work_of(group, grid);
  if (is_idle(work)) {
    return;
  }
  let tn = lane % 16u;
  let tm = lane / 16u * THREAD_ROWS;
#repeat i 8
  var sum$i = vec4<f32>();
#endrepeat

  // What an invocation loads: a piece of one input row, or of two where the tile has 64, and a block of one weight row.
  let piece = lane % STEP_PIECES;
  let load_row = lane / STEP_PIECES;
  let x_row0 = input_row(work, min(load_row, TILE_ROWS - 1u));
#if TILE_ROWS == 64
  let x_row1 = input_row(work, load_row + 32u);
#endif
  let w_column = lane / STEP_BLOCKS;
  let w_half = lane % STEP_BLOCKS;
  let w_blocks = weight_row(work, w_column) * BLOCKS;

  for (var step = 0u; step < STEPS; step++) {
    let piece0 = load_piece(x_row0, step * STEP_PIECES + piece);
    if (load_row < TILE_ROWS) {
      piece_maxima[lane] = largest(piece0);
    }
#if TILE_ROWS == 64
    let piece1 = load_piece(x_row1, step * STEP_PIECES + piece);
    piece_maxima[lane + WORKGROUP_SIZE] = largest(piece1);
#endif
    // The inputs beyond the last block are zero, whatever the weights.
    let block = w_blocks + min(step * STEP_BLOCKS + w_half, BLOCKS - 1u);
#if WEIGHT_BITS == 4
    let w = quants[block];
    let w_low = weight_bytes(w.xy);
    let w_high = weight_bytes(w.zw);
    let w_scale = block_scale(block) * 0.0625;
#else
    let w_low = quants[2u * block];
    let w_high = quants[2u * block + 1u];
    let w_scale = block_scale(block);
#endif
    workgroupBarrier();
    if (load_row < TILE_ROWS) {
      fill_inputs(piece0, lane);
    }
#if TILE_ROWS == 64
    fill_inputs(piece1, lane + WORKGROUP_SIZE);
#endif
    w_tile[2u * w_half * W_STRIDE + w_column] = w_low;
    w_tile[(2u * w_half + 1u) * W_STRIDE + w_column] = w_high;
    w_scales[w_half * TILE_COLUMNS + w_column] = w_scale;
    workgroupBarrier();
    for (var b = 0u; b < STEP_BLOCKS; b++) {
#repeat j 4
      let low$j = w_tile[2u * b * W_STRIDE + tn + 16u * $j];
      let high$j = w_tile[(2u * b + 1u) * W_STRIDE + tn + 16u * $j];
#endrepeat
      let at = b * TILE_COLUMNS + tn;
      let scales = vec4<f32>(w_scales[at], w_scales[at + 16u], w_scales[at + 32u], w_scales[at + 48u]);
#repeat i 8
      if ($i < THREAD_ROWS) {
        let low = x_tile[2u * b * X_STRIDE + tm + $i];
        let high = x_tile[(2u * b + 1u) * X_STRIDE + tm + $i];
        let bits = vec4<i32>(
          block_bits(low, high, low0, high0),
          block_bits(low, high, low1, high1),
          block_bits(low, high, low2, high2),
          block_bits(low, high, low3, high3),
        );
        sum$i += (bitcast<vec4<f32>>(bits) - INTEGER_OFFSET) * (x_scales[b * TILE_ROWS + tm + $i] * scales);
      }
#endrepeat
    }
  }

#if LORA
  for (var step = 0u; step < LORA_STEPS; step++) {
    if (is_skipped(work, step)) {
      continue;
    }
    workgroupBarrier();
    for (var i = lane; i < STEP_PIECES * TILE_ROWS; i += WORKGROUP_SIZE) {
      let inputs = lora_inputs(work, i / STEP_PIECES, step, i % STEP_PIECES);
      x_tile[i % STEP_PIECES * X_STRIDE + i / STEP_PIECES] = bitcast<vec4<u32>>(inputs);
    }
    for (var i = lane; i < STEP_PIECES * TILE_COLUMNS; i += WORKGROUP_SIZE) {
      let weights = lora_weights(work, i / STEP_PIECES, step, i % STEP_PIECES);
      w_tile[i % STEP_PIECES * W_STRIDE + i / STEP_PIECES] = bitcast<vec4<u32>>(weights);
    }
    workgroupBarrier();
    for (var v = 0u; v < STEP_PIECES; v++) {
      let w = mat4x4<f32>(
        bitcast<vec4<f32>>(w_tile[v * W_STRIDE + tn]),
        bitcast<vec4<f32>>(w_tile[v * W_STRIDE + tn + 16u]),
        bitcast<vec4<f32>>(w_tile[v * W_STRIDE + tn + 32u]),
        bitcast<vec4<f32>>(w_tile[v * W_STRIDE + tn + 48u]),
      );
#repeat i 8
      if ($i < THREAD_ROWS) {
        sum$i += bitcast<vec4<f32>>(x_tile[v * X_STRIDE + tm + $i]) * w;
      }
#endrepeat
    }
  }
#endif

#repeat i 8
  if ($i < THREAD_ROWS) {
    store(work, tm + $i, tn, sum$i);
  }
#endrepeat
}
