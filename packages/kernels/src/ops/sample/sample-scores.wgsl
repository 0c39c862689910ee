// sample-scores: score[i] = penalised logit[i] + bias[i], with the best score and the log-softmax partials of each chunk.
// One workgroup owns CHUNK consecutive tokens; an invocation owns every WORKGROUP_SIZE-th of them.
// A seen token's logit is divided by the repetition penalty when positive and multiplied by it otherwise (Keskar et al.
// 2019, section 4.1). NaN and -inf become LOWEST, +inf becomes -LOWEST, -0 becomes +0: no later step meets a special value.
// Phases: 1 scores and maxima · 2 reduction · 3 sum of exponentials of the raw logits · 4 partials.
// Workgroup memory: 256 x 12 B = 3 KiB. No subgroup variant: sums have one order, so all paths draw the same ids.
#const WORKGROUP_SIZE: u32
#const CHUNK: u32
#flag BIAS
#include <sampling>

struct Params { vocab_size: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> settings: array<u32>;                 // [12], see sampler-settings.ts
@group(0) @binding(2) var<storage, read> logits: array<u32>;                   // [vocab], bits of f32
@group(0) @binding(3) var<storage, read> seen: array<u32>;                     // [vocab / 32] bits
#if BIAS
@group(0) @binding(4) var<storage, read> bias: array<f32>;                     // [vocab]
#endif
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;             // [vocab]
@group(0) @binding(6) var<storage, read_write> partials: array<vec4<u32>>;     // [chunks]: score key, index, raw maximum, raw sum

const PER_LANE: u32 = CHUNK / WORKGROUP_SIZE;

var<workgroup> lane_key: array<u32, WORKGROUP_SIZE>;
var<workgroup> lane_index: array<u32, WORKGROUP_SIZE>;
var<workgroup> lane_raw: array<f32, WORKGROUP_SIZE>;

fn score_of(index: u32, logit: f32) -> f32 {
  var score = logit;
  if ((seen[index / 32u] & (1u << (index % 32u))) != 0u) {
    score = select(score * setting_f32(SETTING_PENALTY), score * setting_f32(SETTING_INVERSE_PENALTY), score > 0.0);
  }
#if BIAS
  if ((settings[SETTING_FLAGS] & FLAG_BIAS) != 0u) {
    score += finite(bitcast<u32>(bias[index]));
  }
#endif
  return clamp(score, LOWEST, -LOWEST);
}

fn setting_f32(word: u32) -> f32 {
  return bitcast<f32>(settings[word]);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let start = group.x * CHUNK + lane;
  var raw: array<f32, PER_LANE>;
  var best = vec2<u32>(NONE, NONE);
  var raw_max = LOWEST;
  for (var k = 0u; k < PER_LANE; k++) {
    let index = start + k * WORKGROUP_SIZE;
    if (index < params.vocab_size) {
      raw[k] = finite(logits[index]);
      let score = score_of(index, raw[k]);
      scores[index] = score;
      best = first_of(best, vec2<u32>(falling_key(score), index));
      raw_max = max(raw_max, raw[k]);
    }
  }

  lane_key[lane] = best.x;
  lane_index[lane] = best.y;
  lane_raw[lane] = raw_max;
  workgroupBarrier();
  for (var step = WORKGROUP_SIZE / 2u; step > 0u; step /= 2u) {
    if (lane < step) {
      best = first_of(best, vec2<u32>(lane_key[lane + step], lane_index[lane + step]));
      lane_key[lane] = best.x;
      lane_index[lane] = best.y;
      lane_raw[lane] = max(lane_raw[lane], lane_raw[lane + step]);
    }
    workgroupBarrier();
  }
  raw_max = lane_raw[0];
  workgroupBarrier();

  var sum = 0.0;
  for (var k = 0u; k < PER_LANE; k++) {
    if (start + k * WORKGROUP_SIZE < params.vocab_size) {
      sum += exp(max(raw[k] - raw_max, MIN_EXPONENT));
    }
  }
  lane_raw[lane] = sum;
  workgroupBarrier();
  for (var step = WORKGROUP_SIZE / 2u; step > 0u; step /= 2u) {
    if (lane < step) {
      lane_raw[lane] += lane_raw[lane + step];
    }
    workgroupBarrier();
  }

  if (lane == 0u) {
    partials[group.x] = vec4<u32>(best, bitcast<u32>(raw_max), bitcast<u32>(lane_raw[0]));
  }
}
