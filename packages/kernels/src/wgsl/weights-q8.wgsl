// weights-q8: a pack is four words of four signed codes, half a block.
// A code becomes a float without a conversion: as code + 128 in the mantissa of 2^23 it is an exact integer, the
// subtraction is exact. Codes at odd bytes come out 256 times too large; CODE_UNIT on the inputs undoes that.
alias WeightPack = vec4<u32>;
const CODE_UNIT = vec4<f32>(1.0, 0.00390625, 1.0, 0.00390625);

struct InputPack { v0: vec4<f32>, v1: vec4<f32>, v2: vec4<f32>, v3: vec4<f32> }

fn word_codes(word: u32) -> vec4<f32> {
  let biased = word ^ 0x80808080u;
  let bits = vec4<u32>(biased, biased, biased >> 16u, biased >> 16u) & vec4<u32>(0xffu, 0xff00u, 0xffu, 0xff00u);
  return bitcast<vec4<f32>>(bits | vec4<u32>(0x4b000000u)) - vec4<f32>(8388736.0, 8421376.0, 8388736.0, 8421376.0);
}

fn block_scale(block: u32) -> f32 {
  return unpack2x16float(scales[block / 2u] >> (16u * (block & 1u))).x;
}

fn weight_scale(row: u32, p: u32) -> f32 {
  return block_scale((row * PACKS_PER_ROW + p) / 2u);
}

fn dot_codes(w: WeightPack, x: InputPack) -> f32 {
  return dot(word_codes(w.x), x.v0) + dot(word_codes(w.y), x.v1)
    + dot(word_codes(w.z), x.v2) + dot(word_codes(w.w), x.v3);
}

fn pack_codes(w: WeightPack, i: u32) -> vec4<f32> {
  return word_codes(w[i]);
}

fn weight_vec4(row: u32, v: u32) -> vec4<f32> {
  let i = row * COLUMN_VECTORS + v;
  return word_codes(quants[i / 4u][i % 4u]) * CODE_UNIT * block_scale(i / 8u);
}

fn weight_pair(row: u32, v: u32) -> WeightPair {
  let i = row * COLUMN_VECTORS + v;
  let pack = quants[i / 4u];
  let words = select(pack.xy, pack.zw, (i & 2u) == 2u);
  let unit = CODE_UNIT * block_scale(i / 8u);
  return WeightPair(word_codes(words.x) * unit, word_codes(words.y) * unit);
}
