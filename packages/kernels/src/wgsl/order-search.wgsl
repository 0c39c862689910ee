// Where to cut an ordered vocabulary. Tokens are ordered by rising key, then by rising index; `find_cut` keeps the first n
// of them, or the shortest beginning that holds a share of the total mass, or both. Nothing is sorted: each round counts
// the tokens that share the digits found so far by their next digit, in one bin per invocation, and finds the bin in which
// the limit falls. A round reads the vocabulary once; two or three are usual, seven the most.
//
// The including shader defines `fn key_of(index: u32) -> u32` with keys of 28 bits and, with MASS, `fn weight_of(key:
// u32) -> f32` in [0, 1]. One workgroup of 256 invocations runs the search. Masses are added as 64-bit fixed point with 44
// fractional bits, so that the sum does not depend on the order of the atomics.
// Workgroup memory: bins and sums 5.2 KiB.
#flag MASS

const WORKGROUP_SIZE: u32 = 256u;   // one bin per invocation
const BLOCK: u32 = 16u;             // invocations whose sums are added up together
const DIGIT_BITS: u32 = 8u;
const KEY_BITS: u32 = 28u;
const INDEX_BITS: u32 = 18u;

// A token is kept if it comes at or before (key, index).
struct Cut { key: u32, index: u32 }

// Digits found so far: of the key, then of the index among tokens with that key.
struct Prefix { in_key: bool, shift: u32, bits: u32, key: u32, index: u32 }

struct Found { digit: u32, whole: u32, rest_low: u32, rest_high: u32 }

var<workgroup> bin_count: array<atomic<u32>, WORKGROUP_SIZE>;
#if MASS
var<workgroup> bin_low: array<atomic<u32>, WORKGROUP_SIZE>;
var<workgroup> bin_high: array<atomic<u32>, WORKGROUP_SIZE>;
#endif
var<workgroup> lane_low: array<u32, WORKGROUP_SIZE>;
var<workgroup> lane_high: array<u32, WORKGROUP_SIZE>;
var<workgroup> block_low: array<u32, BLOCK>;
var<workgroup> block_high: array<u32, BLOCK>;
var<workgroup> found: Found;

fn is_kept(key: u32, index: u32, cut: Cut) -> bool {
  return key < cut.key || (key == cut.key && index <= cut.index);
}

// 64-bit sums as (low, high).
fn add64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.x + b.x;
  return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn subtract64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

fn less64(a: vec2<u32>, b: vec2<u32>) -> bool {
  return a.y < b.y || (a.y == b.y && a.x < b.x);
}

fn multiply32(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let cross = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return vec2<u32>((cross << 16u) | (low & 0xffffu), (a >> 16u) * (b >> 16u) + (middle >> 16u) + (cross >> 16u));
}

// total · share / 2^32, rounded down, at least 1.
fn share_of(total: vec2<u32>, share: u32) -> vec2<u32> {
  let part = add64(multiply32(total.y, share), vec2<u32>(multiply32(total.x, share).y, 0u));
  return vec2<u32>(select(part.x, 1u, part.x == 0u && part.y == 0u), part.y);
}

fn first_digit() -> Prefix {
  return Prefix(true, KEY_BITS - DIGIT_BITS, DIGIT_BITS, 0u, 0u);
}

// Bin of a token's next digit; WORKGROUP_SIZE for a token that is cut already or differs in a digit found before.
fn bin_of(index: u32, key: u32, cut: Cut, prefix: Prefix) -> u32 {
  let word = select(index, key, prefix.in_key);
  let expected = select(prefix.index, prefix.key, prefix.in_key);
  let shares = (prefix.in_key || key == prefix.key) && (word >> (prefix.shift + prefix.bits)) == expected;
  return select(WORKGROUP_SIZE, (word >> prefix.shift) & ((1u << prefix.bits) - 1u), shares && is_kept(key, index, cut));
}

fn count_token(bin: u32, key: u32) {
  atomicAdd(&bin_count[bin], 1u);
#if MASS
  // weight · 2^44 = high · 2^32 + low; both conversions are exact, because a f32 has 24 bits.
  let scaled = weight_of(key) * 4096.0;
  let high = floor(scaled);
  let low = u32((scaled - high) * 4294967296.0);
  let before = atomicAdd(&bin_low[bin], low);
  atomicAdd(&bin_high[bin], u32(high) + select(0u, 1u, before + low < before));
#endif
}

