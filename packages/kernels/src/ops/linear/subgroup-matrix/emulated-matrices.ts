import type { SubgroupCapabilities } from '../../../gpu/capabilities.ts';
import type { TiledKernel } from '../../../gpu/tuning.ts';
import emulatedMatrices from './emulated-matrices.wgsl?raw';
import matrices from './matrices.wgsl?raw';

/** The kernel with emulated matrices, for tests: all of it but the few lines that use the extension. */
export function emulated(
  { name, source, template, formats }: TiledKernel,
  { subgroupMinSize }: SubgroupCapabilities,
): TiledKernel {
  const { LAYOUT_ARGUMENTS, ...rest } = template;
  if (LAYOUT_ARGUMENTS === undefined || !source.startsWith(matrices))
    throw new Error(`${name} does not begin with the piece matrices`);
  return {
    name: `${name} emulated`,
    source: emulatedMatrices + source.slice(matrices.length),
    template: { ...rest, SMALLEST: subgroupMinSize },
    formats,
  };
}
