// sample-select: from scores to one token id, and everything that the next step needs.
// One workgroup owns the vocabulary. A token's distance is (best score - score) / temperature; its weight exp(-distance)
// is its probability before normalisation. Tokens are ordered by rising distance, then rising index; top-k and top-p keep
// a beginning of that order (order-search.wgsl), min-p a range of distances. The draw is an exponential race (Efraimidis
// and Spirakis 2006; the Gumbel-max trick): the kept token with the least log(e) + distance wins, with e from Exp(1), which
// picks each with its probability. e comes from a hash of (seed, step, index), so nothing but them decides the winner.
// Phases: 1 best score, which is greedy's answer · 2 top-k · 3 top-p · 4 min-p and race · 5 state of the next step.
// Workgroup memory: 5.2 KiB, of order-search.
#include <sampling>
#include <order-search>

struct Params { vocab_size: u32, num_chunks: u32, advance: u32, capacity: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> settings: array<u32>;               // [12], see sampler-settings.ts
@group(0) @binding(2) var<storage, read> scores: array<f32>;                 // [vocab]
@group(0) @binding(3) var<storage, read> partials: array<vec4<u32>>;         // [chunks]: score key, index, raw maximum, raw sum
@group(0) @binding(4) var<storage, read_write> seen: array<u32>;             // [vocab / 32] bits
@group(0) @binding(5) var<storage, read_write> token: array<u32>;            // [1]
@group(0) @binding(6) var<storage, read_write> generated: array<u32>;        // [capacity], a ring
@group(0) @binding(7) var<storage, read_write> step: array<u32>;             // [1]
@group(0) @binding(8) var<storage, read_write> position: array<u32>;         // [1]

// Bits of 2^-24, the least distance that is told from 0, and the key of 128, beyond which a weight is 0.
const LEAST_DISTANCE: u32 = 103u << 23u;
const KEY_WEIGHTLESS: u32 = 31u << 23u;

var<private> best_score: f32;

fn key_of(index: u32) -> u32 {
  let difference = best_score - scores[index];
  if (difference >= bitcast<f32>(settings[SETTING_DISTANCE_LIMIT])) {
    return KEY_WEIGHTLESS;
  }
  let bits = bitcast<u32>(difference * bitcast<f32>(settings[SETTING_INVERSE_TEMPERATURE]));
  return min(max(bits, LEAST_DISTANCE) - LEAST_DISTANCE, KEY_WEIGHTLESS);
}

fn distance_of(key: u32) -> f32 {
  return select(bitcast<f32>(key + LEAST_DISTANCE), 0.0, key == 0u);
}

fn weight_of(key: u32) -> f32 {
  return select(min(exp(-distance_of(key)), 1.0), 0.0, key == KEY_WEIGHTLESS);
}

// Counter-based random bits (PCG4D, Jarzynski and Olano 2020, https://jcgt.org/published/0009/03/02/).
fn random_bits(index: u32) -> u32 {
  var v = vec4<u32>(settings[SETTING_SEED], settings[SETTING_SEED + 1u], step[0], index) * 1664525u + 1013904223u;
  for (var round = 0u; round < 2u; round++) {
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    if (round == 0u) {
      v ^= v >> vec4<u32>(16u);
    }
  }
  return v.x;
}

// log of -log(1 - u) for uniform u in (0, 1). Small u decide races, and 1 - u would lose them: a series serves below 1/16.
fn log_exponential(bits: u32) -> f32 {
  let u = min((f32(bits) + 0.5) * 0x1p-32, 0.99999994);
  let series = u * (1.0 + u * (0.5 + u * (1.0 / 3.0 + u * (0.25 + u * (0.2 + u * (1.0 / 6.0))))));
  return log(select(-log(1.0 - u), series, u < 0.0625));
}

// The least (key, index) pair over all invocations, known to each of them.
fn first_of_all(lane: u32, pair: vec2<u32>) -> vec2<u32> {
  lane_low[lane] = pair.x;
  lane_high[lane] = pair.y;
  workgroupBarrier();
  var best = vec2<u32>(NONE);
  if (lane < BLOCK) {
    for (var k = lane * BLOCK; k < lane * BLOCK + BLOCK; k++) {
      best = first_of(best, vec2<u32>(lane_low[k], lane_high[k]));
    }
    block_low[lane] = best.x;
    block_high[lane] = best.y;
  }
  workgroupBarrier();
  best = vec2<u32>(NONE);
  for (var k = 0u; k < BLOCK; k++) {
    best = first_of(best, vec2<u32>(block_low[k], block_high[k]));
  }
  workgroupBarrier();
  return best;
}

fn draw(lane: u32) -> u32 {
  let cut = find_cut(lane, params.vocab_size, settings[SETTING_TOP_K], settings[SETTING_TOP_P]);
  let farthest = bitcast<f32>(settings[SETTING_MIN_P_DISTANCE]);
  var winner = vec2<u32>(NONE);
  for (var index = lane; index < params.vocab_size; index += WORKGROUP_SIZE) {
    let key = key_of(index);
    let distance = distance_of(key);
    if (key < KEY_WEIGHTLESS && is_kept(key, index, cut) && distance <= farthest) {
      let arrival = log_exponential(random_bits(index)) + distance;
      winner = first_of(winner, vec2<u32>(rising_key(arrival), index));
    }
  }
  return first_of_all(lane, winner).y;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var best = vec2<u32>(NONE);
  for (var chunk = lane; chunk < params.num_chunks; chunk += WORKGROUP_SIZE) {
    best = first_of(best, partials[chunk].xy);
  }
  best = first_of_all(lane, best);
  best_score = scores[best.y];

  var id = best.y;
  if ((settings[SETTING_FLAGS] & FLAG_GREEDY) == 0u) {
    id = draw(lane);
  }

  if (lane == 0u) {
    token[0] = id;
    seen[id / 32u] |= 1u << (id % 32u);
    generated[step[0] % params.capacity] = id;
    step[0] += 1u;
    position[0] += params.advance;
  }
}
