// lora-up: one term of the low-rank update, b[n, r] · products[m, segment(n) · LORA_RANK + r].
// The including shader declares `products: array<f32>` and `lora_b: array<lora_type>`. Up to four segments of output rows
// (q, k and v in one matrix; gate and up) have products of their own; unused ends are the number of rows.
#if LORA
#type lora_type
#const LORA_RANK: u32
#const LORA_SEGMENTS: u32
#const SEGMENT_END_0: u32
#const SEGMENT_END_1: u32
#const SEGMENT_END_2: u32

fn lora_segment(n: u32) -> u32 {
  return u32(n >= SEGMENT_END_0) + u32(n >= SEGMENT_END_1) + u32(n >= SEGMENT_END_2);
}

fn lora_term(m: u32, n: u32, r: u32) -> f32 {
  return f32(lora_b[n * LORA_RANK + r]) * products[(m * LORA_SEGMENTS + lora_segment(n)) * LORA_RANK + r];
}
#endif
