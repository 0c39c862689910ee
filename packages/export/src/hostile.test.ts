import { execFile } from 'node:child_process';
import { copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { expectExportError } from '../testing/expect-error.ts';
import { PickleBuilder } from '../testing/pickle-builder.ts';
import {
  copyFixture,
  exportOptions,
  fixtureFolders,
  withTemporaryFolder,
  type Variant,
} from '../testing/reference-fixture.ts';
import { buildTorchFile, frameSafetensors, seededValues, testTensor } from '../testing/tensor-builder.ts';
import { buildTorchArchive } from '../testing/zip-builder.ts';
import { exportCheckpoint, type ExportErrorCode } from './index.ts';

type Folders = ReturnType<typeof fixtureFolders>;
const GATE = 'model.layers.0.mlp.gate.weight';
const gate = (rows = 4) => testTensor([rows, 64], seededValues(rows * 64, 1));

/** Damages a copy of a reference checkpoint and expects the export to end in a named error with no output folder. */
async function expectRefusal(
  damage: (folders: Folders) => Promise<unknown>,
  code: ExportErrorCode,
  file: RegExp,
  message: RegExp,
  variant: Variant = 'interval',
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const folders = await copyFixture(variant, folder);
    const before = await readdir(folder);
    await damage(folders);
    const error = await expectExportError(
      () => exportCheckpoint(exportOptions(folders, join(folder, 'out'))),
      code,
      message,
    );
    expect(error.file).toMatch(file);
    expect(await readdir(folder)).toEqual(before);
  });
}

const gates = (bytes: Uint8Array) => (folders: Folders) =>
  writeFile(join(folders.finetuned, 'mlp_gates.bin'), bytes);
const editJson = (path: string, edit: (json: Record<string, unknown>) => void) => async (): Promise<void> => {
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  edit(json);
  await writeFile(path, JSON.stringify(json));
};

describe('hostile and damaged checkpoints end in a named error and write nothing', () => {
  test('a pickle that calls os.system', async () => {
    const marker = join(dirname(fileURLToPath(import.meta.url)), 'owned');
    const pickle = new PickleBuilder()
      .global('os', 'system')
      .text(`touch ${marker}`)
      .op('TUPLE1')
      .op('REDUCE')
      .finish();
    await expectRefusal(
      gates(buildTorchArchive(pickle, {})),
      'PICKLE_FORBIDDEN_GLOBAL',
      /mlp_gates\.bin$/,
      /global os\.system /,
    );
    expect(await readdir(dirname(marker))).not.toContain('owned');
  });

  test('a shape that overflows', async () => {
    const huge = buildTorchFile({ [GATE]: gate() }, (_, view) => ({
      ...view,
      shape: [2 ** 31 - 1, 2 ** 31 - 1],
      strides: [0, 0],
    }));
    await expectRefusal(
      gates(huge),
      'LIMIT_EXCEEDED',
      /mlp_gates\.bin$/,
      /tensor model\.layers\.0\.mlp\.gate\.weight: .*elements/,
    );
  });

  test('a storage index outside the file', async () => {
    const outside = buildTorchFile({ [GATE]: gate() }, (_, view) => ({ ...view, key: '99' }));
    await expectRefusal(
      gates(outside),
      'TENSOR_OUT_OF_BOUNDS',
      /mlp_gates\.bin$/,
      /mlp\.gate\.weight: storage "99"/,
    );
  });

  test('a view outside its storage', async () => {
    const outside = buildTorchFile({ [GATE]: gate() }, (_, view) => ({ ...view, offset: 64 }));
    await expectRefusal(gates(outside), 'TENSOR_OUT_OF_BOUNDS', /mlp_gates\.bin$/, /reaches element 319/);
  });

  test('a truncated torch archive', async () => {
    const cut = ({ finetuned }: Folders) => truncate(join(finetuned, 'adapter_model.bin'), 100_000);
    await expectRefusal(cut, 'ZIP_INVALID', /adapter_model\.bin$/, /no complete zip archive/);
  });

  test('a truncated safetensors shard', async () => {
    const cut = ({ base }: Folders) => truncate(join(base, 'model-00002-of-00002.safetensors'), 800_000);
    await expectRefusal(cut, 'FILE_TRUNCATED', /model-00002-of-00002\.safetensors$/, /tensor .*cut short/);
  });

  test('a header longer than its file', async () => {
    const bytes = frameSafetensors(new TextEncoder().encode('{}'), new Uint8Array(0), 5000);
    const damage = ({ vision }: Folders) => writeFile(join(vision, 'model.safetensors'), bytes);
    await expectRefusal(damage, 'FILE_TRUNCATED', /clip.*model\.safetensors$/, /header of 5000 bytes/);
  });

  test('an index that points outside', async () => {
    const damage = ({ base }: Folders) =>
      editJson(join(base, 'model.safetensors.index.json'), (index) => {
        (index['weight_map'] as Record<string, string>)['model.norm.weight'] = '../../secret.safetensors';
      })();
    await expectRefusal(
      damage,
      'INDEX_INVALID',
      /index\.json$/,
      /tensor model\.norm\.weight: shard .*secret/,
    );
  });

  test('a missing shard', async () => {
    const damage = ({ base }: Folders) => rm(join(base, 'model-00001-of-00002.safetensors'));
    await expectRefusal(damage, 'FILE_MISSING', /model-00001-of-00002\.safetensors$/, /not found/);
  });

  test.each([
    ['finetuned', 'config.json'],
    ['finetuned', 'adapter_config.json'],
    ['finetuned', 'adapter_model.safetensors'],
    ['finetuned', 'non_lora_trainables.bin'],
    ['finetuned', 'mm_audio_aligner.bin'],
    ['base', 'tokenizer.model'],
    ['base', 'tokenizer_config.json'],
    ['vision', 'preprocessor_config.json'],
    ['audio', 'config.json'],
  ] as const)('no %s/%s', async (folder, name) => {
    const actual = name.replace('adapter_model.safetensors', 'adapter_model.bin');
    const pattern = new RegExp(`${name.replaceAll('.', String.raw`\.`)}$`);
    await expectRefusal((folders) => rm(join(folders[folder], actual)), 'FILE_MISSING', pattern, /not found/);
  });

  test('a surplus tensor', async () => {
    const bytes = buildTorchFile({ [GATE]: gate(), 'model.layers.9.mlp.gate.weight': gate() });
    await expectRefusal(gates(bytes), 'TENSOR_SURPLUS', /mlp_gates\.bin$/, /tensor model\.layers\.9/);
  });

  test('a mis-shaped tensor', async () => {
    await expectRefusal(
      gates(buildTorchFile({ [GATE]: gate(5) })),
      'TENSOR_SHAPE',
      /mlp_gates\.bin$/,
      /shape \[5, 64\].*\[4, 64\]/,
    );
  });

  test('a tensor that holds NaN', async () => {
    const nan = testTensor([4, 64], new Float32Array(256).fill(NaN));
    await expectRefusal(gates(buildTorchFile({ [GATE]: nan })), 'TENSOR_VALUE', /mlp_gates\.bin$/, /NaN/);
  });

  test('a missing expert', async () => {
    const damage = (folders: Folders) =>
      editJson(join(folders.finetuned, 'config.json'), (config) => (config['num_experts'] = 5))();
    await expectRefusal(
      damage,
      'TENSOR_SHAPE',
      /model-0000\d-of-00002\.safetensors$/,
      /mlp\.gate\.weight: shape \[4, 64\].*\[5, 64\]/,
    );
  });

  test('connectors of another size', async () => {
    const projector = buildTorchFile({
      'base_model.model.model.mm_projector.0.weight': testTensor([64, 40], seededValues(2560, 1)),
    });
    const damage = ({ finetuned }: Folders) =>
      writeFile(join(finetuned, 'non_lora_trainables.bin'), projector);
    await expectRefusal(damage, 'TENSOR_SHAPE', /non_lora_trainables\.bin$/, /mm_projector\.0\.weight/);
  });

  test('an encoder file that lacks a tensor', async () => {
    const damage = async ({ audio, vision }: Folders): Promise<void> => {
      await rm(join(audio, 'pytorch_model.bin'));
      await copyFile(join(vision, 'model.safetensors'), join(audio, 'model.safetensors'));
    };
    await expectRefusal(
      damage,
      'TENSOR_SURPLUS',
      /whisper.*model\.safetensors$/,
      /does not know this tensor/,
    );
  });

  test('a token that the loader would add with random rows', async () => {
    const damage = (folders: Folders) =>
      editJson(join(folders.finetuned, 'config.json'), (config) => delete config['mm_use_im_patch_token'])();
    await expectRefusal(
      damage,
      'VOCABULARY_ROWS_MISSING',
      /pytorch_model-0000\d-of-00002\.bin$/,
      /embed_tokens\.weight: has 600 rows, but the tokenizer has 601 entries/,
      'speech',
    );
  });
});

