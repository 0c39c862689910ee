import { roundToF16 } from '@uni-moe-web/kernels/quant';
import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { asMap, freshTensor, tinyAdapter, tinyConfig, tinySources } from '../../testing/tiny-model.ts';
import type { ReferenceConfig } from '../config/reference-config.ts';
import type { SourceTensor } from '../read/source-tensor.ts';
import { MappingLedger } from './ledger.ts';
import { mapUniMoeLlama, type UniMoeMapping, type UniMoeSources } from './uni-moe-llama.ts';

const ROUTER = 'model.layers.0.mlp.gate.weight';
const QUERY = 'model.layers.0.self_attn.q_proj.weight';

interface Settings {
  readonly config?: ReferenceConfig;
  readonly lora?: 'merge' | 'keep';
  readonly tokenizerLength?: number;
}

function map(sources: UniMoeSources, settings: Settings = {}): UniMoeMapping & { ledger: MappingLedger } {
  const { config = tinyConfig(), lora = 'merge', tokenizerLength = 12 } = settings;
  const ledger = new MappingLedger();
  const options = { lora, tokenizerLength, configFile: 'config.json' };
  return { ...mapUniMoeLlama(sources, config, options, ledger), ledger };
}

const find = (mapping: UniMoeMapping, name: string): SourceTensor =>
  mapping.decoder.find((tensor) => tensor.name === name)!.tensor;
const rounded = async (tensor: SourceTensor): Promise<Float32Array> => (await tensor.read()).map(roundToF16);
const without = (sources: UniMoeSources, name: string): UniMoeSources => {
  const tensors = new Map(sources.base.tensors);
  tensors.delete(name);
  return { ...sources, base: { ...sources.base, tensors } };
};
const withBase = (sources: UniMoeSources, ...added: SourceTensor[]): UniMoeSources => ({
  ...sources,
  base: { ...sources.base, tensors: new Map([...sources.base.tensors, ...asMap(added)]) },
});

