/** A WGSL template under a name. The template, its values and nothing else decide the pipeline. */
export interface Kernel {
  readonly name: string;
  readonly source: string;
}

/** Names a shader template; its entry point is `main`. */
export function defineKernel(name: string, source: string): Kernel {
  return { name, source };
}
