// input-pack: WEIGHT_SPAN neighbouring inputs for dot_codes of the piece `weights`. The including shader defines
//   fn input_vec4(v: u32) -> vec4<f32>, inputs 4v..4v+3 already multiplied by CODE_UNIT.
fn input_pack(p: u32) -> InputPack {
  let first = p * WEIGHT_VECTORS;
  var pack: InputPack;
  pack.v0 = input_vec4(first);
#if WEIGHT_SPAN > 4
  pack.v1 = input_vec4(first + 1u);
#endif
#if WEIGHT_SPAN > 8
  pack.v2 = input_vec4(first + 2u);
  pack.v3 = input_vec4(first + 3u);
#endif
#if WEIGHT_SPAN > 16
  pack.v4 = input_vec4(first + 4u);
  pack.v5 = input_vec4(first + 5u);
  pack.v6 = input_vec4(first + 6u);
  pack.v7 = input_vec4(first + 7u);
#endif
  return pack;
}

// One pack's share of the product of a weight row and the inputs.
fn row_dot(row: u32, p: u32, inputs: InputPack) -> f32 {
  return weight_scale(row, p) * dot_codes(quants[row * PACKS_PER_ROW + p], inputs);
}
