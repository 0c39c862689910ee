import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { roundToF16, WEIGHT_FORMATS } from '@uni-moe-web/kernels/quant';
import { configSchema, tensorIndexSchema } from '@uni-moe-web/runtime/checkpoint-format';
import { parse } from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectExportError } from '../testing/expect-error.ts';
import {
  copyFixture,
  exportOptions,
  fixtureFolders,
  withTemporaryFolder,
} from '../testing/reference-fixture.ts';
import { buildSafetensors, encodeValues, type TestTensor } from '../testing/tensor-builder.ts';
import { exportCheckpoint, type ExportReport } from './index.ts';
import { TensorFiles } from './read/tensor-files.ts';
import { readModelFolder } from './read/tensor-folder.ts';

const VARIANTS = ['speech', 'interval'] as const;

/** All tensors of some files as float32. */
async function readAll(
  open: (files: TensorFiles) => Promise<Map<string, { read(): Promise<Float32Array> }>>,
) {
  const files = new TensorFiles();
  try {
    const values = new Map<string, Float32Array>();
    for (const [name, tensor] of await open(files)) values.set(name, await tensor.read());
    return values;
  } finally {
    await files.close();
  }
}

const readExport = (folder: string) => readAll((files) => readModelFolder(folder, files));
const json = async (folder: string, name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(folder, name), 'utf8'));

describe.each(VARIANTS)('%s', (variant) => {
  const cases = WEIGHT_FORMATS.flatMap((quant) =>
    (['merge', 'keep'] as const).map((lora) => [quant, lora] as const),
  );

  test.each(cases)('exports and verifies: %s, %s LoRA', async (quant, lora) => {
    await withTemporaryFolder(async (folder) => {
      const out = join(folder, 'out');
      const phases = new Set<string>();
      const report = await exportCheckpoint(
        exportOptions(fixtureFolders(variant), out, {
          quant,
          lora,
          description: 'tiny random weights',
          onProgress: ({ phase, done, total }) => {
            phases.add(phase);
            expect(done).toBeLessThanOrEqual(total);
          },
        }),
      );
      expect([...phases]).toEqual(['towers', 'weights', 'manifest', 'verify-weights', 'verify-files']);
      expect(await readdir(folder)).toEqual(['out']);

      const config = parse(configSchema, await json(out, 'config.json'));
      expect(config).toEqual(report.config);
      expect(config.decoder).toMatchObject({
        vocab_size: variant === 'speech' ? 600 : 616,
        moe_layers: variant === 'speech' ? [0, 1, 2, 3] : [0, 2],
        num_key_value_heads: variant === 'speech' ? 4 : 2,
        rms_norm_eps: variant === 'speech' ? 1e-5 : 1e-6,
      });
      expect(config.vision).toMatchObject({ image_size: 56, tokens_per_image: 16 });
      expect(config.audio).toMatchObject({ num_mel_bins: 80, tokens_per_chunk: 8 });
      expect(config.adapters).toEqual(lora === 'keep' ? ['default'] : []);
      expect(config.description).toBe('tiny random weights');
      expect(await json(out, 'tokenizer_config.json')).toMatchObject({ legacy: variant === 'speech' });

      const index = parse(tensorIndexSchema, await json(out, 'model.safetensors.index.json'));
      expect(Object.keys(index.weight_map)).toHaveLength(countStored(report, quant));
      const exact = quant === 'f32' || quant === 'f16';
      for (const { worst, relative, format } of report.tensors) {
        if (exact || format === 'f32') expect(worst).toBe(0);
        else expect(relative).toBeLessThan(quant === 'q8' ? 0.01 : 0.16);
      }
    });
  });
});

function countStored({ tensors }: ExportReport, quant: string): number {
  return tensors.reduce((sum, { format }) => sum + (format === quant && quant.startsWith('q') ? 2 : 1), 0);
}

