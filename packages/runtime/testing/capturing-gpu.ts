/** A `navigator.gpu` that shows the devices it gave out, and can run out of them. */
export interface CapturingGpu extends GPU {
  readonly devices: GPUDevice[];
  /** Whether adapters can be had. */
  available: boolean;
  /** Told about each device before its owner is; `count` includes it. */
  onDevice: ((device: GPUDevice, count: number) => void) | undefined;
}

export function capturingGpu(): CapturingGpu {
  const { gpu } = navigator;
  const capturing = {
    devices: [] as GPUDevice[],
    available: true,
    onDevice: undefined as CapturingGpu['onDevice'],
    wgslLanguageFeatures: gpu.wgslLanguageFeatures,
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = capturing.available ? await gpu.requestAdapter(options) : null;
      if (!adapter) return null;
      return new Proxy(adapter, {
        get(target, property) {
          if (property !== 'requestDevice') return Reflect.get(target, property, target) as unknown;
          return async (descriptor?: GPUDeviceDescriptor) => {
            const device = await target.requestDevice(descriptor);
            const count = capturing.devices.push(device);
            capturing.onDevice?.(device, count);
            return device;
          };
        },
      });
    },
  };
  return capturing as unknown as CapturingGpu;
}
