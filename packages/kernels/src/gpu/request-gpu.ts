import { WebGpuUnavailableError } from '../errors.ts';
import { capabilitiesOf, SUBGROUP_MATRIX } from './capabilities.ts';
import { Gpu } from './gpu.ts';

/** Optional features that kernels have variants for; each can be left out to take the plain path. */
const OPTIONAL_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query', SUBGROUP_MATRIX] as const;
export type OptionalFeature = (typeof OPTIONAL_FEATURES)[number];

/** Limits that are raised to what the adapter offers. Kernels work within the defaults; larger bindings mean fewer slices. */
const RAISED_LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

export interface GpuOptions {
  /** Where adapters come from; `navigator.gpu` by default. */
  readonly gpu?: GPU;
  readonly powerPreference?: GPUPowerPreference;
  /** Features not to use although the adapter has them. */
  readonly without?: readonly OptionalFeature[];
  /** Keep WebGPU's default limits instead of asking for the adapter's. */
  readonly defaultLimits?: boolean;
}

/**
 * Requests an adapter and a device with every optional feature that kernels can use.
 * @throws WebGpuUnavailableError if there is no WebGPU, no adapter or no device.
 */
export async function requestGpu(options: GpuOptions = {}): Promise<Gpu> {
  const entry = options.gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!entry) throw new WebGpuUnavailableError('navigator.gpu is missing');
  const adapter = await entry.requestAdapter({
    powerPreference: options.powerPreference ?? 'high-performance',
  });
  if (!adapter) throw new WebGpuUnavailableError('the browser found no suitable GPU adapter');
  const without = options.without ?? [];
  const requiredFeatures = OPTIONAL_FEATURES.filter(
    (feature) =>
      adapter.features.has(feature) &&
      !without.includes(feature) &&
      // A device with matrices has subgroups, whether they are asked for or not.
      !(feature === SUBGROUP_MATRIX && without.includes('subgroups')),
  ) as GPUFeatureName[];
  const requiredLimits: Record<string, number> = {};
  if (!options.defaultLimits)
    for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits }).catch((cause: unknown) => {
    throw new WebGpuUnavailableError(`the device could not be created (${String(cause)})`);
  });
  return new Gpu(device, capabilitiesOf(device, adapter.info, entry.wgslLanguageFeatures));
}
