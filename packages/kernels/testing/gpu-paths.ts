import { requestGpu, type Gpu, type OptionalFeature } from '../src/index.ts';

/** One of the four ways that a build can take: f16 or not, subgroups or not. */
export interface GpuPath {
  readonly name: string;
  readonly gpu: Gpu;
}

interface PathFeatures {
  readonly name: string;
  readonly needs: readonly OptionalFeature[];
  readonly without: readonly OptionalFeature[];
}

const PATHS: readonly PathFeatures[] = [
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
  for (const path of PATHS) opened.push(...(await openPath(path)));
  return opened;
}

/** The path of a feature that few adapters have; empty where this one lacks it, which is printed as not run. */
export function featurePath(feature: OptionalFeature): Promise<GpuPath[]> {
  return openPath({ name: feature, needs: [feature], without: [] });
}

async function openPath({ name, needs, without }: PathFeatures): Promise<GpuPath[]> {
  const gpu = await requestGpu({ without });
  const lacking = needs.filter((feature) => !gpu.device.features.has(feature));
  if (lacking.length === 0) return [{ name, gpu }];
  gpu.device.destroy();
  console.log(`path "${name}" not run: the adapter lacks ${lacking.join(' and ')}`);
  return [];
}
