import { CommandList, type Gpu } from '../src/index.ts';
import { defineKernel } from '../src/gpu/kernel.ts';
import type { Ceiling } from './ceiling.ts';

const copyKernel = defineKernel(
  'bench-copy',
  `#const COUNT: u32
@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> target_values: array<vec4<f32>>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  for (var i = id.x; i < COUNT; i += groups.x * 256u) { target_values[i] = source[i]; }
}`,
);

const readKernel = defineKernel(
  'bench-read',
  `#const COUNT: u32
@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<f32>>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  var sum = vec4<f32>(0.0);
  for (var i = id.x; i < COUNT; i += groups.x * 256u) { sum += source[i]; }
  sums[id.x] = sum;
}`,
);

/** Independent chains of vec4 multiply-adds; CPU adapters compile `fma` and `*` `+` differently. */
const flopsKernel = defineKernel(
  'bench-flops',
  `#const STEPS: u32
#const CHAINS: u32
#flag FUSED
@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<f32>>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let scale = source[0].x;
  let shift = vec4<f32>(source[1].x);
#repeat i CHAINS
  var v$i = source[$i] + f32(id.x);
#endrepeat
  for (var step = 0u; step < STEPS; step++) {
#repeat i CHAINS
#if FUSED
    v$i = fma(v$i, vec4<f32>(scale), shift);
#else
    v$i = v$i * scale + shift;
#endif
#endrepeat
  }
  var sum = vec4<f32>();
#repeat i CHAINS
  sum += v$i;
#endrepeat
  sums[id.x] = sum;
}`,
);

/** Many chains hide the latency of a GPU; a CPU has registers for few, and would measure its cache instead. */
const FLOP_VARIANTS = [16, 3].flatMap((chains) => [true, false].map((fused) => ({ chains, fused })));
const FLOP_INVOCATIONS = 256 * 256;
const ATTEMPTS = 7;

export interface CeilingOptions {
  /** Size of the buffers that are copied; well above every cache. */
  readonly bufferBytes: number;
}

/** Measures what the device reaches at most: the best of several attempts, by the wall clock. */
export async function measureCeiling(gpu: Gpu, { bufferBytes }: CeilingOptions): Promise<Ceiling> {
  const count = bufferBytes / 16;
  const source = gpu.createTensor('ceiling source', [bufferBytes / 4], 'f32');
  const target = gpu.createTensor('ceiling target', [bufferBytes / 4], 'f32');
  const groups = Math.min(4096, Math.ceil(count / 256));
  gpu.write(source, new Float32Array(bufferBytes / 4).fill(1));
  try {
    const copy = await bestSeconds(gpu, (list) =>
      list.run(copyKernel, {
        template: { COUNT: count },
        bindings: { source, target_values: target },
        workgroups: [groups, 1, 1],
      }),
    );
    const transfer = await bestSeconds(gpu, (list) => list.copy(source, target));
    const read = await bestSeconds(gpu, (list) =>
      list.run(readKernel, {
        template: { COUNT: count },
        bindings: { source, sums: target },
        workgroups: [groups, 1, 1],
      }),
    );
    let flopsPerSecond = 0;
    for (const variant of FLOP_VARIANTS) {
      const steps = await flopSteps(gpu, source, target, variant);
      const seconds = await bestSeconds(gpu, (list) => runFlops(list, source, target, steps, variant));
      const flops = FLOP_INVOCATIONS * steps * variant.chains * 4 * 2;
      flopsPerSecond = Math.max(flopsPerSecond, flops / seconds);
    }
    return {
      copyBytesPerSecond: (2 * bufferBytes) / Math.min(copy, transfer),
      readBytesPerSecond: bufferBytes / read,
      flopsPerSecond,
    };
  } finally {
    source.buffer.destroy();
    target.buffer.destroy();
  }
}

type Buffers = Parameters<CommandList['copy']>[0];
type FlopVariant = (typeof FLOP_VARIANTS)[number];

function runFlops(
  list: CommandList,
  source: Buffers,
  sums: Buffers,
  steps: number,
  { chains, fused }: FlopVariant,
): void {
  list.run(flopsKernel, {
    template: { STEPS: steps, CHAINS: chains, FUSED: fused },
    bindings: { source, sums },
    workgroups: [FLOP_INVOCATIONS / 256, 1, 1],
  });
}

/** Steps that take about 30 ms, found by doubling. */
async function flopSteps(gpu: Gpu, source: Buffers, sums: Buffers, variant: FlopVariant): Promise<number> {
  for (let steps = 16; ; steps *= 4) {
    const seconds = await bestSeconds(gpu, (list) => runFlops(list, source, sums, steps, variant), 2);
    if (seconds > 0.03 || steps >= 2 ** 16) return steps;
  }
}

async function bestSeconds(
  gpu: Gpu,
  record: (list: CommandList) => void,
  attempts = ATTEMPTS,
): Promise<number> {
  const list = new CommandList(gpu);
  record(list);
  let best = Infinity;
  for (let attempt = 0; attempt <= attempts; attempt++) {
    const start = performance.now();
    list.submit();
    await gpu.device.queue.onSubmittedWorkDone();
    // The first run compiles.
    if (attempt > 0) best = Math.min(best, performance.now() - start);
  }
  list.dispose();
  gpu.throwErrors();
  return best / 1000;
}
