import fold from './fold.wgsl?raw';
import groupedSlots from './grouped-slots.wgsl?raw';
import inputPack from './input-pack.wgsl?raw';
import inputTile from './input-tile.wgsl?raw';
import laneSums from './lane-sums.wgsl?raw';
import linearLayer from './linear-layer.wgsl?raw';
import loraMatrix from './lora-matrix.wgsl?raw';
import loraUp from './lora-up.wgsl?raw';
import kvCache from './kv-cache.wgsl?raw';
import orderSearch from './order-search.wgsl?raw';
import prefillRows from './prefill-rows.wgsl?raw';
import reduce from './reduce.wgsl?raw';
import reduceVec4 from './reduce-vec4.wgsl?raw';
import sampling from './sampling.wgsl?raw';
import weights from './weights.wgsl?raw';
import weightsF16 from './weights-f16.wgsl?raw';
import weightsF32 from './weights-f32.wgsl?raw';
import weightsQ4 from './weights-q4.wgsl?raw';
import weightsQ8 from './weights-q8.wgsl?raw';

/** Shared shader pieces by the name that `#include <name>` uses. */
export const wgslPieces: Readonly<Record<string, string>> = {
  fold,
  'kv-cache': kvCache,
  'grouped-slots': groupedSlots,
  'input-pack': inputPack,
  'input-tile': inputTile,
  'lane-sums': laneSums,
  'linear-layer': linearLayer,
  'lora-matrix': loraMatrix,
  'lora-up': loraUp,
  'order-search': orderSearch,
  'prefill-rows': prefillRows,
  reduce,
  'reduce-vec4': reduceVec4,
  sampling,
  weights,
  'weights-f32': weightsF32,
  'weights-f16': weightsF16,
  'weights-q8': weightsQ8,
  'weights-q4': weightsQ4,
};
