// weights-q4: a pack is four words of eight codes, one block.
// A code becomes a float without a conversion: in the mantissa of 2^23 it is an exact integer, and subtracting the offset
// 2^23 + 8 is exact. The codes of a half word are masked in place, so that code c comes out 16^c times too large;
// CODE_UNIT on the inputs undoes that.
alias WeightPack = vec4<u32>;
const CODE_UNIT = vec4<f32>(1.0, 0.0625, 0.00390625, 0.000244140625);

struct InputPack {
  v0: vec4<f32>, v1: vec4<f32>, v2: vec4<f32>, v3: vec4<f32>,
  v4: vec4<f32>, v5: vec4<f32>, v6: vec4<f32>, v7: vec4<f32>,
}

// The four codes in the low half of a word.
fn half_codes(word: u32) -> vec4<f32> {
  let bits = vec4<u32>(word) & vec4<u32>(0xfu, 0xf0u, 0xf00u, 0xf000u);
  return bitcast<vec4<f32>>(bits | vec4<u32>(0x4b000000u)) - vec4<f32>(8388616.0, 8388736.0, 8390656.0, 8421376.0);
}

fn block_scale(block: u32) -> f32 {
  return unpack2x16float(scales[block / 2u] >> (16u * (block & 1u))).x;
}

fn weight_scale(row: u32, p: u32) -> f32 {
  return block_scale(row * PACKS_PER_ROW + p);
}

fn dot_codes(w: WeightPack, x: InputPack) -> f32 {
  return dot(half_codes(w.x), x.v0) + dot(half_codes(w.x >> 16u), x.v1)
    + dot(half_codes(w.y), x.v2) + dot(half_codes(w.y >> 16u), x.v3)
    + dot(half_codes(w.z), x.v4) + dot(half_codes(w.z >> 16u), x.v5)
    + dot(half_codes(w.w), x.v6) + dot(half_codes(w.w >> 16u), x.v7);
}

fn pack_codes(w: WeightPack, i: u32) -> vec4<f32> {
  return half_codes(w[i / 2u] >> (16u * (i & 1u)));
}

fn weight_vec4(row: u32, v: u32) -> vec4<f32> {
  let i = row * COLUMN_VECTORS + v;
  let word = quants[i / 8u][(i / 2u) % 4u];
  return half_codes(word >> (16u * (i & 1u))) * CODE_UNIT * block_scale(i / 8u);
}

fn weight_pair(row: u32, v: u32) -> WeightPair {
  let i = row * COLUMN_VECTORS + v;
  let word = quants[i / 8u][(i / 2u) % 4u];
  let unit = CODE_UNIT * block_scale(i / 8u);
  return WeightPair(half_codes(word) * unit, half_codes(word >> 16u) * unit);
}
