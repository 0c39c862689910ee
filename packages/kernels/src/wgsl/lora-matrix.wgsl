// lora-matrix: elements of A and B of a low-rank update, f32 or with LORA_HALVES f16. Halves are read as words, so that
// devices without shader-f16 hold the same buffers.
#flag LORA_HALVES

#if LORA_HALVES
alias LoraPair = u32;
alias LoraVec4 = vec2<u32>;

fn lora_pair(stored: LoraPair) -> vec2<f32> {
  return unpack2x16float(stored);
}

fn lora_vec4(stored: LoraVec4) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));
}
#else
alias LoraPair = vec2<f32>;
alias LoraVec4 = vec4<f32>;

fn lora_pair(stored: LoraPair) -> vec2<f32> {
  return stored;
}

fn lora_vec4(stored: LoraVec4) -> vec4<f32> {
  return stored;
}
#endif
