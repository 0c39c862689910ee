import { parseArgs } from 'node:util';

export const FORMATS = ['f32', 'f16', 'q8', 'q4'] as const;
export type Format = (typeof FORMATS)[number];

export interface ParityOptions {
  /** Folder laid out like a reference fixture: base, finetuned, clip, whisper, cases. */
  readonly folder: string;
  readonly formats: readonly Format[];
  readonly keepLora: boolean;
  /** Only these cases; all when empty. */
  readonly cases: readonly string[];
  readonly towers: 'webgpu' | 'wasm';
  readonly json?: string;
}

export const USAGE = `pnpm parity DIR [--quant f32,f16,q8,q4] [--keep-lora] [--case NAME]... [--towers webgpu|wasm] [--json FILE]

Exports the reference checkpoint in DIR, runs every recorded case in headless Chrome and compares each tensor.
f32 and f16 are held to the bounds, q8 and q4 to an oracle in double precision; exit status 1 if anything is off.`;

/** @throws Error with the offending argument. */
export function parseOptions(args: readonly string[]): ParityOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quant: { type: 'string', default: FORMATS.join(',') },
      'keep-lora': { type: 'boolean', default: false },
      case: { type: 'string', multiple: true, default: [] },
      towers: { type: 'string', default: 'webgpu' },
      json: { type: 'string' },
    },
  });
  const [folder, ...rest] = positionals;
  if (!folder || rest.length > 0) throw new Error(`expected one folder, got ${positionals.length}`);
  const formats = values.quant.split(',').map((name) => {
    const format = FORMATS.find((known) => known === name);
    if (!format) throw new Error(`--quant ${name}: expected ${FORMATS.join(', ')}`);
    return format;
  });
  const { towers } = values;
  if (towers !== 'webgpu' && towers !== 'wasm')
    throw new Error(`--towers ${towers}: expected webgpu or wasm`);
  return {
    folder,
    formats,
    keepLora: values['keep-lora'],
    cases: values.case,
    towers,
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}
