// route: logits[t, e] = Σ over h of norm(x)[t, h] · router[e, h]; the TOP_K largest, and their softmax
// One workgroup owns one token and splits its invocations evenly over the experts; those of one expert stride over
// hidden in vectors of 4 and also gather the sum of squares, so that the RMS norm costs no second reading of x.
// Ranking compares integer keys, which order as the floats do: a NaN is below everything, -0 equals +0, and equal
// logits are ranked by expert. So experts are always in range, distinct, and the weights finite with sum 1.
// Workgroup memory: 8 B per invocation, 4 B per expert and selected expert.
// Phases: 1 partial products and squares · 2 tree reduction per expert · 3 logits · 4 rank, softmax over the selected.
#type input_type
#const HIDDEN_SIZE: u32
#const NUM_EXPERTS: u32
#const TOP_K: u32
#const WORKGROUP_SIZE: u32
#const LANES_PER_EXPERT: u32
#const EPSILON: f32
#flag NORM
#include <fold>

const VECTORS: u32 = HIDDEN_SIZE / 4u;

struct Params { num_tokens: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<input_type>>;          // [tokens, hidden]
@group(0) @binding(2) var<storage, read> router: array<vec4<f32>>;            // [experts, hidden]
#if NORM
@group(0) @binding(3) var<storage, read> norm_weight: array<vec4<f32>>;       // [hidden]
#endif
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;            // [tokens, experts]
@group(0) @binding(5) var<storage, read_write> experts: array<u32>;           // [tokens, topk], by falling logit
@group(0) @binding(6) var<storage, read_write> weights: array<f32>;           // [tokens, topk]

// .x product with the expert's row, .y sum of squares of x
var<workgroup> partial: array<vec2<f32>, WORKGROUP_SIZE>;
var<workgroup> keys: array<u32, NUM_EXPERTS>;
var<workgroup> numerators: array<f32, TOP_K>;

const LOWEST_KEY: u32 = 0u;
const INFINITY_KEY: u32 = 0xff800000u;

// Keys rise with the value; every NaN gets the lowest.
fn key_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return LOWEST_KEY;
  }
  if (bits == 0x80000000u) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn value_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, (key & 0x80000000u) != 0u));
}

// e^(logit - largest) without inf - inf: equal logits give 1, and nothing but another infinity counts beside one.
fn numerator(key: u32, largest: u32) -> f32 {
  if (key == largest) {
    return 1.0;
  }
  if (key <= ~INFINITY_KEY || largest == INFINITY_KEY) {
    return 0.0;
  }
  return exp(value_of(key) - value_of(largest));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let token = workgroup_index(group, grid);
  if (token >= params.num_tokens) {
    return;
  }
  let expert = lane / LANES_PER_EXPERT;
  let part = lane % LANES_PER_EXPERT;

  var sums = vec2<f32>();
  if (expert < NUM_EXPERTS) {
    for (var i = part; i < VECTORS; i += LANES_PER_EXPERT) {
      let value = vec4<f32>(x[token * VECTORS + i]);
#if NORM
      sums += vec2<f32>(dot(value * norm_weight[i], router[expert * VECTORS + i]), dot(value, value));
#else
      sums.x += dot(value, router[expert * VECTORS + i]);
#endif
    }
  }

  partial[lane] = sums;
  workgroupBarrier();
  for (var step = LANES_PER_EXPERT / 2u; step > 0u; step /= 2u) {
    if (part < step) {
      partial[lane] += partial[lane + step];
    }
    workgroupBarrier();
  }

  if (lane < NUM_EXPERTS) {
    let total = partial[lane * LANES_PER_EXPERT];
#if NORM
    let logit = total.x * inverseSqrt(total.y / f32(HIDDEN_SIZE) + EPSILON);
#else
    let logit = total.x;
#endif
    logits[token * NUM_EXPERTS + lane] = logit;
    keys[lane] = key_of(logit);
  }
  workgroupBarrier();

  var rank = TOP_K;
  var own = 0.0;
  if (lane < NUM_EXPERTS) {
    let key = keys[lane];
    var largest = key;
    rank = 0u;
    for (var other = 0u; other < NUM_EXPERTS; other++) {
      let other_key = keys[other];
      largest = max(largest, other_key);
      if (other_key > key || (other_key == key && other < lane)) {
        rank++;
      }
    }
    if (rank < TOP_K) {
      own = numerator(key, largest);
      numerators[rank] = own;
    }
  }
  workgroupBarrier();
  if (rank < TOP_K) {
    var sum = 0.0;
    for (var i = 0u; i < TOP_K; i++) {
      sum += numerators[i];
    }
    experts[token * TOP_K + rank] = lane;
    weights[token * TOP_K + rank] = own / sum;
  }
}
