import { KernelDefinitionError } from '../errors.ts';

export interface ShaderBinding {
  readonly name: string;
  readonly index: number;
  readonly type: 'uniform' | 'read-only-storage' | 'storage';
}

export interface ShaderInterface {
  readonly bindings: readonly ShaderBinding[];
  /** Fields of `struct Params` in order; scalars of 4 bytes, so the layout is the list itself. */
  readonly params: readonly { readonly name: string; readonly type: 'u32' | 'i32' | 'f32' }[];
}

/** Reads bindings and the Params struct from expanded WGSL, so that they are written down once, in the shader. */
export function parseShaderInterface(kernel: string, wgsl: string): ShaderInterface {
  const code = wgsl.replace(/\/\/.*$/gm, '');
  const bindings: ShaderBinding[] = [];
  for (const match of code.matchAll(/@group\((\d+)\)\s*@binding\((\d+)\)\s*var<([^>]+)>\s*(\w+)\s*:/g)) {
    const [, group, index, space = '', name = ''] = match;
    if (group !== '0')
      throw new KernelDefinitionError(kernel, `binding ${name} is in group ${group}; only group 0 is used`);
    const kind = space.replace(/\s/g, '');
    const type =
      kind === 'uniform'
        ? 'uniform'
        : kind === 'storage,read'
          ? 'read-only-storage'
          : kind === 'storage,read_write'
            ? 'storage'
            : undefined;
    if (!type) throw new KernelDefinitionError(kernel, `binding ${name} has address space <${space}>`);
    bindings.push({ name, index: Number(index), type });
  }
  const body = /struct\s+Params\s*\{([^}]*)\}/.exec(code)?.[1];
  const params: { name: string; type: 'u32' | 'i32' | 'f32' }[] = [];
  for (const field of (body ?? '').split(',')) {
    if (field.trim() === '') continue;
    const [, name, type] = /^\s*(\w+)\s*:\s*(u32|i32|f32)\s*$/.exec(field) ?? [];
    if (!name || !type)
      throw new KernelDefinitionError(kernel, `Params field "${field.trim()}" is not a 4-byte scalar`);
    params.push({ name, type: type as 'u32' | 'i32' | 'f32' });
  }
  return { bindings, params };
}

/** Bytes of a Params struct: its scalars in order, rounded up to 16. */
export function writeParams(
  kernel: string,
  shader: ShaderInterface,
  values: Readonly<Record<string, number>>,
): ArrayBuffer {
  const data = new DataView(new ArrayBuffer(Math.ceil(shader.params.length / 4) * 16));
  shader.params.forEach(({ name, type }, position) => {
    const value = values[name];
    if (value === undefined) throw new KernelDefinitionError(kernel, `param ${name} is missing`);
    if (type === 'u32') data.setUint32(position * 4, value, true);
    else if (type === 'i32') data.setInt32(position * 4, value, true);
    else data.setFloat32(position * 4, value, true);
  });
  const surplus = Object.keys(values).filter((name) => !shader.params.some((field) => field.name === name));
  if (surplus.length > 0)
    throw new KernelDefinitionError(kernel, `params not declared: ${surplus.join(', ')}`);
  return data.buffer;
}