describe('command line', () => {
  const run = promisify(execFile);
  const cli = join(dirname(fileURLToPath(import.meta.url)), 'cli.ts');
  const root = join(dirname(cli), '../../..');
  const start = (args: readonly string[]) =>
    run(process.execPath, ['--conditions', '@uni-moe-web/source', '--import', 'tsx', cli, ...args], {
      cwd: root,
    });
  const folderArguments = (folders: Folders): string[] =>
    Object.entries(folders).flatMap(([name, folder]) => [`--${name}`, folder]);

  test('prints the table and ends with status 0', async () => {
    await withTemporaryFolder(async (folder) => {
      const out = join(folder, 'out');
      const options = ['--out', out, '--quant', 'q4', '--merge-lora'];
      const { stdout, stderr } = await start([...folderArguments(fixtureFolders('speech')), ...options]);
      expect(stderr).toMatch(/converting weights 100 %/);
      expect(stdout).toMatch(/tensor +format +worst error +mean error +relative +bytes/);
      expect(stdout).toMatch(/experts \(48\) +q4 /);
      expect(stdout).toMatch(/dropped: .*rotary_emb\.inv_freq and 2 more .*computed, not stored/);
      expect(stdout).toMatch(/verified/);
      expect(await readdir(out)).toContain('manifest.json');
    });
  });

  test('prints the error with its code and ends with status 1', async () => {
    await withTemporaryFolder(async (folder) => {
      const folders = await copyFixture('interval', folder);
      await gates(buildTorchArchive(new PickleBuilder().global('os', 'system').finish(), {}))(folders);
      const options = ['--out', join(folder, 'out'), '--quant', 'q4', '--keep-lora'];
      const failure = await start([...folderArguments(folders), ...options]).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 1, stdout: '' });
      expect((failure as { stderr: string }).stderr).toMatch(
        /export failed \[PICKLE_FORBIDDEN_GLOBAL\]: .*mlp_gates\.bin: .*os\.system/,
      );
      expect(await readdir(folder)).not.toContain('out');
    });
  });

  test.each([
    [['--quant', 'q5'], /--base is missing|q5 is not one of/],
    [['--merge-lora', '--keep-lora'], /--quant is missing|either/],
    [['--bogus'], /Unknown option '--bogus'/],
  ])('refuses %j', async (args, message) => {
    const failure = await start(args).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1 });
    expect((failure as { stderr: string }).stderr).toMatch(message);
  });
});
