// weights-f16: a pack is four words of two halves, or two words where COLUMNS is no multiple of 8. Read as words, so that
// devices without shader-f16 hold the same buffers.
const CODE_UNIT = vec4<f32>(1.0);

fn halves(low: u32, high: u32) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(low), unpack2x16float(high));
}

fn weight_scale(row: u32, p: u32) -> f32 {
  return 1.0;
}

#if WEIGHT_SPAN == 8
alias WeightPack = vec4<u32>;

struct InputPack { v0: vec4<f32>, v1: vec4<f32> }

fn dot_codes(w: WeightPack, x: InputPack) -> f32 {
  return dot(halves(w.x, w.y), x.v0) + dot(halves(w.z, w.w), x.v1);
}

fn pack_codes(w: WeightPack, i: u32) -> vec4<f32> {
  let words = select(w.xy, w.zw, i == 1u);
  return halves(words.x, words.y);
}

fn weight_vec4(row: u32, v: u32) -> vec4<f32> {
  let i = row * COLUMN_VECTORS + v;
  let pack = quants[i / 2u];
  let words = select(pack.xy, pack.zw, (i & 1u) == 1u);
  return halves(words.x, words.y);
}

fn weight_pair(row: u32, v: u32) -> WeightPair {
  let pack = quants[(row * COLUMN_VECTORS + v) / 2u];
  return WeightPair(halves(pack.x, pack.y), halves(pack.z, pack.w));
}
#else
alias WeightPack = vec2<u32>;

struct InputPack { v0: vec4<f32> }

fn dot_codes(w: WeightPack, x: InputPack) -> f32 {
  return dot(halves(w.x, w.y), x.v0);
}

fn pack_codes(w: WeightPack, i: u32) -> vec4<f32> {
  return halves(w.x, w.y);
}

fn weight_vec4(row: u32, v: u32) -> vec4<f32> {
  let words = quants[row * COLUMN_VECTORS + v];
  return halves(words.x, words.y);
}

fn weight_pair(row: u32, v: u32) -> WeightPair {
  return WeightPair(weight_vec4(row, v), weight_vec4(row, v + 1u));
}
#endif
