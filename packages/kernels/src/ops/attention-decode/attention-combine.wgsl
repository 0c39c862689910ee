// attention-combine: joins the key ranges of attention-decode. With m_s, l_s, a_s of range s and M = max over s of m_s:
//   y[h] = Σ_s 2^(m_s − M) a_s / Σ_s 2^(m_s − M) l_s
// A workgroup owns one head. Lanes form STRIPES stripes over the ranges; lane i of a stripe owns vec4 column i.
// Phases: 1 a stripe's ranges with a running maximum · 2 join of the stripes. Workgroup memory: 2 × 64 × 16 B = 2 KiB.
#type output_type
#const HEAD_DIM: u32

const VECTORS: u32 = HEAD_DIM / 4u;
const WORKGROUP_SIZE: u32 = 64u;
const STEP_KEYS: u32 = 64u;   // as in attention-decode
const STRIPES: u32 = WORKGROUP_SIZE / VECTORS;
const PARTIAL_STRIDE: u32 = VECTORS + 1u;
const LOWEST: f32 = -0x1.fffffep+127f;

struct Params { capacity: u32, splits: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<vec4<f32>>;          // [heads, splits, 4 + head_dim]
@group(0) @binding(2) var<storage, read> position: array<u32>;                // [1] keys before the new token's
@group(0) @binding(3) var<storage, read_write> y: array<vec4<output_type>>;   // [heads, head_dim]

var<workgroup> stripe_sum: array<vec4<f32>, WORKGROUP_SIZE>;
var<workgroup> stripe_scale: array<vec2<f32>, WORKGROUP_SIZE>;   // maximum and sum of weights

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let num_keys = min(position[0] + 1u, params.capacity);
  let steps = (num_keys + STEP_KEYS - 1u) / STEP_KEYS;
  let split_steps = (steps + params.splits - 1u) / params.splits;
  let used_splits = (steps + split_steps - 1u) / split_steps;
  let column = lane % VECTORS;

  var highest = LOWEST;
  var total = 0.0;
  var sum = vec4<f32>();
  if (lane < STRIPES * VECTORS) {
    for (var split = lane / VECTORS; split < used_splits; split += STRIPES) {
      let partial = (group.x * params.splits + split) * PARTIAL_STRIDE;
      let scale = partials[partial];
      let new_highest = max(highest, scale.x);
      let rescale = exp2(highest - new_highest);
      let weight = exp2(scale.x - new_highest);
      highest = new_highest;
      total = total * rescale + scale.y * weight;
      sum = sum * rescale + partials[partial + 1u + column] * weight;
    }
  }
  stripe_sum[lane] = sum;
  stripe_scale[lane] = vec2(highest, total);
  workgroupBarrier();
  if (lane >= VECTORS) {
    return;
  }
  for (var stripe = 1u; stripe < STRIPES; stripe++) {
    let other = stripe_scale[stripe * VECTORS + lane];
    let new_highest = max(highest, other.x);
    let rescale = exp2(highest - new_highest);
    let weight = exp2(other.x - new_highest);
    highest = new_highest;
    total = total * rescale + other.y * weight;
    sum = sum * rescale + stripe_sum[stripe * VECTORS + lane] * weight;
  }
  y[group.x * VECTORS + lane] = vec4<output_type>(sum / total);
}
