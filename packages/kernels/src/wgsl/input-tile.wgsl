// input-tile: a chunk of one input row in workgroup memory, laid out for dot_codes of the piece `weights`.
// Vector i of pack p lies at [i][p]; a row of packs is padded by one, so that neighbouring invocations hit different banks
// both when they store vector by vector and when they read pack by pack. 16 B × WEIGHT_VECTORS × (CHUNK_PACKS + 1).
#const CHUNK_PACKS: u32   // packs of one chunk
const CHUNK_VECTORS: u32 = CHUNK_PACKS * WEIGHT_VECTORS;
const CHUNKS: u32 = (PACKS_PER_ROW + CHUNK_PACKS - 1u) / CHUNK_PACKS;
const TILE_STRIDE: u32 = CHUNK_PACKS + 1u;

var<workgroup> input_tile: array<vec4<f32>, TILE_STRIDE * WEIGHT_VECTORS>;

// Stores vector v of the chunk (columns 4v..4v+3 counted from the chunk's start).
fn stage_input(v: u32, value: vec4<f32>) {
  input_tile[(v % WEIGHT_VECTORS) * TILE_STRIDE + v / WEIGHT_VECTORS] = value * CODE_UNIT;
}

// The inputs of pack p of the chunk.
fn staged_pack(p: u32) -> InputPack {
#if WEIGHT_SPAN == 4
  return InputPack(input_tile[p]);
#elif WEIGHT_SPAN == 8
  return InputPack(input_tile[p], input_tile[TILE_STRIDE + p]);
#elif WEIGHT_SPAN == 16
  return InputPack(
    input_tile[p],
    input_tile[TILE_STRIDE + p],
    input_tile[2u * TILE_STRIDE + p],
    input_tile[3u * TILE_STRIDE + p],
  );
#else
  return InputPack(
    input_tile[p],
    input_tile[TILE_STRIDE + p],
    input_tile[2u * TILE_STRIDE + p],
    input_tile[3u * TILE_STRIDE + p],
    input_tile[4u * TILE_STRIDE + p],
    input_tile[5u * TILE_STRIDE + p],
    input_tile[6u * TILE_STRIDE + p],
    input_tile[7u * TILE_STRIDE + p],
  );
#endif
}
