// linear-layer: parameters and bindings of the linear kernels and the end of their work, the store of one sum.
//   NORM        x is first multiplied by norm_weight[k] / sqrt(mean over k of x[m, k]² + EPSILON)
//   LORA        + Σ over r of b[n, r] · products[m, segment(n) · RANK + r]
//   BIAS        + bias[n]
//   GATED       weight rows come in pairs, y[m, n] = silu(gate) · up
//   ACCUMULATE  y += instead of y =
#type input_type
#type output_type
#flag NORM
#flag LORA
#flag BIAS
#flag GATED
#flag ACCUMULATE
#if NORM
#const EPSILON: f32
#endif
#include <weights>
#include <lora-up>

struct Params {
  num_tokens: u32,   // M
  rows: u32,         // of this slice
  row_start: u32,    // first output column of this slice
  total_rows: u32,   // N
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<input_type>>;          // [M, K / 4]
@group(0) @binding(2) var<storage, read> quants: array<WeightPack>;           // [(2,) rows, PACKS_PER_ROW]
#if WEIGHT_BITS < 16
@group(0) @binding(3) var<storage, read> scales: array<u32>;                  // [(2,) rows, K / 32] halves
#endif
#if NORM
@group(0) @binding(4) var<storage, read> norm_weight: array<vec4<f32>>;       // [K / 4]
#endif
#if BIAS
@group(0) @binding(5) var<storage, read> bias: array<f32>;                    // [N]
#endif
#if LORA
@group(0) @binding(6) var<storage, read> products: array<f32>;                // [M, segments · RANK]
@group(0) @binding(7) var<storage, read> lora_b: array<LoraPair>;             // [N, RANK], GATED [2N, RANK]
#endif
@group(0) @binding(8) var<storage, read_write> y: array<output_type>;         // [M, N]

// Stores the sum of a row of the slice; rows beyond it are left out.
fn store_one(m: u32, row: u32, sum: f32) {
  if (row >= params.rows) {
    return;
  }
  let n = params.row_start + row;
  var value = sum;
#if BIAS
  value += bias[n];
#endif
#if ACCUMULATE
  value += f32(y[m * params.total_rows + n]);
#endif
  y[m * params.total_rows + n] = output_type(value);
}
