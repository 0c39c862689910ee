// weights: reads rows of a WeightMatrix slice in any storage format (quant/formats.ts has the layouts).
// The including shader declares the two bindings, and its wrapper spreads weightTemplate(matrix) and weightBindings(slice):
//   var<storage, read> quants: array<WeightPack>;   // [(experts, 2,) rows, PACKS_PER_ROW]
//   var<storage, read> scales: array<u32>;          // q8, q4 (#if WEIGHT_BITS < 16): f16 pairs, [(experts, 2,) rows, COLUMNS / 32]
// A pack is what one vector load brings: WEIGHT_SPAN consecutive weights of one row, WEIGHT_VECTORS vec4s of them.
// "row" below counts all rows of the buffer: for expert e, part p (0 gate, 1 up), row r: (e * 2 + p) * rows + r.
//
// Matrix times vector, one pack per step: multiply the inputs by CODE_UNIT once (when they are staged), gather WEIGHT_VECTORS
// of them in an InputPack, reuse it over several rows:
//   sum += weight_scale(row, p) * dot_codes(quants[row * PACKS_PER_ROW + p], inputs)
//   or vector by vector: weight_scale(row, p) * dot(pack_codes(pack, i), input vector i), i < WEIGHT_VECTORS
// Filling tiles: weight_vec4(row, v) is the four exact weights at columns 4v..4v+3, scale included;
//   weight_pair(row, v), v even, the eight at columns 4v..4v+7.
#const WEIGHT_BITS: u32   // 32, 16, 8 or 4
#const WEIGHT_SPAN: u32   // weights in one pack
#const COLUMNS: u32       // K
const PACKS_PER_ROW: u32 = COLUMNS / WEIGHT_SPAN;
const WEIGHT_VECTORS: u32 = WEIGHT_SPAN / 4u;
const COLUMN_VECTORS: u32 = COLUMNS / 4u;

struct WeightPair { low: vec4<f32>, high: vec4<f32> }

#if WEIGHT_BITS == 32
#include <weights-f32>
#elif WEIGHT_BITS == 16
#include <weights-f16>
#elif WEIGHT_BITS == 8
#include <weights-q8>
#else
#include <weights-q4>
#endif
