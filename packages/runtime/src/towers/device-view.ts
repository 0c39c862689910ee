/**
 * The same device without its `subgroups` feature. ONNX Runtime's attention kernel uses subgroups where a device has
 * them and is wrong for subgroups of 4 invocations (by more than 10 % with onnxruntime-web 1.30 on SwiftShader, and such
 * sizes exist in phones); its other algorithm is exact everywhere. Hiding the feature makes every device take that one.
 *
 * Calls go to the device itself, so buffers and queue are its own. Each tower takes a view of its own: ONNX Runtime keeps
 * a cache of buffers per device object and frees it with the object's last session.
 */
export function withoutSubgroups(device: GPUDevice): GPUDevice {
  const features = new Set(device.features);
  features.delete('subgroups');
  return new Proxy(device, {
    get(target, property) {
      if (property === 'features') return features;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
  });
}
