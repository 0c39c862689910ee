/** What reached the GPU while something ran. */
export interface GpuActivity {
  readonly dispatches: number;
  readonly submits: number;
  /** Time inside compute passes by timestamp queries; absent without the feature. */
  readonly passMs?: number;
}

/** Timestamps that one query set holds at most, two per pass. */
const MAX_TIMESTAMPS = 4096;

/**
 * Counts dispatches and submits of everything that `run` does on a device, whoever does it, and times its compute passes.
 * The device's own methods are replaced for that while, which costs time: what is timed by the wall clock runs without.
 */
export async function observeGpu(device: GPUDevice, run: () => Promise<void>): Promise<GpuActivity> {
  const { queue } = device;
  const counts = { dispatches: 0, submits: 0 };
  const timer = device.features.has('timestamp-query') ? new PassTimer(device) : undefined;
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  const submit = queue.submit.bind(queue);
  const replaceQueue = Object.getOwnPropertyDescriptor(device, 'queue');
  // Dawn in Node hands out a new wrapper at each access.
  Object.defineProperty(device, 'queue', { value: queue, configurable: true });
  queue.submit = (buffers) => {
    counts.submits++;
    submit(buffers);
  };
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder(descriptor);
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (passDescriptor) => {
      const pass = beginComputePass(timer?.describe(passDescriptor) ?? passDescriptor);
      const dispatch = pass.dispatchWorkgroups.bind(pass);
      pass.dispatchWorkgroups = (x, y, z) => {
        counts.dispatches++;
        dispatch(x, y, z);
      };
      const dispatchIndirect = pass.dispatchWorkgroupsIndirect.bind(pass);
      pass.dispatchWorkgroupsIndirect = (buffer, offset) => {
        counts.dispatches++;
        dispatchIndirect(buffer, offset);
      };
      return pass;
    };
    return encoder;
  };
  try {
    await run();
    await queue.onSubmittedWorkDone();
  } finally {
    Reflect.deleteProperty(device, 'createCommandEncoder');
    Reflect.deleteProperty(queue, 'submit');
    if (replaceQueue) Object.defineProperty(device, 'queue', replaceQueue);
    else Reflect.deleteProperty(device, 'queue');
  }
  if (!timer) return counts;
  const passMs = await timer.read();
  return passMs === undefined ? counts : { ...counts, passMs };
}

class PassTimer {
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet;
  #next = 0;
  #incomplete = false;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#queries = device.createQuerySet({ type: 'timestamp', count: MAX_TIMESTAMPS });
  }

  describe(descriptor: GPUComputePassDescriptor | undefined): GPUComputePassDescriptor | undefined {
    if (descriptor?.timestampWrites || this.#next + 2 > MAX_TIMESTAMPS) {
      this.#incomplete = true;
      return descriptor;
    }
    const begin = this.#next;
    this.#next += 2;
    return {
      ...(descriptor?.label === undefined ? {} : { label: descriptor.label }),
      timestampWrites: {
        querySet: this.#queries,
        beginningOfPassWriteIndex: begin,
        endOfPassWriteIndex: begin + 1,
      },
    };
  }

  /** Sum over all passes; `undefined` if one was not timed. */
  async read(): Promise<number | undefined> {
    try {
      if (this.#incomplete) return undefined;
      if (this.#next === 0) return 0;
      const times = await readTimestamps(this.#device, this.#queries, this.#next);
      let nanoseconds = 0;
      for (let i = 0; i < times.length; i += 2) nanoseconds += Number(times[i + 1]! - times[i]!);
      return nanoseconds / 1e6;
    } finally {
      this.#queries.destroy();
    }
  }
}

/** The first `count` timestamps of a query set, in nanoseconds. */
export async function readTimestamps(
  device: GPUDevice,
  queries: GPUQuerySet,
  count: number,
): Promise<BigUint64Array> {
  const size = count * 8;
  const resolved = device.createBuffer({
    size,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  try {
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(queries, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    return new BigUint64Array(staging.getMappedRange().slice(0));
  } finally {
    resolved.destroy();
    staging.destroy();
  }
}
