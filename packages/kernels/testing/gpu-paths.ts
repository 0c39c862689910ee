import { requestGpu, type Gpu, type OptionalFeature } from '../src/index.ts';

/** One of the four ways that a build can take: f16 or not, subgroups or not. */
export interface GpuPath {
  readonly name: string;
  readonly gpu: Gpu;
}

const PATHS: readonly {
  name: string;
  needs: readonly OptionalFeature[];
  without: readonly OptionalFeature[];
}[] = [
  { name: 'f16, subgroups', needs: ['shader-f16', 'subgroups'], without: [] },
  { name: 'f16, no subgroups', needs: ['shader-f16'], without: ['subgroups'] },
  { name: 'no f16, subgroups', needs: ['subgroups'], without: ['shader-f16'] },
  { name: 'no f16, no subgroups', needs: [], without: ['shader-f16', 'subgroups'] },
];

let paths: Promise<GpuPath[]> | undefined;

/**
 * The paths that this machine can run, each with a device of its own; the plain one is always among them. What it
 * cannot run is printed as not run, so that it never looks passed.
 */
export function gpuPaths(): Promise<GpuPath[]> {
  paths ??= openPaths();
  return paths;
}

async function openPaths(): Promise<GpuPath[]> {
  const opened: GpuPath[] = [];
  for (const { name, needs, without } of PATHS) {
    const gpu = await requestGpu({ without });
    if (needs.every((feature) => gpu.device.features.has(feature))) {
      opened.push({ name, gpu });
    } else {
      gpu.device.destroy();
      console.log(
        `path "${name}" not run: the adapter lacks ${needs.filter((feature) => !gpu.device.features.has(feature)).join(' and ')}`,
      );
    }
  }
  return opened;
}