/** What the specification says the loader ends up with, computed without the exporter's own mapping. */
async function expectedWeight(
  variant: 'speech' | 'interval',
  name: string,
  columns: number,
): Promise<Float32Array> {
  const folders = fixtureFolders(variant);
  const read = (file: string) => readAll((files) => files.read(join(folders.finetuned, file)));
  const base = (await readAll((files) => readModelFolder(folders.base, files))).get(name)!;
  const adapter = await read('adapter_model.bin');
  const module = name.slice(0, -'.weight'.length);
  const a = adapter.get(`base_model.model.${module}.lora_A.weight`)!;
  const b = adapter.get(`base_model.model.${module}.lora_B.weight`)!;
  const [rank, alpha] = [8, 16];
  return base.map((value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let product = 0;
    for (let k = 0; k < rank; k++) product += b[row * rank + k]! * a[k * columns + column]!;
    return roundToF16(Math.fround(roundToF16(value) + Math.fround(Math.fround(product) * (alpha / rank))));
  });
}

describe('values', () => {
  test.each([
    ['speech', 'model.layers.0.self_attn.q_proj.weight', 64],
    ['speech', 'model.layers.3.mlp.experts.2.down_proj.weight', 160],
    ['interval', 'model.layers.1.mlp.up_proj.weight', 64],
    ['interval', 'model.layers.2.self_attn.k_proj.weight', 64],
  ] as const)('%s %s is the merge, bit by bit', async (variant, name, columns) => {
    const expected = await expectedWeight(variant, name, columns);
    await withTemporaryFolder(async (folder) => {
      for (const quant of ['f32', 'f16'] as const) {
        const out = join(folder, quant);
        await exportCheckpoint(exportOptions(fixtureFolders(variant), out, { quant }));
        expect((await readExport(out)).get(name)).toEqual(expected);
      }
    });
  });

  test('routers of interval are those of mlp_gates.bin, whether LoRA is merged or kept', async () => {
    const { finetuned } = fixtureFolders('interval');
    const gates = await readAll((files) => files.read(join(finetuned, 'mlp_gates.bin')));
    const name = 'model.layers.2.mlp.gate.weight';
    await withTemporaryFolder(async (folder) => {
      for (const lora of ['merge', 'keep'] as const) {
        const out = join(folder, lora);
        await exportCheckpoint(exportOptions(fixtureFolders('interval'), out, { lora, quant: 'q4' }));
        expect((await readExport(out)).get(name)).toEqual(gates.get(name)!.map(roundToF16));
      }
      const adapter = await readAll((files) =>
        files.read(join(folder, 'keep/adapters/default/adapter_model.safetensors')),
      );
      expect(adapter.size).toBe(92);
      expect([...adapter.keys()].filter((key) => key.includes('.mlp.gate.'))).toEqual([]);
      const source = await readAll((files) => files.read(join(finetuned, 'adapter_model.bin')));
      for (const [key, values] of adapter) expect(values).toEqual(source.get(key));
    });
  });

  test('kept LoRA leaves the base, and base plus adapter is the merged weight', async () => {
    const name = 'model.layers.1.mlp.experts.3.gate_proj.weight';
    const folders = fixtureFolders('speech');
    const base = await readAll((files) => readModelFolder(folders.base, files));
    await withTemporaryFolder(async (folder) => {
      await exportCheckpoint(exportOptions(folders, join(folder, 'keep'), { lora: 'keep', quant: 'f16' }));
      expect((await readExport(join(folder, 'keep'))).get(name)).toEqual(base.get(name));
    });
  });
});

