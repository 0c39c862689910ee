// lora-up: the low-rank update of a linear layer, Σ over r of b[n, r] · products[m, segment(n) · LORA_RANK + r].
// The including shader declares `products: array<f32>` and `lora_b: array<LoraPair>`. Up to four segments of output rows
// (q, k and v in one matrix; gate and up) have products of their own; unused ends are the number of rows.
#if LORA
#const LORA_RANK: u32    // even
#const LORA_SEGMENTS: u32
#const SEGMENT_END_0: u32
#const SEGMENT_END_1: u32
#const SEGMENT_END_2: u32
#include <lora-matrix>

fn lora_segment(n: u32) -> u32 {
  return u32(n >= SEGMENT_END_0) + u32(n >= SEGMENT_END_1) + u32(n >= SEGMENT_END_2);
}

// Element r of row n of B.
fn lora_element(n: u32, r: u32) -> f32 {
  return lora_pair(lora_b[(n * LORA_RANK + r) / 2u])[r & 1u];
}

// Terms 2 i and 2 i + 1.
fn lora_terms(m: u32, n: u32, i: u32) -> f32 {
  let first = (m * LORA_SEGMENTS + lora_segment(n)) * LORA_RANK + 2u * i;
  return dot(lora_pair(lora_b[n * (LORA_RANK / 2u) + i]), vec2<f32>(products[first], products[first + 1u]));
}
#endif
