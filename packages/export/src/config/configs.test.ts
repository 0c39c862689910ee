import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { TINY_CONFIG, tinyConfig } from '../../testing/tiny-model.ts';
import { addedTokens, type AddedTokenSources } from './added-tokens.ts';
import { audioPreprocessing, imagePreprocessing } from './preprocessor.ts';
import { parseReferenceConfig } from './reference-config.ts';
import { generationConfig, tokenizerConfig } from './text-configs.ts';

describe('reference config', () => {
  test('takes the reference defaults for absent fields', () => {
    const config = parseReferenceConfig({ moe: null }, 'config.json');
    expect(config).toMatchObject({
      vocab_size: 32000,
      hidden_size: 4096,
      num_key_value_heads: 32,
      head_dim: 128,
      rms_norm_eps: 1e-6,
      max_position_embeddings: 2048,
      rope_scaling: null,
      // Absent means true here: the loader then adds a token.
      mm_use_im_patch_token: true,
      mm_use_im_start_end: false,
      moe: false,
    });
  });

  test.each<[string, object, RegExp]>([
    ['no moe', { moe: undefined }, /no field moe/],
    ['8 experts variant', { moe_type: 'dense' }, /8-expert variant/],
    ['moe without experts', { num_experts: undefined }, /num_experts is missing/],
    ['more experts per token than experts', { num_experts_per_tok: 3 }, /3 is more than num_experts 2/],
    ['another activation', { hidden_act: 'gelu' }, /hidden_act/],
    ['another rotary base', { rope_theta: 500000 }, /rope_theta/],
    ['unknown rope scaling', { rope_scaling: { type: 'yarn', factor: 2 } }, /rope_scaling\.type/],
    ['rope factor 1', { rope_scaling: { type: 'linear', factor: 1 } }, /rope_scaling\.factor/],
    [
      'heads that do not divide',
      { num_attention_heads: 3 },
      /hidden_size 8 is no multiple of num_attention_heads 3/,
    ],
    [
      'groups that do not divide',
      { num_attention_heads: 2, num_key_value_heads: 4 },
      /no multiple of num_key_value_heads/,
    ],
    ['odd heads', { num_attention_heads: 8 }, /head size 1 is odd/],
    ['width for no vector load', { hidden_size: 10 }, /hidden_size/],
    ['fractional layers', { num_hidden_layers: 1.5 }, /num_hidden_layers/],
  ])('refuses %s', async (_, change, message) => {
    const json = JSON.parse(JSON.stringify({ ...TINY_CONFIG, ...change })) as Record<string, unknown>;
    await expectExportError(
      () => parseReferenceConfig(json, 'config.json'),
      'CONFIG_INVALID',
      /^config\.json: /,
      message,
    );
  });
});

describe('preprocessors', () => {
  const clip = {
    size: { shortest_edge: 56 },
    crop_size: { height: 56, width: 56 },
    image_mean: [0.1, 0.2, 0.3],
    image_std: [1, 2, 3],
    resample: 3,
  };

  test('of CLIP, old and new spelling', () => {
    const expected = { size: 56, crop_size: 56, mean: [0.1, 0.2, 0.3], std: [1, 2, 3] };
    expect(imagePreprocessing(clip, 'p.json', 56)).toEqual(expected);
    expect(imagePreprocessing({ ...clip, size: 56, crop_size: 56 }, 'p.json', 56)).toEqual(expected);
  });

  test.each<[string, object, RegExp]>([
    ['bilinear resize', { resample: 2 }, /resample/],
    ['no crop', { do_center_crop: false }, /do_center_crop/],
    ['another scale', { rescale_factor: 0.5 }, /rescale_factor/],
    ['a crop that the tower does not take', { crop_size: 64 }, /64 x 64, but .* image_size 56/],
    ['a resize below the crop', { size: 40 }, /size 40 is smaller/],
  ])('of CLIP: refuses %s', async (_, change, message) => {
    await expectExportError(
      () => imagePreprocessing({ ...clip, ...change }, 'p.json', 56),
      'CONFIG_INVALID',
      message,
    );
  });

  test('of Whisper: the chunks are the reference loop', () => {
    expect(audioPreprocessing({ n_fft: 400, hop_length: 160, feature_size: 80 }, 'p.json', 1500)).toEqual({
      sampling_rate: 16000,
      n_fft: 400,
      hop_length: 160,
      feature_size: 80,
      chunk_samples: 480000,
      chunk_advance: 480001,
    });
  });

  test("of Whisper: a chunk that is not the reference's loses no sample", () => {
    const json = { chunk_length: 3, n_fft: 800, hop_length: 480 };
    expect(audioPreprocessing(json, 'p.json', 50)).toMatchObject({
      n_fft: 800,
      hop_length: 480,
      chunk_samples: 48000,
      chunk_advance: 48000,
    });
  });

  test('of Whisper: refuses a chunk that does not fill the encoder', async () => {
    await expectExportError(
      () => audioPreprocessing({ chunk_length: 10 }, 'p.json', 1500),
      'CONFIG_INVALID',
      /keeps 160000 samples, 1000 frames .* 1500 positions take 3000 frames/,
    );
  });
});

