import type { Gpu } from '../src/gpu/gpu.ts';
import type { FloatType } from '../src/tensor/tensor.ts';

/** Types of activations and KV cache that a device can run; an f16 cache must work without shader-f16 too. */
export function cacheTypes({ capabilities }: Gpu): { activations: FloatType; cache: FloatType }[] {
  return [
    { activations: 'f32', cache: 'f32' },
    { activations: 'f32', cache: 'f16' },
    ...(capabilities.f16 ? [{ activations: 'f16', cache: 'f16' } as const] : []),
  ];
}
