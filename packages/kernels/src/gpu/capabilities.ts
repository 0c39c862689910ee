/** Sizes and types of matrices that a subgroup multiplies together: M × K by K × N. */
export interface SubgroupMatrix {
  /** `f16`, `f32` or an integer type. */
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What variant choice may depend on. Never a vendor name. */
export interface Capabilities {
  /** `shader-f16`: f16 storage and arithmetic in shaders. */
  readonly f16: boolean;
  /** `subgroups` with its size range; code must work at any size within it. */
  readonly subgroups: boolean;
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  /** `chromium-experimental-subgroup-matrix`; empty without it. */
  readonly subgroupMatrices: readonly SubgroupMatrix[];
  /** WGSL language feature `packed_4x8_integer_dot_product`. */
  readonly packedDot: boolean;
  /** `timestamp-query`. */
  readonly timestamps: boolean;
  /** The adapter runs on the CPU. */
  readonly isFallback: boolean;
  readonly maxInvocations: number;
  readonly maxWorkgroupStorageBytes: number;
  readonly maxWorkgroupsPerDimension: number;
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
  readonly maxStorageBuffers: number;
}

export type SubgroupCapabilities = Pick<Capabilities, 'subgroups' | 'subgroupMinSize' | 'subgroupMaxSize'>;

/**
 * Whether subgroups are the vector units of a CPU: 4 or 8 invocations (lavapipe, SwiftShader, WARP). There a load is a
 * gather and a barrier a switch of context, while a broadcast is one instruction: values stay in registers and are handed
 * round. On a GPU, whose subgroups have 16 invocations and more, a broadcast is a trip through the crossbar for each value
 * and workgroup memory is as fast as registers are few: tiles.
 */
export function narrowSubgroups({
  subgroups,
  subgroupMinSize,
  subgroupMaxSize,
}: SubgroupCapabilities): boolean {
  return subgroups && subgroupMinSize >= 4 && subgroupMaxSize <= 8;
}

export const SUBGROUP_MATRIX = 'chromium-experimental-subgroup-matrix';

interface AdapterInfo extends GPUAdapterInfo {
  readonly subgroupMatrixConfigs?: Iterable<SubgroupMatrix>;
}

/** Capabilities of a device as it was requested, which may be fewer than its adapter's. */
export function capabilitiesOf(
  device: GPUDevice,
  info: AdapterInfo,
  languageFeatures: ReadonlySet<string>,
): Capabilities {
  const { features, limits } = device;
  const subgroups = features.has('subgroups');
  return {
    f16: features.has('shader-f16'),
    subgroups,
    subgroupMinSize: subgroups ? info.subgroupMinSize : 1,
    subgroupMaxSize: subgroups ? info.subgroupMaxSize : 1,
    subgroupMatrices:
      features.has(SUBGROUP_MATRIX) && info.subgroupMatrixConfigs
        ? Array.from(info.subgroupMatrixConfigs, ({ componentType, resultComponentType, M, N, K }) => {
            return { componentType, resultComponentType, M, N, K };
          })
        : [],
    packedDot: languageFeatures.has('packed_4x8_integer_dot_product'),
    timestamps: features.has('timestamp-query'),
    isFallback: info.isFallbackAdapter,
    maxInvocations: limits.maxComputeInvocationsPerWorkgroup,
    maxWorkgroupStorageBytes: limits.maxComputeWorkgroupStorageSize,
    maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
    maxBufferBytes: limits.maxBufferSize,
    maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
  };
}