describe('text settings', () => {
  test('legacy is true unless the file says otherwise', () => {
    const plain = { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>' };
    expect(tokenizerConfig({}, 't.json')).toEqual({ legacy: true, model_max_length: 1e30, ...plain });
    expect(tokenizerConfig({ legacy: false, model_max_length: 2048 }, 't.json')).toMatchObject({
      legacy: false,
      model_max_length: 2048,
    });
  });

  test('special tokens come as text or objects', () => {
    expect(tokenizerConfig({ bos_token: { content: '<c>' }, eos_token: '<b>' }, 't.json')).toMatchObject({
      bos_token: '<c>',
      eos_token: '<b>',
    });
  });

  test('generation settings fall back to the model', () => {
    const model = tinyConfig({ pad_token_id: null, eos_token_id: 5 });
    expect(generationConfig({}, model, 'g.json')).toEqual({
      bos_token_id: 1,
      eos_token_id: 5,
      pad_token_id: null,
    });
    expect(
      generationConfig({ eos_token_id: [2], pad_token_id: 0, top_p: 0.6, do_sample: true }, model, 'g.json'),
    ).toEqual({
      bos_token_id: 1,
      eos_token_id: 2,
      pad_token_id: 0,
      top_p: 0.6,
    });
  });

  test('refuse nonsense', async () => {
    await expectExportError(
      () => generationConfig({ top_p: 3 }, tinyConfig(), 'g.json'),
      'CONFIG_INVALID',
      /^g\.json: top_p/,
    );
    for (const [field, value] of Object.entries({
      legacy: 'no',
      add_bos_token: false,
      add_eos_token: true,
    })) {
      const message = `t.json: ${field}`;
      await expectExportError(() => tokenizerConfig({ [field]: value }, 't.json'), 'CONFIG_INVALID', message);
    }
  });
});

describe('added tokens', () => {
  const pieces = new Set(['<unk>', '<s>', '</s>', 'a', 'b']);
  const tokens = (change: Partial<AddedTokenSources> = {}, model = {}): string[] =>
    addedTokens({
      pieces,
      settings: { bos_token: '<s>', pad_token: { content: '<unk>' } },
      settingsFile: 't.json',
      added: undefined,
      addedFile: 'added_tokens.json',
      model: tinyConfig(model),
      ...change,
    });

  test('are none for a plain tokenizer with the flags off', () => {
    expect(tokens()).toEqual([]);
  });

  test('come from added_tokens.json, unknown special tokens and flags, in this order', () => {
    const settings = { pad_token: '[PAD]', additional_special_tokens: ['<x>', { content: 'a' }] };
    const model = { mm_use_im_patch_token: true, mm_use_im_start_end: true };
    const added = { '<y>': 6, '<x>': 5, a: 3 };
    expect(tokens({ settings, added }, model)).toEqual([
      '<x>',
      '<y>',
      '[PAD]',
      '<im_patch>',
      '<im_start>',
      '<im_end>',
    ]);
  });

  test('must follow the pieces without a gap', async () => {
    const refused = (added: object) => () => tokens({ added: added as Record<string, unknown> });
    await expectExportError(
      refused({ '<x>': 7 }),
      'CONFIG_INVALID',
      'added_tokens.json: token "<x>" has id 7, expected 5',
    );
    await expectExportError(refused({ '<x>': 'five' }), 'CONFIG_INVALID', 'added_tokens.json: <x>');
  });
});
