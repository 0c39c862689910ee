import { parseArgs } from 'node:util';
import { WEIGHT_FORMATS, type WeightFormat } from '@uni-moe-web/kernels/quant';
import { ExportError } from './errors.ts';
import { exportCheckpoint, type ExportOptions, type ExportReport } from './export-checkpoint.ts';
import { progressPrinter } from './progress-line.ts';
import { formatBytes, groupTable, ledgerSummary, ledgerTable, tensorTable } from './report.ts';

const USAGE = `Makes a browser checkpoint of a Uni-MoE reference checkpoint.

pnpm export --base DIR --finetuned DIR --vision DIR --audio DIR --out DIR --quant q4|q8|f16|f32 --merge-lora|--keep-lora

  --base DIR          base language model: shards, tokenizer.model
  --finetuned DIR     config.json, LoRA adapter, connectors, routers
  --vision DIR        CLIP folder (if the model has a vision tower)
  --audio DIR         Whisper folder (if the model has an audio tower)
  --out DIR           folder to create
  --quant FORMAT      how matrices are stored: q4 (4.5 bits per weight), q8 (8.5), f16 or f32
  --merge-lora        add LoRA to the weights, as the reference does
  --keep-lora         write LoRA to adapters/default, leave the weights as they are
  --adapter DIR       another adapter in peft's layout, kept beside the weights and off after loading; may be repeated
  --description TEXT  shown by pages that load the checkpoint
  --overwrite         replace an earlier export at --out
  --verbose           list every tensor
  --help              this text`;

const OPTIONS = {
  base: { type: 'string' },
  finetuned: { type: 'string' },
  vision: { type: 'string' },
  audio: { type: 'string' },
  out: { type: 'string' },
  quant: { type: 'string' },
  'merge-lora': { type: 'boolean' },
  'keep-lora': { type: 'boolean' },
  adapter: { type: 'string', multiple: true },
  description: { type: 'string' },
  overwrite: { type: 'boolean' },
  verbose: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArguments>;

async function main(args: readonly string[]): Promise<void> {
  const values = parseArguments(args);
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const abort = new AbortController();
  // The export removes what it has written before the process ends.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  const progress = progressPrinter(process.stderr);
  try {
    const options = exportOptions(values);
    const report = await exportCheckpoint({ ...options, signal: abort.signal, onProgress: progress.print });
    progress.end();
    printReport(report, options, values.verbose ?? false);
  } finally {
    progress.end();
  }
}

function parseArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (cause) {
    throw usage((cause as Error).message);
  }
}

function exportOptions(values: Values): ExportOptions {
  const required = (name: 'base' | 'finetuned' | 'out' | 'quant'): string => {
    const value = values[name];
    if (!value) throw usage(`--${name} is missing`);
    return value;
  };
  const quant = required('quant');
  if (!isWeightFormat(quant)) throw usage(`--quant ${quant} is not one of ${WEIGHT_FORMATS.join(', ')}`);
  const merge = values['merge-lora'] ?? false;
  if (merge === (values['keep-lora'] ?? false)) throw usage('give either --merge-lora or --keep-lora');
  return {
    base: required('base'),
    finetuned: required('finetuned'),
    vision: values.vision,
    audio: values.audio,
    out: required('out'),
    quant,
    lora: merge ? 'merge' : 'keep',
    adapters: values.adapter,
    description: values.description,
    overwrite: values.overwrite,
  };
}

function printReport(report: ExportReport, { out, quant }: ExportOptions, verbose: boolean): void {
  const bytes = report.manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const seconds = (report.elapsedMs / 1000).toFixed(1);
  console.log(verbose ? ledgerTable(report.ledger) : ledgerSummary(report.ledger));
  console.log();
  console.log(verbose ? tensorTable(report) : groupTable(report));
  console.log();
  console.log(
    `${out}: ${report.manifest.files.length} files, ${formatBytes(bytes)}, ${quant}, verified, ${seconds} s`,
  );
}

function isWeightFormat(name: string): name is WeightFormat {
  return (WEIGHT_FORMATS as readonly string[]).includes(name);
}

function usage(problem: string): ExportError {
  return new ExportError('USAGE', `${problem}; see --help`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof ExportError) console.error(`export failed [${error.code}]: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
});
