// grouped-slots: parameters and bindings of the grouped matrix products: slots in tiles that share an expert, from align.
// The including shader declares TILE_ROWS, the slots of a tile.
#type input_type
#type output_type
#const SLOTS_PER_ROW: u32
#const OUTPUT_ROWS: u32
#flag GATED
#flag LORA
#if LORA
#const LORA_RANK: u32    // even
#include <lora-matrix>
#endif
#include <weights>
#include <fold>

const PARTS: u32 = select(1u, 2u, GATED);
const NO_EXPERT: u32 = 0xffffffffu;

struct Params { num_slots: u32, num_tiles: u32, row_start: u32, rows: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> quants: array<WeightPack>;           // [experts, PARTS, rows, PACKS_PER_ROW]
#if WEIGHT_BITS < 16
@group(0) @binding(2) var<storage, read> scales: array<u32>;                  // [experts, PARTS, rows, COLUMNS / 32] f16
#endif
@group(0) @binding(3) var<storage, read> x: array<vec4<input_type>>;          // [slots / SLOTS_PER_ROW, COLUMNS]
@group(0) @binding(4) var<storage, read> sorted_slots: array<u32>;            // [tiles, TILE_ROWS], num_slots = padding
@group(0) @binding(5) var<storage, read> tile_experts: array<u32>;            // [tiles]
#if LORA
@group(0) @binding(6) var<storage, read> products: array<f32>;                // [slots, PARTS, LORA_RANK]
@group(0) @binding(7) var<storage, read> lora_b: array<LoraPair>;             // [experts, PARTS, OUTPUT_ROWS, LORA_RANK]
#endif
@group(0) @binding(8) var<storage, read_write> y: array<output_type>;         // [slots, OUTPUT_ROWS]

#if LORA
// Element r of row n of B, n counted over the whole part.
fn lora_element(expert: u32, part: u32, n: u32, r: u32) -> f32 {
  return lora_pair(lora_b[(((expert * PARTS + part) * OUTPUT_ROWS + n) * LORA_RANK + r) / 2u])[r & 1u];
}
#endif

// Four columns of a slot's input; zero beyond the row and for padding.
fn input(slot: u32, v: u32) -> vec4<f32> {
  if (slot >= params.num_slots || v >= COLUMN_VECTORS) {
    return vec4<f32>();
  }
  return vec4<f32>(x[slot / SLOTS_PER_ROW * COLUMN_VECTORS + v]);
}