describe('other forms of the same checkpoint', () => {
  let reference: Map<string, Float32Array>;
  beforeAll(async () => {
    await withTemporaryFolder(async (folder) => {
      await exportCheckpoint(
        exportOptions(fixtureFolders('interval'), join(folder, 'out'), { quant: 'f16' }),
      );
      reference = await readExport(join(folder, 'out'));
    });
  });

  test.each(['F32', 'F64'] as const)('a %s base gives the same weights', async (dtype) => {
    await withTemporaryFolder(async (folder) => {
      const folders = await copyFixture('interval', folder);
      await rewriteBase(folders.base, dtype);
      await exportCheckpoint(exportOptions(folders, join(folder, 'out'), { quant: 'f16' }));
      expect(await readExport(join(folder, 'out'))).toEqual(reference);
    });
  });

  test('a bfloat16 base is cast to float16', async () => {
    await withTemporaryFolder(async (folder) => {
      const folders = await copyFixture('interval', folder);
      const values = await rewriteBase(folders.base, 'BF16');
      await exportCheckpoint(exportOptions(folders, join(folder, 'out'), { quant: 'f32', lora: 'keep' }));
      const written = await readExport(join(folder, 'out'));
      for (const name of ['lm_head.weight', 'model.layers.0.self_attn.q_proj.weight', 'model.norm.weight']) {
        const bits = new Uint32Array(values.get(name)!.slice().buffer).map((word) => word & 0xffff0000);
        const cut = new Float32Array(bits.buffer).map(roundToF16);
        expect(written.get(name)).toEqual(cut.slice(0, written.get(name)!.length));
      }
    });
  });

  test('a float32 base with values beyond float16 is refused', async () => {
    await withTemporaryFolder(async (folder) => {
      const folders = await copyFixture('interval', folder);
      await rewriteBase(folders.base, 'F32', (name, values) => {
        if (name === 'model.layers.1.mlp.up_proj.weight') values[77] = 70000;
      });
      const export_ = () => exportCheckpoint(exportOptions(folders, join(folder, 'out')));
      const error = await expectExportError(export_, 'TENSOR_VALUE', /model\.safetensors/);
      expect(error.tensor).toBe('model.layers.1.mlp.up_proj.weight');
      expect(await readdir(folder)).not.toContain('out');
    });
  });
});

/** Replaces the shards of a base by one safetensors file of another element type; returns the values before. */
async function rewriteBase(
  base: string,
  dtype: 'F32' | 'F64' | 'BF16',
  change: (name: string, values: Float32Array) => void = () => {},
): Promise<Map<string, Float32Array>> {
  const files = new TensorFiles();
  const tensors: Record<string, TestTensor> = {};
  const before = new Map<string, Float32Array>();
  for (const [name, tensor] of await readModelFolder(base, files)) {
    const values = await tensor.read();
    before.set(name, values);
    change(name, values);
    tensors[name] = { dtype, shape: tensor.shape, bytes: encodeValues(values, dtype) };
  }
  await files.close();
  await writeFile(join(base, 'model.safetensors'), buildSafetensors(tensors));
  return before;
}

test('an aborted export leaves nothing behind', async () => {
  await withTemporaryFolder(async (folder) => {
    const abort = new AbortController();
    const options = exportOptions(fixtureFolders('speech'), join(folder, 'out'), {
      signal: abort.signal,
      onProgress: ({ phase }) => {
        if (phase === 'verify-weights') abort.abort();
      },
    });
    await expectExportError(() => exportCheckpoint(options), 'ABORTED');
    expect(await readdir(folder)).toEqual([]);
  });
});

test('every source tensor is accounted for once', async () => {
  await withTemporaryFolder(async (folder) => {
    const folders = fixtureFolders('interval');
    const { ledger } = await exportCheckpoint(exportOptions(folders, join(folder, 'out')));
    const files = new TensorFiles();
    const names: string[] = [];
    for (const source of [folders.base, folders.vision, folders.audio]) {
      for (const { file, name } of (await readModelFolder(source, files)).values())
        names.push(`${file} ${name}`);
    }
    for (const file of ['adapter_model', 'non_lora_trainables', 'mm_audio_aligner', 'mlp_gates']) {
      const path = join(folders.finetuned, `${file}.bin`);
      for (const name of (await files.read(path)).keys()) names.push(`${path} ${name}`);
    }
    await files.close();
    expect(ledger.map(({ file, tensor }) => `${file} ${tensor}`).sort()).toEqual(names.sort());
  });
});
