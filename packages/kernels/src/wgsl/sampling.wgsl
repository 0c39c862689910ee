// What the sampler's shaders share: words of the settings buffer, order-preserving keys, removal of special values.
const SETTING_FLAGS: u32 = 0u;
const SETTING_INVERSE_TEMPERATURE: u32 = 1u;
const SETTING_DISTANCE_LIMIT: u32 = 2u;
const SETTING_TOP_K: u32 = 3u;
const SETTING_TOP_P: u32 = 4u;
const SETTING_MIN_P_DISTANCE: u32 = 5u;
const SETTING_PENALTY: u32 = 6u;
const SETTING_INVERSE_PENALTY: u32 = 7u;
const SETTING_SEED: u32 = 8u;             // and 9
const SETTING_LOGPROBS: u32 = 10u;        // alternatives + 1; 0 is off
const FLAG_GREEDY: u32 = 1u;
const FLAG_BIAS: u32 = 2u;

const NONE: u32 = 0xffffffffu;
// Half of the lowest finite f32: differences of two such values stay finite.
const LOWEST: f32 = -1.7014117e38;
// exp() of anything lower is zero in f32.
const MIN_EXPONENT: f32 = -104.0;

// A float from its bits without NaN, infinity and negative zero. Bits are tested because shaders may assume no NaN.
fn finite(bits: u32) -> f32 {
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u || bits == 0xff800000u) {
    return LOWEST;
  }
  if (bits == 0x7f800000u) {
    return -LOWEST;
  }
  return select(clamp(bitcast<f32>(bits), LOWEST, -LOWEST), 0.0, magnitude == 0u);
}

// Integer key that rises where the value rises.
fn rising_key(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

// Integer key that falls where the value rises.
fn falling_key(value: f32) -> u32 {
  return ~rising_key(value);
}

// The lower of two (key, index) pairs; equal keys go to the lower index.
fn first_of(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  return select(a, b, b.x < a.x || (b.x == a.x && b.y < a.y));
}
