// kv-cache: elements of a key or value cache as f32, whatever the storage.
// cache_type is f32, f16, or u32 for f16 values packed in pairs, which needs no shader-f16.
#type cache_type
#if cache_type == u32
alias cache_pair = u32;
alias cache_vector = vec2<u32>;
fn load_pair(stored: cache_pair) -> vec2<f32> { return unpack2x16float(stored); }
fn store_pair(value: vec2<f32>) -> cache_pair { return pack2x16float(value); }
fn load_vector(stored: cache_vector) -> vec4<f32> {
  return vec4(unpack2x16float(stored.x), unpack2x16float(stored.y));
}
#else
alias cache_pair = vec2<cache_type>;
alias cache_vector = vec4<cache_type>;
fn load_pair(stored: cache_pair) -> vec2<f32> { return vec2<f32>(stored); }
fn store_pair(value: vec2<f32>) -> cache_pair { return cache_pair(value); }
fn load_vector(stored: cache_vector) -> vec4<f32> { return vec4<f32>(stored); }
#endif
