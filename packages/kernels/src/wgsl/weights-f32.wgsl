// weights-f32: a pack is one vec4.
alias WeightPack = vec4<f32>;
const CODE_UNIT = vec4<f32>(1.0);

struct InputPack { v0: vec4<f32> }

fn weight_scale(row: u32, p: u32) -> f32 {
  return 1.0;
}

fn dot_codes(w: WeightPack, x: InputPack) -> f32 {
  return dot(w, x.v0);
}

fn pack_codes(w: WeightPack, i: u32) -> vec4<f32> {
  return w;
}

fn weight_vec4(row: u32, v: u32) -> vec4<f32> {
  return quants[row * COLUMN_VECTORS + v];
}

fn weight_pair(row: u32, v: u32) -> WeightPair {
  return WeightPair(weight_vec4(row, v), weight_vec4(row, v + 1u));
}
