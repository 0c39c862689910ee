import { describe, expect, it } from 'vitest';
import { failure } from '../../testing/checkpoint-assertions.ts';
import { memorySource } from '../../testing/memory-source.ts';
import { replaceFile } from '../../testing/replace-file.ts';
import { createSyntheticCheckpoint } from '../../testing/synthetic-checkpoint.ts';
import { FILES } from './format.ts';
import { openCheckpoint } from './open.ts';

describe('invalid descriptions', () => {
  const plain = createSyntheticCheckpoint();
  const config = (change: object): unknown => ({ ...plain.config, ...change });
  const { weight_map, metadata } = (() => {
    const file = plain.files.get(FILES.tensorIndex)!;
    return JSON.parse(Buffer.from(file.read(0, file.bytes)).toString());
  })();
  const shard = 'model-00001-of-00001.safetensors';
  const openWith = (path: string, content: unknown) =>
    failure(openCheckpoint(memorySource(replaceFile(plain, path, content))));

  it.each<[string, string, unknown, RegExp]>([
    [
      'a field of another type',
      FILES.config,
      config({ decoder: { ...plain.config.decoder, hidden_size: '64' } }),
      /^config\.json: decoder\.hidden_size: .*"64"/,
    ],
    ['a missing field', FILES.config, config({ prompt: undefined }), /^config\.json: prompt/],
    [
      'a field of a nested list',
      FILES.config,
      config({ decoder: { ...plain.config.decoder, moe_layers: [0, -1] } }),
      /decoder\.moe_layers\.1/,
    ],
    ['a page instead of JSON', FILES.config, '<!doctype html>', /^config\.json: not JSON .*<!doctype html>/],
    ['bytes that are no UTF-8', FILES.config, new Uint8Array([0x22, 0xff, 0x22]), /^config\.json: not JSON/],
    [
      'a tokenizer setting of another type',
      FILES.tokenizerConfig,
      { legacy: 1 },
      /^tokenizer_config\.json: legacy/,
    ],
    [
      'a generation setting of another type',
      FILES.generationConfig,
      { bos_token_id: 1, eos_token_id: 'x', pad_token_id: 0 },
      /^generation_config\.json: eos_token_id/,
    ],
    [
      'an image size of zero',
      FILES.preprocessorConfig,
      { image: { size: 0 }, audio: null },
      /^preprocessor_config\.json: image\.size/,
    ],
    [
      'a tower that the manifest lacks',
      FILES.config,
      config({ vision: { tower: { file: 'towers/v.onnx', bytes: 1 }, image_size: 1, tokens_per_image: 1 } }),
      /lists no file towers\/v\.onnx/,
    ],
    [
      'a tower of another size',
      FILES.config,
      config({ vision: { tower: { file: 'tokenizer.json', bytes: 1 }, image_size: 1, tokens_per_image: 1 } }),
      /vision\.tower\.bytes: 1, but manifest\.json says/,
    ],
    [
      'an adapter that the manifest lacks',
      FILES.config,
      config({ adapters: ['../x'] }),
      /lists no file adapters\/\.\.\/x/,
    ],
    [
      'a tensor that no shard holds',
      FILES.tensorIndex,
      { metadata, weight_map: { ...weight_map, ghost: shard } },
      /weight_map\.ghost: .* holds no such tensor/,
    ],
    [
      'a tensor that the index lacks',
      FILES.tensorIndex,
      { metadata, weight_map: { 'lm_head.weight': shard } },
      /names no file/,
    ],
    [
      'a shard that the manifest lacks',
      FILES.tensorIndex,
      { metadata, weight_map: { x: 'other.safetensors' } },
      /lists no file other\.safetensors/,
    ],
    [
      'another total size',
      FILES.tensorIndex,
      { weight_map, metadata: { total_size: 5 } },
      /metadata\.total_size: 5, but the shards hold/,
    ],
  ])('refuses %s and names it', async (_, path, content, message) => {
    const error = await openWith(path, content);
    expect(error.message).toMatch(message);
    expect(error.code).toMatch(/^checkpoint-(format|not-found)$/);
  });

  it('names the version of a configuration of another release', async () => {
    expect(await openWith(FILES.config, config({ format_version: 7 }))).toMatchObject({
      code: 'checkpoint-version',
      details: { file: FILES.config, found: 7, supported: 1 },
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['a vocabulary', { model: { type: 'BPE' } }, /^tokenizer\.json: model\.vocab/],
    ['numbers as ids', { model: { vocab: { a: 'b' } } }, /^tokenizer\.json: model\.vocab/],
    [
      'content in added tokens',
      { model: { vocab: {} }, added_tokens: [{ id: 3 }] },
      /^tokenizer\.json: added_tokens\.0\.content/,
    ],
  ])('refuses a tokenizer without %s', async (_, content, message) => {
    const checkpoint = await openCheckpoint(memorySource(replaceFile(plain, FILES.tokenizer, content)));
    const error = await failure(checkpoint.readTokenizer());
    expect(error.code).toBe('checkpoint-format');
    expect(error.message).toMatch(message);
  });

  it('refuses a configuration larger than its limit without reading it', async () => {
    const source = memorySource(replaceFile(plain, FILES.config, `{"x": "${'y'.repeat(2 ** 20)}"}`));
    const error = await failure(openCheckpoint(source));
    expect(error.message).toMatch(/^config\.json: \d+ bytes; the limit is 1048576/);
    expect(source.opened).not.toContain(FILES.config);
  });
});