describe('precedence', () => {
  test('takes what no other file supplies from the base, rounded to float16', async () => {
    const sources = tinySources();
    const mapping = map(sources);
    expect(mapping.moeLayers).toEqual([0, 2]);
    for (const name of [
      'model.norm.weight',
      'model.layers.1.mlp.gate_proj.weight',
      ROUTER,
      'lm_head.weight',
    ]) {
      expect(await find(mapping, name).read()).toEqual(await rounded(sources.base.tensors.get(name)!));
    }
  });

  test('applies non_lora_trainables before the merge and mlp_gates after it', async () => {
    const adapter = tinyAdapter({ 'model.layers.0.mlp.gate': [2, 8], 'model.layers.2.mlp.gate': [2, 8] });
    const trained = freshTensor(`base_model.model.${ROUTER}`, [2, 8], 'non_lora_trainables.bin');
    const gate = freshTensor(ROUTER, [2, 8], 'mlp_gates.bin');
    const stray = freshTensor('model.layers.0.mlp.gate.lora_A.default.weight', [2, 8], 'mlp_gates.bin');
    const nested = freshTensor('base_model.model.model.norm.weight', [8], 'non_lora_trainables.bin');
    const nonLoraTrainables = asMap([nested, trained]);

    const merged = map(tinySources({}, { adapter, nonLoraTrainables }));
    const { a, b, scale } = adapter.modules.get('model.layers.0.mlp.gate')!;
    const [w, down, up] = [await rounded(trained), await a.read(), await b.read()];
    const expected = w.map((value, i) => {
      const [row, column] = [Math.floor(i / 8), i % 8];
      const product = up[row * 2]! * down[column]! + up[row * 2 + 1]! * down[8 + column]!;
      return roundToF16(Math.fround(value + Math.fround(Math.fround(product) * Math.fround(scale))));
    });
    expect(await find(merged, ROUTER).read()).toEqual(expected);
    expect(await find(merged, 'model.norm.weight').read()).toEqual(await rounded(nested));

    const replaced = map(tinySources({}, { adapter, nonLoraTrainables, gates: asMap([gate, stray]) }));
    expect(await find(replaced, ROUTER).read()).toEqual(await rounded(gate));
    const fates = replaced.ledger.entries.filter(({ tensor }) => tensor.includes('layers.0.mlp.gate.'));
    expect(fates.map(({ fate, tensor }) => `${fate} ${tensor}`).sort()).toEqual([
      'dropped base_model.model.model.layers.0.mlp.gate.lora_A.weight',
      'dropped base_model.model.model.layers.0.mlp.gate.lora_B.weight',
      'dropped model.layers.0.mlp.gate.lora_A.default.weight',
      `overridden base_model.model.${ROUTER}`,
      `overridden ${ROUTER}`,
      `used ${ROUTER}`,
    ]);
  });

  test('applies every key of mlp_gates.bin that names a tensor, also of a dense MLP', async () => {
    const name = 'model.layers.1.mlp.gate_proj.weight';
    const gate = freshTensor(name, [12, 8], 'mlp_gates.bin');
    expect(await find(map(tinySources({}, { gates: asMap([gate]) })), name).read()).toEqual(
      await rounded(gate),
    );
  });

  test('hands over connectors of the last file that has them', () => {
    const base = freshTensor('model.mm_projector.0.weight', [8, 4], 'base.bin');
    const tuned = freshTensor(
      'base_model.model.model.mm_projector.0.weight',
      [8, 4],
      'non_lora_trainables.bin',
    );
    const query = freshTensor('model.query_tokens', [1, 2, 4], 'mm_audio_aligner.bin');
    const sources = {
      ...tinySources({}, { nonLoraTrainables: asMap([tuned]), audioAligner: asMap([query]) }),
    };
    const { connectors } = map(
      withBase(sources, base, freshTensor('model.query_tokens', [1, 2, 4], 'base.bin')),
    );
    expect(connectors.get('model.mm_projector.0.weight')).toBe(tuned);
    expect(connectors.get('model.query_tokens')).toBe(query);
  });

  test('drops junk with a reason', () => {
    const junk = [
      'model.layers.0.self_attn.rotary_emb.inv_freq',
      'model.audio_tower.encoder.conv1.weight',
      'model.vision_tower.vision_tower.vision_model.post_layernorm.bias',
    ];
    const { ledger } = map(
      withBase(tinySources(), ...junk.map((name) => freshTensor(name, [4], 'base.bin'))),
    );
    const dropped = ledger.entries.filter(({ fate }) => fate === 'dropped');
    expect(dropped.map(({ tensor }) => tensor)).toEqual(junk);
    for (const { reason } of dropped) expect(reason.length).toBeGreaterThan(10);
  });

  test('accounts for every source tensor exactly once', () => {
    const gates = asMap([freshTensor(ROUTER, [2, 8], 'mlp_gates.bin')]);
    const sources = tinySources({}, { gates });
    const { ledger } = map(sources);
    const keys = ledger.entries.map(({ file, tensor }) => `${file} ${tensor}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(sources.base.tensors.size + 2 + gates.size);
  });
});

describe('layouts', () => {
  test.each<[string, number[], object]>([
    ['every layer', [0, 1, 2], {}],
    ['every even layer', [0, 2], {}],
    ['no layer', [], { moe: null }],
    ['a single layer', [0], { num_hidden_layers: 1 }],
  ])('%s', (_, moeLayers, change) => {
    const config = tinyConfig(change);
    expect(map(tinySources({ config, moeLayers }), { config }).moeLayers).toEqual(moeLayers);
  });

  test('ties the head to the embedding', () => {
    const config = tinyConfig({ tie_word_embeddings: true });
    const head = freshTensor('lm_head.weight', [12, 8], 'base.bin');
    const { decoder, ledger } = map(withBase(tinySources({ config }), head), { config });
    expect(decoder.map(({ name }) => name)).not.toContain('lm_head.weight');
    expect(ledger.entries).toContainEqual(
      expect.objectContaining({ tensor: 'lm_head.weight', fate: 'dropped' }),
    );
  });

  test.each<[string, number[], object, RegExp]>([
    ['experts without moe', [0, 2], { moe: null }, /moe is null, but the base has experts in layers 0, 2/],
    ['moe without experts', [], {}, /moe is set, but the base has no experts/],
    ['a layout of its own', [0, 1], {}, /experts in layers 0, 1 and dense MLPs in layers 2/],
  ])('refuses %s', async (_, moeLayers, change, message) => {
    const config = tinyConfig(change);
    const layout = { config: { ...config, moe: true, num_experts: 2 }, moeLayers };
    await expectExportError(() => map(tinySources(layout), { config }), 'CONFIG_INVALID', message);
  });
});

describe('vocabulary', () => {
  test('cuts embedding and head to the tokenizer', async () => {
    const sources = tinySources();
    const mapping = map(sources, { tokenizerLength: 10 });
    for (const name of ['model.embed_tokens.weight', 'lm_head.weight']) {
      expect(mapping.decoder.find((tensor) => tensor.name === name)!.shape).toEqual([10, 8]);
      const expected = (await rounded(sources.base.tensors.get(name)!)).slice(0, 80);
      expect(await find(mapping, name).read()).toEqual(expected);
    }
  });

  test('refuses to invent rows and says what to do', async () => {
    await expectExportError(
      () => map(tinySources(), { tokenizerLength: 13 }),
      'VOCABULARY_ROWS_MISSING',
      /base\.bin: tensor model\.embed_tokens\.weight: has 12 rows, but the tokenizer has 13 entries/,
      /mm_use_im_patch_token/,
      /non_lora_trainables\.bin/,
    );
  });

  test('takes rows that the fine-tuned folder supplies', async () => {
    const embedding = freshTensor('model.embed_tokens.weight', [13, 8], 'non_lora_trainables.bin');
    const head = freshTensor('lm_head.weight', [13, 8], 'non_lora_trainables.bin');
    const mapping = map(tinySources({}, { nonLoraTrainables: asMap([embedding, head]) }), {
      tokenizerLength: 13,
    });
    expect(await find(mapping, 'model.embed_tokens.weight').read()).toEqual(await rounded(embedding));
  });
});

describe('kept LoRA', () => {
  test('leaves the base unmerged and hands the adapter over', async () => {
    const sources = tinySources();
    const mapping = map(sources, { lora: 'keep' });
    const adapter = mapping.adapter;
    expect(await find(mapping, QUERY).read()).toEqual(await rounded(sources.base.tensors.get(QUERY)!));
    expect([...adapter!.tensors.keys()]).toEqual([
      'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
      'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight',
    ]);
    expect(adapter!.config).toMatchObject({
      r: 2,
      lora_alpha: 3,
      base_model_name_or_path: null,
      target_modules: ['model.layers.0.self_attn.q_proj'],
    });
  });

  test('keeps the adapter of a router, unless mlp_gates.bin replaces the router', () => {
    const adapter = tinyAdapter({ 'model.layers.0.mlp.gate': [2, 8], 'model.layers.2.mlp.gate': [2, 8] });
    const kept = map(tinySources({}, { adapter }), { lora: 'keep' }).adapter!;
    expect(kept.config['target_modules']).toEqual(['model.layers.0.mlp.gate', 'model.layers.2.mlp.gate']);
    const gates = asMap([freshTensor(ROUTER, [2, 8], 'mlp_gates.bin')]);
    const replaced = map(tinySources({}, { adapter, gates }), { lora: 'keep' }).adapter!;
    expect(replaced.config['target_modules']).toEqual(['model.layers.2.mlp.gate']);
    expect(replaced.tensors.size).toBe(2);
  });

  test('cannot keep an adapter of the head', async () => {
    const adapter = tinyAdapter({ lm_head: [12, 8] });
    expect(map(tinySources({}, { adapter })).adapter).toBeUndefined();
    await expectExportError(
      () => map(tinySources({}, { adapter }), { lora: 'keep' }),
      'ADAPTER_INVALID',
      '--merge-lora',
    );
  });
});

describe('what the loader passes over in silence', () => {
  test.each([
    'model.embed_tokens.weight',
    'model.layers.2.mlp.experts.1.down_proj.weight',
    'model.norm.weight',
  ])('a missing %s', async (name) => {
    const error = await expectExportError(() => map(without(tinySources(), name)), 'TENSOR_MISSING', name);
    expect(error.tensor).toBe(name);
    expect(error.file).toBe('base');
  });

  test.each([
    'model.layers.3.input_layernorm.weight',
    'model.layers.0.mlp.gate_proj.weight',
    'model.layers.0.mlp.experts.2.up_proj.weight',
    'model.layers.0.self_attn.q_proj.bias',
    'transformer.wte.weight',
  ])('a surplus %s in the base', async (name) => {
    const sources = withBase(tinySources(), freshTensor(name, [8], 'base.bin'));
    await expectExportError(() => map(sources), 'TENSOR_SURPLUS', `base.bin: tensor ${name}: `);
  });

  test.each(['nonLoraTrainables', 'audioAligner', 'gates'] as const)(
    'a surplus tensor in %s',
    async (file) => {
      const tensors = asMap([freshTensor('model.layers.9.mlp.gate.weight', [2, 8], `${file}.bin`)]);
      await expectExportError(
        () => map(tinySources({}, { [file]: tensors })),
        'TENSOR_SURPLUS',
        `${file}.bin: tensor model.layers.9`,
      );
    },
  );

  test('two keys that become one', async () => {
    const nonLoraTrainables = asMap([
      freshTensor('base_model.model.norm.weight', [8], 'n.bin'),
      freshTensor('model.norm.weight', [8], 'n.bin'),
    ]);
    await expectExportError(
      () => map(tinySources({}, { nonLoraTrainables })),
      'TENSOR_SURPLUS',
      /model\.norm\.weight after rewriting/,
    );
  });

  test.each<[string, number[]]>([
    ['model.norm.weight', [9]],
    ['model.layers.0.self_attn.k_proj.weight', [8, 8]],
    ['model.layers.0.mlp.gate.weight', [2, 8, 1]],
    ['model.embed_tokens.weight', [13, 8]],
    ['model.embed_tokens.weight', [12, 7]],
  ])('%s of shape %j', async (name, shape) => {
    const sources = withBase(tinySources(), freshTensor(name, shape, 'base.bin'));
    const error = await expectExportError(() => map(sources), 'TENSOR_SHAPE', `shape [${shape.join(', ')}]`);
    expect(error.tensor).toBe(name);
    expect(error.file).toBe('base.bin');
  });
});
