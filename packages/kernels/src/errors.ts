/** Marks kernel errors of every copy of this package: a worker loads some of its kernels with scripts that have one each. */
const BRAND = Symbol.for('@uni-moe-web/kernel-error');

/** Base of all errors of this package. `code` is stable; `message` says what was found, what was expected and what to do. */
export class KernelError extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** `instanceof KernelError` holds across copies of this package; a subclass is told by its prototype. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== KernelError) return super[Symbol.hasInstance](value);
    return (value as { readonly [BRAND]?: true } | null | undefined)?.[BRAND] === true;
  }

  override name = 'KernelError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The browser or the machine has no usable WebGPU. */
export class WebGpuUnavailableError extends KernelError {
  override name = 'WebGpuUnavailableError';

  constructor(reason: string) {
    super(
      'webgpu-unavailable',
      `WebGPU is not available: ${reason}. Use Chrome or Edge 121 or later, Safari 26 or later, or Firefox 141 or later, on a page served over https or from localhost.`,
    );
  }
}

/** A tensor has the wrong shape, type or size for an operation. */
export class ShapeError extends KernelError {
  override name = 'ShapeError';

  constructor(message: string) {
    super('shape', message);
  }
}

/** A limit of the device does not allow what was asked for. */
export class DeviceLimitError extends KernelError {
  override name = 'DeviceLimitError';

  constructor(message: string) {
    super('device-limit', message);
  }
}

/** A shader was asked for with parameters or bindings that do not fit its source. */
export class KernelDefinitionError extends KernelError {
  override name = 'KernelDefinitionError';

  constructor(kernel: string, message: string) {
    super('kernel-definition', `kernel ${kernel}: ${message}`);
  }
}

/** The GPU reported an error: a shader that does not compile, an invalid command, or no memory. */
export class GpuError extends KernelError {
  override name = 'GpuError';

  constructor(message: string) {
    super('gpu', message);
  }
}
