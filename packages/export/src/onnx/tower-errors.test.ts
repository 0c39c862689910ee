import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportErrorCode } from '../errors.ts';
import type { SourceTensor } from '../read/source-tensor.ts';
import { buildAudioTower, buildVisionTower, type TowerOptions } from './index.ts';
import { openTowerFixture, type TowerFixture } from './testing/fixture.ts';

let fixture: TowerFixture;
beforeAll(async () => {
  fixture = await openTowerFixture('speech');
});
afterAll(() => fixture.close());

function withTensor(
  options: TowerOptions,
  name: string,
  change: (tensor: SourceTensor) => object | undefined,
): TowerOptions {
  const tensors = new Map(options.tensors);
  const tensor = tensors.get(name)!;
  const changed = change(tensor);
  if (changed) tensors.set(name, { ...tensor, ...changed } as SourceTensor);
  else tensors.delete(name);
  return { ...options, tensors };
}

const withReference = (options: TowerOptions, fields: object): TowerOptions => ({
  ...options,
  reference: { ...options.reference, ...fields },
});

const fill = (tensor: SourceTensor, value: number) => () =>
  Promise.resolve(new Float32Array(tensor.shape.reduce((a, b) => a * b)).fill(value));

const CASES: {
  what: string;
  build: (fixture: TowerFixture) => Promise<unknown>;
  code: ExportErrorCode;
  message: RegExp;
}[] = [
  {
    what: 'a missing tensor',
    build: ({ vision }) =>
      buildVisionTower(withTensor(vision, 'vision_model.pre_layrnorm.bias', () => undefined)),
    code: 'TENSOR_MISSING',
    message: /tensor vision_model\.pre_layrnorm\.bias: .*shape \[48\]/,
  },
  {
    what: 'a tensor of another shape',
    build: ({ audio }) =>
      buildAudioTower(withTensor(audio, 'encoder.layers.1.fc1.weight', () => ({ shape: [95, 48] }))),
    code: 'TENSOR_SHAPE',
    message: /tensor encoder\.layers\.1\.fc1\.weight: shape is \[95, 48\].*\[96, 48\]/,
  },
  {
    what: 'query vectors that contradict the configuration',
    build: ({ audio }) => buildAudioTower(withReference(audio, { query_tokens_size: 9 })),
    code: 'TENSOR_SHAPE',
    message: /model\.query_tokens: shape is \[1, 8, 48\].*\[1, 9, 48\]/,
  },
  {
    what: 'a matrix value that binary16 cannot hold',
    build: ({ vision }) =>
      buildVisionTower(
        withTensor(vision, 'model.mm_projector.0.weight', (tensor) => ({ read: fill(tensor, 1e5) })),
      ),
    code: 'TENSOR_VALUE',
    message: /model\.mm_projector\.0\.weight: element 0 is 100000/,
  },
  {
    what: 'NaN in a vector',
    build: ({ audio }) =>
      buildAudioTower(withTensor(audio, 'encoder.conv1.bias', (tensor) => ({ read: fill(tensor, NaN) }))),
    code: 'TENSOR_VALUE',
    message: /encoder\.conv1\.bias: element 0 is NaN/,
  },
  {
    what: 'an unknown projector',
    build: ({ vision }) => buildVisionTower(withReference(vision, { mm_projector_type: 'resampler' })),
    code: 'CONFIG_INVALID',
    message: /mm_projector_type is "resampler"; linear, identity and mlpNx_gelu/,
  },
  {
    what: 'an identity projector that changes the width',
    build: ({ vision }) => buildVisionTower(withReference(vision, { mm_projector_type: 'identity' })),
    code: 'CONFIG_INVALID',
    message: /the tower is 48 wide and the decoder 64/,
  },
  {
    what: 'a layer that the tower does not have',
    build: ({ vision }) => buildVisionTower(withReference(vision, { mm_vision_select_layer: -6 })),
    code: 'CONFIG_INVALID',
    message: /mm_vision_select_layer is -6, but the tower has 5 hidden states/,
  },
  {
    what: 'another width than the fine-tuned model expects',
    build: ({ audio }) => buildAudioTower(withReference(audio, { mm_audio_hidden_size: 64 })),
    code: 'CONFIG_INVALID',
    message: /mm_audio_hidden_size is 64, but the Whisper tower is 48 wide/,
  },
  {
    what: 'a missing configuration field',
    build: ({ audio }) => buildAudioTower({ ...audio, config: { ...audio.config, d_model: undefined } }),
    code: 'CONFIG_INVALID',
    message: /Whisper config\.json: d_model/,
  },
];

describe('tower builders refuse', () => {
  it.each(CASES)('$what', async ({ build, code, message }) => {
    const error: unknown = await build(fixture).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ExportError', code, message: expect.stringMatching(message) });
  });
});
