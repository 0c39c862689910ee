import { wgslPieces } from '../wgsl/index.ts';
import type { Kernel } from './kernel.ts';
import { parseShaderInterface, type ShaderInterface } from './shader-interface.ts';
import { expandTemplate, type TemplateValues } from './template.ts';

export interface CachedPipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly shader: ShaderInterface;
}

/** Compute pipelines by kernel name and template values. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, CachedPipeline>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get size(): number {
    return this.#pipelines.size;
  }

  /** The pipeline of a kernel with these values; compiled at the first call. */
  get(kernel: Kernel, values: TemplateValues): CachedPipeline {
    const key = `${kernel.name} ${JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
    let cached = this.#pipelines.get(key);
    if (!cached) {
      cached = this.#compile(kernel, values);
      this.#pipelines.set(key, cached);
    }
    return cached;
  }

  #compile(kernel: Kernel, values: TemplateValues): CachedPipeline {
    const code = expandTemplate(kernel.name, kernel.source, values, wgslPieces);
    const shader = parseShaderInterface(kernel.name, code);
    const layout = this.#device.createBindGroupLayout({
      label: kernel.name,
      entries: shader.bindings.map(({ index, type }) => ({
        binding: index,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type },
      })),
    });
    const pipeline = this.#device.createComputePipeline({
      label: kernel.name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: this.#device.createShaderModule({ label: kernel.name, code }), entryPoint: 'main' },
    });
    return { pipeline, layout, shader };
  }
}
