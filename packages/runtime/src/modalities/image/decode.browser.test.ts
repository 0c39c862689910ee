import { afterEach, describe, expect, it, vi } from 'vitest';
import { ImageDecodeError, MediaSourceError } from '../errors.ts';
import { decodeImage, type ImageSource } from './decode.ts';
import { preprocessImage } from './preprocess.ts';

const fixtures = import.meta.glob<string>(
  [
    '../../../../../fixtures/reference/*/cases/{image,two-images,image-audio}/*.{png,jpg}',
    '../../../../../fixtures/reference/*/cases/{image,two-images,image-audio}/expected.safetensors',
  ],
  { query: '?url', import: 'default', eager: true },
);

async function read(path: string): Promise<Blob> {
  const url = fixtures[`../../../../../fixtures/reference/${path}`];
  if (!url) throw new Error(`no fixture ${path}`);
  return (await fetch(url)).blob();
}

/** `image.pixel_values` of a case, `[images, 3, 56, 56]`. */
async function recordedPixels(path: string): Promise<Float32Array> {
  const bytes = await (await read(`${path}/expected.safetensors`)).arrayBuffer();
  const headerBytes = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, headerBytes))) as {
    [name: string]: { data_offsets: [number, number] };
  };
  const [start, end] = header['image.pixel_values']!.data_offsets;
  return new Float32Array(bytes.slice(8 + headerBytes + start, 8 + headerBytes + end));
}

const config = {
  size: 56,
  crop_size: 56,
  mean: [0.48145466, 0.4578275, 0.40821073] as [number, number, number],
  std: [0.26862954, 0.26130258, 0.27577711] as [number, number, number],
};

function maxDifference(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  return actual.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
}

afterEach(() => vi.unstubAllGlobals());

describe('decodeImage in this browser, held to the recorded pixel values', () => {
  it.each(['speech', 'interval'])('PNG, RGBA PNG, palette PNG and JPEG of %s', async (variant) => {
    const differences: Record<string, number> = {};
    for (const [name, files] of [
      ['image', ['image.png']],
      ['two-images', ['first.png', 'second.png']],
      ['image-audio', ['image.jpg']],
    ] as const) {
      const recorded = await recordedPixels(`${variant}/cases/${name}`);
      const each = recorded.length / files.length;
      for (const [index, file] of files.entries()) {
        const image = await decodeImage(await read(`${variant}/cases/${name}/${file}`));
        const expected = recorded.subarray(index * each, (index + 1) * each);
        differences[`${name}/${file}`] = maxDifference(preprocessImage(image, config), expected);
      }
    }
    for (const [file, difference] of Object.entries(differences)) expect(difference, file).toBeLessThan(3e-7);
  });

  it('the fallback without WebCodecs is exact for opaque pictures', async () => {
    vi.stubGlobal('ImageDecoder', undefined);
    const image = await decodeImage(await read('speech/cases/image/image.png'));
    const recorded = await recordedPixels('speech/cases/image');
    expect(maxDifference(preprocessImage(image, config), recorded)).toBeLessThan(3e-7);
  });
});

describe('decodeImage', () => {
  /** 3 x 2 opaque pixels, all different. */
  const rgba = Uint8ClampedArray.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 255 : i * 10));
  const rgb = Uint8Array.from(rgba.filter((_, i) => i % 4 !== 3));
  const expected = { width: 3, height: 2, data: rgb };

  function canvas(): OffscreenCanvas {
    const surface = new OffscreenCanvas(3, 2);
    surface.getContext('2d')!.putImageData(new ImageData(rgba, 3, 2), 0, 0);
    return surface;
  }

  it('takes every kind of source', async () => {
    const element = document.createElement('canvas');
    element.width = 3;
    element.height = 2;
    element.getContext('2d')!.drawImage(canvas(), 0, 0);
    const blob = await canvas().convertToBlob({ type: 'image/png' });
    const img = new Image();
    img.src = URL.createObjectURL(blob);
    const frame = new VideoFrame(canvas(), { timestamp: 0 });
    const sources: ImageSource[] = [
      blob,
      new Blob([blob]),
      new ImageData(rgba, 3, 2),
      canvas(),
      element,
      img,
      frame,
      await createImageBitmap(canvas()),
      { width: 3, height: 2, data: rgb },
      { width: 3, height: 2, data: rgba },
    ];
    for (const source of sources) {
      expect(await decodeImage(source), Object.prototype.toString.call(source)).toEqual(expected);
    }
    frame.close();
    URL.revokeObjectURL(img.src);
  });

  it('keeps the color under transparent pixels of a PNG', async () => {
    const first = await decodeImage(await read('speech/cases/two-images/first.png'));
    vi.stubGlobal('ImageDecoder', undefined);
    const blended = await decodeImage(await read('speech/cases/two-images/first.png'));
    expect([blended.width, blended.height]).toEqual([first.width, first.height]);
    expect(blended.data).not.toEqual(first.data);
  });

  it('turns a JPEG the way its EXIF tag says', async () => {
    const surface = new OffscreenCanvas(32, 16);
    const context = surface.getContext('2d')!;
    context.fillStyle = 'white';
    context.fillRect(0, 0, 8, 16);
    const jpeg = new Uint8Array(await (await surface.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
    // APP1 "Exif", little-endian TIFF with one entry: tag 0x0112 (orientation) = 6, rotate by 90 degrees clockwise.
    const tiff = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
    const exif = [0xff, 0xe1, 0, 8 + tiff.length, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
    const turned = await decodeImage(new Blob([jpeg.slice(0, 2), new Uint8Array(exif), jpeg.slice(2)]));
    expect([turned.width, turned.height]).toEqual([16, 32]);
    expect(turned.data[(2 * 16 + 8) * 3]).toBeGreaterThan(240);
    expect(turned.data[(29 * 16 + 8) * 3]).toBeLessThan(15);
  });

  it('works in a worker', async () => {
    const worker = new Worker(new URL('./decode.test-worker.ts', import.meta.url), { type: 'module' });
    const blob = await canvas().convertToBlob({ type: 'image/png' });
    const reply = await new Promise((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => resolve(data));
      worker.addEventListener('error', reject);
      worker.postMessage(blob, []);
    });
    worker.terminate();
    expect(reply).toEqual(expected);
  });

  it('says so when the browser keeps the pixels of another origin', async () => {
    const reading = vi.spyOn(OffscreenCanvasRenderingContext2D.prototype, 'getImageData');
    reading.mockImplementation(() => {
      throw new DOMException('The canvas has been tainted by cross-origin data.', 'SecurityError');
    });
    const source = canvas();
    await expect(decodeImage(source)).rejects.toThrow(ImageDecodeError);
    await expect(decodeImage(source)).rejects.toThrow(/tainted by cross-origin/u);
    reading.mockRestore();
  });

  it('refuses what is no picture', async () => {
    const png = await (await read('speech/cases/image/image.png')).arrayBuffer();
    for (const blob of [
      new Blob([]),
      new Blob(['hello']),
      new Blob([png.slice(0, 40)]),
      new Blob([new Uint8Array([0xff, 0xd8, 0xff])]),
    ]) {
      await expect(decodeImage(blob)).rejects.toThrow(ImageDecodeError);
    }
    await expect(decodeImage({ width: 2, height: 2, data: new Uint8Array(5) })).rejects.toThrow(
      ImageDecodeError,
    );
    await expect(decodeImage(new OffscreenCanvas(0, 4))).rejects.toThrow(ImageDecodeError);
    await expect(decodeImage('cat.png' as unknown as ImageSource)).rejects.toThrow(MediaSourceError);
  });
});