// Sum of all bins before this invocation's own.
fn sum_before(lane: u32, own: vec2<u32>) -> vec2<u32> {
  lane_low[lane] = own.x;
  lane_high[lane] = own.y;
  workgroupBarrier();
  var sum = vec2<u32>(0u);
  if (lane < BLOCK) {
    for (var k = lane * BLOCK; k < lane * BLOCK + BLOCK; k++) {
      sum = add64(sum, vec2<u32>(lane_low[k], lane_high[k]));
    }
    block_low[lane] = sum.x;
    block_high[lane] = sum.y;
  }
  workgroupBarrier();
  sum = vec2<u32>(0u);
  for (var k = 0u; k < lane / BLOCK; k++) {
    sum = add64(sum, vec2<u32>(block_low[k], block_high[k]));
  }
  for (var k = lane / BLOCK * BLOCK; k < lane; k++) {
    sum = add64(sum, vec2<u32>(lane_low[k], lane_high[k]));
  }
  return sum;
}

// Keeps the first `count` tokens (0: all), then of these the shortest beginning with `share` / 2^32 of their mass (0: all).
// All invocations call this in uniform control flow. Both searches run in one loop: compilers of software adapters need
// minutes for every further copy of a body with barriers.
fn find_cut(lane: u32, vocab_size: u32, count: u32, share: u32) -> Cut {
  var cut = Cut(0xffffffffu, 0xffffffffu);
  var answer = cut;
  var prefix = first_digit();
  var rest = vec2<u32>(count, 0u);
  var by_mass = count == 0u;
  var first = true;
  loop {
    if (by_mass && share == 0u) {
      break;
    }
    atomicStore(&bin_count[lane], 0u);
#if MASS
    atomicStore(&bin_low[lane], 0u);
    atomicStore(&bin_high[lane], 0u);
#endif
    if (lane == 0u) {
      found.digit = 0xffffffffu;
    }
    workgroupBarrier();
    for (var index = lane; index < vocab_size; index += WORKGROUP_SIZE) {
      let key = key_of(index);
      let bin = bin_of(index, key, cut, prefix);
      if (bin < WORKGROUP_SIZE) {
        count_token(bin, key);
      }
    }
    workgroupBarrier();

    let own_count = atomicLoad(&bin_count[lane]);
    var own = vec2<u32>(own_count, 0u);
#if MASS
    if (by_mass) {
      own = vec2<u32>(atomicLoad(&bin_low[lane]), atomicLoad(&bin_high[lane]));
    }
#endif
    let before = sum_before(lane, own);
    let after = add64(before, own);
#if MASS
    if (by_mass && first) {
      if (lane == WORKGROUP_SIZE - 1u) {
        let target_mass = share_of(after, share);
        block_low[0] = target_mass.x;
        block_high[0] = target_mass.y;
      }
      workgroupBarrier();
      rest = vec2<u32>(block_low[0], block_high[0]);
    }
#endif
    // Exactly one bin holds the limit, unless the limit lies beyond all tokens.
    if (less64(before, rest) && !less64(after, rest)) {
      let remaining = subtract64(rest, before);
      found = Found(lane, select(0u, 1u, own_count == 1u || all(after == rest)), remaining.x, remaining.y);
    }
    let result = workgroupUniformLoad(&found);

    if (result.digit != 0xffffffffu) {
      rest = vec2<u32>(result.rest_low, result.rest_high);
      // Digits below the ones found stay open, which is final if the bin is kept whole.
      let open = (1u << prefix.shift) - 1u;
      if (prefix.in_key) {
        prefix.key = (prefix.key << prefix.bits) | result.digit;
        answer = Cut((prefix.key << prefix.shift) | open, 0xffffffffu);
      } else {
        prefix.index = (prefix.index << prefix.bits) | result.digit;
        answer = Cut(prefix.key, (prefix.index << prefix.shift) | open);
      }
    }
    first = false;
    if (result.digit == 0xffffffffu || result.whole == 1u || (!prefix.in_key && prefix.shift == 0u)) {
      cut = answer;
      if (by_mass) {
        break;
      }
      by_mass = true;
      first = true;
      prefix = first_digit();
    } else if (prefix.shift == 0u) {
      prefix.in_key = false;
      prefix.shift = INDEX_BITS - DIGIT_BITS;
      prefix.bits = DIGIT_BITS;
    } else {
      prefix.bits = min(prefix.shift, DIGIT_BITS);
      prefix.shift -= prefix.bits;
    }
  }
  return cut;
}
