import { KernelDefinitionError } from '../errors.ts';
import { byteLength, type Tensor } from '../tensor/tensor.ts';
import type { Workgroups } from './dispatch.ts';
import type { Gpu } from './gpu.ts';
import type { Kernel } from './kernel.ts';
import { writeParams } from './shader-interface.ts';
import type { TemplateValues } from './template.ts';
import type { UniformSlot } from './uniform-arena.ts';

export interface KernelRun {
  /** Values of the template; they select the pipeline. */
  readonly template?: TemplateValues;
  /** Fields of the shader's `Params`; omit for a shader without one. */
  readonly params?: Readonly<Record<string, number>>;
  /** One resource per storage binding, by the name in the shader. A GPUBuffer is bound whole. */
  readonly bindings: Readonly<Record<string, Tensor | GPUBuffer>>;
  readonly workgroups: Workgroups;
  /** Shown in profiles; the kernel's name by default. */
  readonly label?: string;
}

interface Dispatch {
  readonly kind: 'dispatch';
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: Workgroups;
}

interface Copy {
  readonly kind: 'copy';
  readonly source: Tensor;
  readonly target: Tensor;
}

/** Timestamp pairs, one per dispatch, written while a list is encoded for profiling. */
export interface DispatchTimestamps {
  readonly querySet: GPUQuerySet;
  /** First free index of the query set; advanced by two per dispatch. */
  next: number;
  readonly labels: string[];
}

/**
 * A recorded sequence of dispatches and copies. Operations append to it; nothing reaches the GPU until it is encoded.
 * It can be encoded any number of times, which makes replaying a decode step free of per-dispatch work.
 */
export class CommandList {
  readonly #gpu: Gpu;
  readonly #commands: (Dispatch | Copy)[] = [];
  readonly #uniforms: UniformSlot[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  get gpu(): Gpu {
    return this.#gpu;
  }

  get dispatchCount(): number {
    return this.#commands.filter((command) => command.kind === 'dispatch').length;
  }

  /** Labels of the dispatches in order. */
  get labels(): readonly string[] {
    return this.#commands.flatMap((command) => (command.kind === 'dispatch' ? [command.label] : []));
  }

  /** Appends one dispatch. @throws KernelDefinitionError if values or bindings do not fit the shader. */
  run(kernel: Kernel, { template = {}, params, bindings, workgroups, label = kernel.name }: KernelRun): void {
    const { pipeline, layout, shader } = this.#gpu.pipelines.get(kernel, template);
    const known = new Set<string>();
    const entries = shader.bindings.map(({ name, index, type }): GPUBindGroupEntry => {
      if (type === 'uniform') {
        const data = writeParams(kernel.name, shader, params ?? {});
        const slot = this.#gpu.uniforms.write(data);
        this.#uniforms.push(slot);
        return {
          binding: index,
          resource: { buffer: slot.buffer, offset: slot.offsetBytes, size: data.byteLength },
        };
      }
      known.add(name);
      const resource = bindings[name];
      if (!resource) throw new KernelDefinitionError(kernel.name, `binding ${name} is missing`);
      return { binding: index, resource: asBinding(resource) };
    });
    const surplus = Object.keys(bindings).filter((name) => !known.has(name));
    if (surplus.length > 0)
      throw new KernelDefinitionError(kernel.name, `bindings not declared: ${surplus.join(', ')}`);
    if (params && !shader.bindings.some(({ type }) => type === 'uniform')) {
      throw new KernelDefinitionError(kernel.name, 'params were given, but the shader has no Params');
    }
    const bindGroup = this.#gpu.device.createBindGroup({ label, layout, entries });
    this.#commands.push({ kind: 'dispatch', label, pipeline, bindGroup, workgroups });
  }

  /** Appends a copy of all elements; source and target hold the same number of bytes. */
  copy(source: Tensor, target: Tensor): void {
    if (byteLength(source) !== byteLength(target)) {
      throw new KernelDefinitionError(
        'copy',
        `source has ${byteLength(source)} bytes, target ${byteLength(target)}`,
      );
    }
    this.#commands.push({ kind: 'copy', source, target });
  }

  /** Writes all commands into an encoder; with `timestamps`, each dispatch gets a pass of its own. */
  encode(encoder: GPUCommandEncoder, timestamps?: DispatchTimestamps): void {
    let pass: GPUComputePassEncoder | undefined;
    for (const command of this.#commands) {
      if (command.kind === 'copy') {
        pass?.end();
        pass = undefined;
        const { source, target } = command;
        encoder.copyBufferToBuffer(
          source.buffer,
          source.offsetBytes,
          target.buffer,
          target.offsetBytes,
          byteLength(source),
        );
        continue;
      }
      if (timestamps) {
        pass?.end();
        pass = encoder.beginComputePass({ timestampWrites: nextTimestamps(timestamps, command.label) });
      }
      pass ??= encoder.beginComputePass();
      pass.setPipeline(command.pipeline);
      pass.setBindGroup(0, command.bindGroup);
      pass.dispatchWorkgroups(...command.workgroups);
    }
    pass?.end();
  }

  /** Encodes and submits once. */
  submit(): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    this.encode(encoder);
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /** Gives the uniform slots back. The list must not be encoded afterwards. */
  dispose(): void {
    for (const slot of this.#uniforms) this.#gpu.uniforms.release(slot);
    this.#uniforms.length = 0;
    this.#commands.length = 0;
  }
}

function asBinding(resource: Tensor | GPUBuffer): GPUBufferBinding {
  if ('shape' in resource) {
    return { buffer: resource.buffer, offset: resource.offsetBytes, size: byteLength(resource) };
  }
  return { buffer: resource };
}

function nextTimestamps(timestamps: DispatchTimestamps, label: string): GPUComputePassTimestampWrites {
  const begin = timestamps.next;
  timestamps.next += 2;
  timestamps.labels.push(label);
  return { querySet: timestamps.querySet, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: begin + 1 };
}
