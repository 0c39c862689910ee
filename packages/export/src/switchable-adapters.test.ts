import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configSchema } from '@uni-moe-web/runtime/checkpoint-format';
import { parse } from 'valibot';
import { expect, test } from 'vitest';
import { expectExportError } from '../testing/expect-error.ts';
import { exportOptions, fixtureFolders, withTemporaryFolder } from '../testing/reference-fixture.ts';
import { buildSafetensors, testTensor } from '../testing/tensor-builder.ts';
import { exportCheckpoint } from './index.ts';
import { TensorFiles } from './read/tensor-files.ts';

const MODULE = 'model.layers.1.self_attn.q_proj';

async function writePeft(folder: string, name: string, inputs = 64): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  const json = {
    peft_type: 'LORA',
    r: 2,
    lora_alpha: 6,
    target_modules: [MODULE],
    description: `Speaks ${name}.`,
  };
  await writeFile(join(path, 'adapter_config.json'), JSON.stringify(json));
  const matrix = (...shape: [number, number]) => {
    const values = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => i / 8 - 1);
    return testTensor(shape, values);
  };
  const bytes = buildSafetensors({
    [`base_model.model.${MODULE}.lora_A.weight`]: matrix(2, inputs),
    [`base_model.model.${MODULE}.lora_B.weight`]: matrix(64, 2),
  });
  await writeFile(join(path, 'adapter_model.safetensors'), bytes);
  return path;
}

test('further adapters lie beside the merged weights, as they came, and are off', async () => {
  await withTemporaryFolder(async (folder) => {
    const adapters = [await writePeft(folder, 'german'), await writePeft(folder, 'one-word')];
    const out = join(folder, 'out');
    await exportCheckpoint(
      exportOptions(fixtureFolders('speech'), out, { lora: 'merge', quant: 'q4', adapters }),
    );
    const config = parse(configSchema, JSON.parse(await readFile(join(out, 'config.json'), 'utf8')));
    expect(config.adapters).toEqual(['german', 'one-word']);
    expect(config.adapters_off).toEqual(['german', 'one-word']);
    const adapter = await readFile(join(out, 'adapters/one-word/adapter_config.json'), 'utf8');
    expect(JSON.parse(adapter)).toMatchObject({ r: 2, lora_alpha: 6, description: 'Speaks one-word.' });
    const files = new TensorFiles();
    try {
      const stored = await files.read(join(out, 'adapters/one-word/adapter_model.safetensors'));
      const matrix = stored.get(`base_model.model.${MODULE}.lora_A.weight`)!;
      expect(matrix.shape).toEqual([2, 64]);
      expect((await matrix.read())[9]).toBe(9 / 8 - 1);
    } finally {
      await files.close();
    }
  });
});

test('a kept adapter stays on while further ones are off', async () => {
  await withTemporaryFolder(async (folder) => {
    const out = join(folder, 'out');
    const adapters = [await writePeft(folder, 'german')];
    const { config } = await exportCheckpoint(
      exportOptions(fixtureFolders('speech'), out, { lora: 'keep', quant: 'q4', adapters }),
    );
    expect(config.adapters).toEqual(['default', 'german']);
    expect(config.adapters_off).toEqual(['german']);
  });
});

test.each([
  ["the name of the model's own adapter", 'default', 64, 'CONFIG_INVALID', /"default" is taken/],
  ['a name that is no plain word', 'a b', 64, 'CONFIG_INVALID', /other characters/],
  ['matrices of another size', 'wide', 96, 'TENSOR_SHAPE', /does not fit/],
] as const)('refuses %s and writes nothing', async (_, name, inputs, code, message) => {
  await withTemporaryFolder(async (folder) => {
    const adapters = [await writePeft(folder, name, inputs)];
    const options = exportOptions(fixtureFolders('speech'), join(folder, 'out'), { quant: 'q4', adapters });
    await expectExportError(() => exportCheckpoint(options), code, message);
    await expect(readFile(join(folder, 'out/config.json'))).rejects.toThrow('ENOENT');
  });
});
