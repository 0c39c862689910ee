// sample-logprobs: log-softmax of the raw logits for the sampled token and for the likeliest tokens, logged per step.
// One workgroup owns the vocabulary. It runs after sample-select, which has advanced the step; without the setting it
// returns at once, so that one recorded list serves requests with and without log probabilities.
// Phases: 1 maximum and sum of exponentials from the chunks · 2 cut at the n likeliest · 3 gather · 4 rank and store.
// Workgroup memory: 5.4 KiB.
#include <sampling>
#include <order-search>

const MAX_LOGPROBS: u32 = 20u;

struct Params { vocab_size: u32, num_chunks: u32, capacity: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> settings: array<u32>;               // [12], see sampler-settings.ts
@group(0) @binding(2) var<storage, read> logits: array<u32>;                 // [vocab], bits of f32
@group(0) @binding(3) var<storage, read> partials: array<vec4<u32>>;         // [chunks]: score key, index, raw maximum, raw sum
@group(0) @binding(4) var<storage, read> token: array<u32>;                  // [1]
@group(0) @binding(5) var<storage, read> step: array<u32>;                   // [1], already past this step
@group(0) @binding(6) var<storage, read_write> values: array<f32>;           // [capacity, 21]: the token's, then the likeliest
@group(0) @binding(7) var<storage, read_write> ids: array<u32>;              // [capacity, 20]

var<workgroup> chunk_value: array<f32, WORKGROUP_SIZE>;
var<workgroup> num_gathered: atomic<u32>;
var<workgroup> gathered_key: array<u32, MAX_LOGPROBS>;
var<workgroup> gathered_index: array<u32, MAX_LOGPROBS>;

var<private> raw_max: f32;

// Distance from the likeliest token. Distances that differ by less than a millionth count as ties, which go by id.
fn key_of(index: u32) -> u32 {
  return bitcast<u32>(max(raw_max - finite(logits[index]), 0.0)) >> 3u;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  if (settings[SETTING_LOGPROBS] == 0u) {
    return;
  }
  var value = LOWEST;
  for (var chunk = lane; chunk < params.num_chunks; chunk += WORKGROUP_SIZE) {
    value = max(value, bitcast<f32>(partials[chunk].z));
  }
  chunk_value[lane] = value;
  workgroupBarrier();
  let num_values = min(params.num_chunks, WORKGROUP_SIZE);
  raw_max = LOWEST;
  for (var k = 0u; k < num_values; k++) {
    raw_max = max(raw_max, chunk_value[k]);
  }
  workgroupBarrier();
  value = 0.0;
  for (var chunk = lane; chunk < params.num_chunks; chunk += WORKGROUP_SIZE) {
    value += bitcast<f32>(partials[chunk].w) * exp(max(bitcast<f32>(partials[chunk].z) - raw_max, MIN_EXPONENT));
  }
  chunk_value[lane] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var k = 0u; k < num_values; k++) {
    sum += chunk_value[k];
  }
  let log_sum = log(sum);

  let row = (step[0] - 1u) % params.capacity;
  if (lane == 0u) {
    values[row * (MAX_LOGPROBS + 1u)] = finite(logits[token[0]]) - raw_max - log_sum;
  }
  let count = min(min(settings[SETTING_LOGPROBS] - 1u, MAX_LOGPROBS), params.vocab_size);
  if (count == 0u) {
    return;
  }

  let cut = find_cut(lane, params.vocab_size, count, 0u);
  for (var index = lane; index < params.vocab_size; index += WORKGROUP_SIZE) {
    if (is_kept(key_of(index), index, cut)) {
      let slot = atomicAdd(&num_gathered, 1u);
      if (slot < MAX_LOGPROBS) {
        gathered_key[slot] = key_of(index);
        gathered_index[slot] = index;
      }
    }
  }
  workgroupBarrier();
  if (lane < count) {
    let own = vec2<u32>(gathered_key[lane], gathered_index[lane]);
    var rank = 0u;
    for (var k = 0u; k < count; k++) {
      let other = vec2<u32>(gathered_key[k], gathered_index[k]);
      rank += select(0u, 1u, any(other != own) && all(first_of(own, other) == other));
    }
    ids[row * MAX_LOGPROBS + rank] = own.y;
    values[row * (MAX_LOGPROBS + 1u) + 1u + rank] = finite(logits[own.y]) - raw_max - log_sum;
  }
}
