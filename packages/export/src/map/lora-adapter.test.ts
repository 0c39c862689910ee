import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { asMap, freshTensor, loraTensors, RANK } from '../../testing/tiny-model.ts';
import type { ExportErrorCode } from '../errors.ts';
import type { SourceTensor } from '../read/source-tensor.ts';
import { checkAdapterFits, readLoraAdapter } from './lora-adapter.ts';

const MODULE = 'model.layers.0.self_attn.q_proj';
const config = (change: object = {}) => ({
  peft_type: 'LORA',
  r: RANK,
  lora_alpha: 3,
  target_modules: [MODULE],
  bias: 'none',
  modules_to_save: null,
  ...change,
});
const read = (change: object, tensors: SourceTensor[] = loraTensors(MODULE, [8, 8])) =>
  readLoraAdapter(config(change), 'adapter_config.json', asMap(tensors));
const weights = new Map([[MODULE, [8, 8]]]);

describe('LoRA adapters', () => {
  test('pair up and scale by alpha / r', () => {
    const pair = read({}).modules.get(MODULE)!;
    expect(pair.scale).toBe(1.5);
    expect(pair.a.shape).toEqual([RANK, 8]);
  });

  test('target modules by the end of their names', () => {
    expect(read({ target_modules: ['q_proj'] }).modules.size).toBe(1);
  });

  test.each<[string, object, RegExp]>([
    ['another kind of adapter', { peft_type: 'IA3' }, /peft_type/],
    ['rank 0', { r: 0 }, /\br:/],
    ['rank as text', { r: '8' }, /\br:/],
    ['alpha that is no number', { lora_alpha: null }, /lora_alpha/],
    ['trained biases', { bias: 'all' }, /bias/],
    ['swapped axes', { fan_in_fan_out: true }, /fan_in_fan_out/],
    ['whole modules beside it', { modules_to_save: ['lm_head'] }, /modules_to_save/],
    ['a pattern as target', { target_modules: '.*q_proj' }, /target_modules/],
    ['DoRA', { use_dora: true }, /use_dora/],
    ['ranks of their own', { rank_pattern: { q_proj: 4 } }, /rank_pattern/],
  ])('with %s are refused', async (_, change, message) => {
    await expectExportError(() => read(change), 'CONFIG_INVALID', /^adapter_config\.json: /, message);
  });

  const [a, b] = loraTensors(MODULE, [8, 8]) as [SourceTensor, SourceTensor];
  const other = (name: string, shape: number[]): SourceTensor =>
    freshTensor(name, shape, 'adapter_model.bin');
  test.each<[string, SourceTensor[], ExportErrorCode, RegExp]>([
    ['half a pair', [a], 'TENSOR_MISSING', /lora_A\.weight: its partner lora_B is missing/],
    [
      'another rank',
      [other(a.name, [3, 8]), b],
      'TENSOR_SHAPE',
      /shape \[3, 8\], expected \[2, in\] for r = 2/,
    ],
    ['a vector', [a, other(b.name, [8])], 'TENSOR_SHAPE', /shape \[8\]/],
    [
      'a module that is no target',
      [a, b, ...loraTensors('model.norm', [8, 8])],
      'TENSOR_SURPLUS',
      /not among the target_modules/,
    ],
    [
      'an embedding adapter',
      [a, b, other('base_model.model.model.embed_tokens.lora_embedding_A', [2, 8])],
      'TENSOR_SURPLUS',
      /lora_embedding_A/,
    ],
    [
      'a plain weight',
      [a, b, other('base_model.model.lm_head.weight', [12, 8])],
      'TENSOR_SURPLUS',
      /lm_head/,
    ],
  ])('with %s are refused', async (_, tensors, code, message) => {
    await expectExportError(() => read({}, tensors), code, /^adapter_model\.bin: tensor /, message);
  });

  test('must fit the weights', async () => {
    const check =
      (module: string, shape: number[], target_modules = [module]) =>
      () =>
        checkAdapterFits(
          read({ target_modules }, loraTensors(module, shape)),
          weights,
          'adapter_config.json',
        );
    expect(check(MODULE, [8, 8])()).toBeUndefined();
    await expectExportError(
      check(MODULE, [8, 9]),
      'TENSOR_SHAPE',
      /lora_A\.weight: shape \[2, 9\] does not fit weight \[8, 8\]/,
    );
    await expectExportError(
      check(MODULE, [9, 8]),
      'TENSOR_SHAPE',
      /lora_B\.weight: shape \[9, 2\] does not fit/,
    );
    await expectExportError(
      check('model.layers.7.mlp.gate', [2, 8]),
      'TENSOR_SURPLUS',
      /a module that the model does not have/,
    );
  });

  test('must cover their targets', async () => {
    const missing = 'model.layers.1.self_attn.q_proj';
    const adapter = read({ target_modules: ['q_proj'] });
    await expectExportError(
      () => checkAdapterFits(adapter, new Map([...weights, [missing, [8, 8]]]), 'adapter_config.json'),
      'ADAPTER_INVALID',
      missing,
    );
  });
});
