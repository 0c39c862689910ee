import { convertIndexedToRgb, decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { maxAbsDifference, PREPROCESSOR, readFixture } from '../../testing/reference-fixture.ts';
import { FORMAT_NAME, FORMAT_VERSION, type CheckpointConfig } from '../checkpoint/format.ts';
import { AudioDecodeError, MediaSourceError, ModalityUnavailableError } from './errors.ts';
import { PreprocessorConfigError, VideoDecodeError, VideoNeedsWindowError } from './errors.ts';
import { toRgb, type RgbImage } from './image/rgb-image.ts';
import { mediaKey } from './media-key.ts';
import { availableModalities, type ModalityContext } from './modality.ts';
import { MODALITIES } from './registry.ts';
import type { VideoSource } from './video/frames.ts';

const decoder: CheckpointConfig['decoder'] = {
  hidden_size: 64,
  intermediate_size: 160,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  head_dim: 16,
  vocab_size: 600,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 512,
  rope_theta: 10000,
  rope_scaling: null,
  rope_table_dtype: 'float16',
  moe_layers: [0, 1, 2, 3],
  num_experts: 4,
  num_experts_per_tok: 2,
  tie_word_embeddings: false,
};
const context: ModalityContext = {
  config: {
    format: FORMAT_NAME,
    format_version: FORMAT_VERSION,
    model_family: 'uni-moe',
    decoder,
    vision: { tower: { file: 'towers/vision.onnx', bytes: 1 }, image_size: 56, tokens_per_image: 16 },
    audio: {
      tower: { file: 'towers/audio.onnx', bytes: 1 },
      features: 'whisper-log-mel',
      num_mel_bins: 80,
      tokens_per_chunk: 8,
    },
    prompt: { template: 'v1' },
    quantization: { weights: 'f32' },
    adapters: [],
  },
  preprocessor: PREPROCESSOR,
};
const textOnly: ModalityContext = {
  config: { ...context.config, vision: null, audio: null },
  preprocessor: { image: null, audio: null },
};

function readPng(path: string): RgbImage {
  const png = decode(readFixture('speech', path));
  const data = png.palette ? convertIndexedToRgb(png) : png.data;
  return toRgb({ width: png.width, height: png.height, data: Uint8Array.from(data) });
}

const sound = (samples: number, level = 0): { samples: Float32Array<ArrayBuffer>; sampleRate: number } => ({
  samples: new Float32Array(samples).fill(level),
  sampleRate: 16000,
});

describe('image, audio and video as modalities', () => {
  it('know what the checkpoint takes', async () => {
    expect(availableModalities(context)).toEqual(['image', 'video', 'audio']);
    expect(availableModalities(textOnly)).toEqual([]);
    for (const [name, modality] of Object.entries(MODALITIES)) expect(modality.name).toBe(name);
  });

  it('an image becomes one batch item and one span', async () => {
    const { input, ...rest } = await MODALITIES.image.preprocess(readPng('cases/image/image.png'), context);
    expect(rest).toEqual({ tower: 'vision', combine: 'concat', numTokens: 16 });
    expect([input.name, input.shape, input.data.length]).toEqual([
      'pixel_values',
      [1, 3, 56, 56],
      3 * 56 * 56,
    ]);
  });

  it('a video becomes one batch item per frame and one averaged span', async () => {
    const frames = [0, 1, 2].map((i) => readPng(`cases/video/video/frame_${i}.png`));
    const { input, ...rest } = await MODALITIES.video.preprocess(frames, context);
    expect(rest).toEqual({ tower: 'vision', combine: 'mean', numTokens: 16 });
    expect([input.name, input.shape]).toEqual(['pixel_values', [3, 3, 56, 56]]);
    const second = (await MODALITIES.image.preprocess(frames[1]!, context)).input.data;
    expect(input.data.slice(second.length, 2 * second.length)).toEqual(second);
  });

  it.each([
    [1, 1],
    [480001, 1],
    [480002, 2],
    [960003, 3],
  ])('a sound of %i samples becomes %i chunks in one span', async (samples, chunks) => {
    const { input, ...rest } = await MODALITIES.audio.preprocess(sound(samples), context);
    expect(rest).toEqual({ tower: 'audio', combine: 'concat', numTokens: 8 * chunks });
    expect([input.name, input.shape]).toEqual(['input_features', [chunks, 80, 3000]]);
    expect(input.data.every((value) => value === -1.5)).toBe(true);
  });

  it('refuse what the checkpoint does not take', async () => {
    const image = { width: 1, height: 1, data: new Uint8Array(3) };
    await expect(MODALITIES.image.preprocess(image, textOnly)).rejects.toThrow(ModalityUnavailableError);
    await expect(MODALITIES.video.preprocess([image], textOnly)).rejects.toThrow(ModalityUnavailableError);
    await expect(MODALITIES.audio.preprocess(sound(1), textOnly)).rejects.toThrow(
      'it takes text. Leave the audio out',
    );
  });

  it('refuse settings that contradict the towers', async () => {
    const image = { ...PREPROCESSOR.image, crop_size: 42 };
    const audio = { ...PREPROCESSOR.audio, feature_size: 128 };
    const broken: ModalityContext = { ...context, preprocessor: { image, audio } };
    const pixel = { width: 1, height: 1, data: new Uint8Array(3) };
    await expect(MODALITIES.image.preprocess(pixel, broken)).rejects.toThrow(PreprocessorConfigError);
    await expect(MODALITIES.audio.preprocess(sound(1), broken)).rejects.toThrow(PreprocessorConfigError);
  });

  it('decode raw pixels, samples and frames without a browser', async () => {
    const pixels = { width: 1, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    const image = await MODALITIES.image.decode(pixels);
    expect(image).toEqual(pixels);
    expect(MODALITIES.image.transferables(image)).toEqual([image.data.buffer]);
    expect(await MODALITIES.image.decode(structuredClone(image))).toEqual(image);
    const frames = await MODALITIES.video.decode([pixels, pixels]);
    expect(frames).toEqual([pixels, pixels]);
    expect(MODALITIES.video.transferables(frames)).toHaveLength(2);
    expect(await MODALITIES.video.decode(structuredClone(frames))).toEqual(frames);
    const audio = await MODALITIES.audio.decode({ samples: Float32Array.of(0.5), sampleRate: 8000 });
    expect(MODALITIES.audio.transferables(audio)).toEqual([audio.samples.buffer]);
    expect(await MODALITIES.audio.decode(structuredClone(audio))).toEqual(audio);
    await expect(MODALITIES.audio.decode({ samples: new Float32Array(), sampleRate: 8000 })).rejects.toThrow(
      AudioDecodeError,
    );
  });

  it('say where a video file can be read', async () => {
    await expect(MODALITIES.video.decode(new Blob(['x']))).rejects.toThrow(VideoNeedsWindowError);
    await expect(MODALITIES.video.decode([])).rejects.toThrow(VideoDecodeError);
    await expect(MODALITIES.video.decode('clip.mp4' as unknown as VideoSource)).rejects.toThrow(
      MediaSourceError,
    );
  });

  it('stop reading frames on abort', async () => {
    const pixels = { width: 1, height: 1, data: new Uint8Array(3) };
    const decoding = MODALITIES.video.decode([pixels], AbortSignal.abort());
    await expect(decoding).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('mediaKey', () => {
  it('is equal for equal content only', async () => {
    const first = readPng('cases/two-images/first.png');
    const second = readPng('cases/two-images/second.png');
    const keys = await Promise.all([
      mediaKey(await MODALITIES.image.preprocess(first, context)),
      mediaKey(await MODALITIES.image.preprocess(second, context)),
      mediaKey(await MODALITIES.video.preprocess([first], context)),
      mediaKey(await MODALITIES.audio.preprocess(sound(1), context)),
      mediaKey(await MODALITIES.audio.preprocess(sound(500, 0.5), context)),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(await mediaKey(await MODALITIES.image.preprocess({ ...first }, context))).toBe(keys[0]);
  });
});

describe('frames of the video fixture', () => {
  it('differ from each other, so that a wrong order or a repeated frame shows', async () => {
    const frames = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => readPng(`cases/video/video/frame_${i}.png`));
    const { data } = (await MODALITIES.video.preprocess(frames, context)).input;
    const size = data.length / 8;
    for (let i = 1; i < 8; i++) {
      const previous = data.subarray((i - 1) * size, i * size);
      expect(maxAbsDifference(data.subarray(i * size, (i + 1) * size), previous)).toBeGreaterThan(0.1);
    }
  });
});
