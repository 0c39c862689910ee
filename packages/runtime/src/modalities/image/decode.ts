import { ImageDecodeError, MediaSourceError } from '../errors.ts';
import { expectImageSize, toRgb, type RawPixels, type RgbImage } from './rgb-image.ts';

/** What callers may hand in as a picture or a video frame. */
export type ImageSource =
  | Blob
  | ImageBitmap
  | ImageData
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLImageElement
  | VideoFrame
  | RawPixels;

/**
 * Any picture to 8-bit RGB, in a window or a worker.
 *
 * - **Alpha is dropped, never blended**, as the reference's `convert('RGB')` does. Files with alpha therefore go through
 *   WebCodecs, which keeps colors unpremultiplied. Without it, and for bitmaps and canvases, the browser has already
 *   multiplied by alpha: colors under partly transparent pixels lose precision, fully transparent ones become black.
 * - **EXIF orientation is applied**: a photograph is seen the way up that people see it. The reference ignores the tag,
 *   so to follow it exactly strip the tag first.
 * - Embedded color profiles are ignored, as the reference does. An animated file gives its first frame.
 *
 * The source is left as it was; closing a bitmap or frame remains the caller's.
 * @throws ImageDecodeError when the bytes are no picture, the picture has no pixels or too many.
 * @throws MediaSourceError when the value is no image source.
 */
export async function decodeImage(source: ImageSource): Promise<RgbImage> {
  if (source instanceof Blob) return decodeFile(source);
  if (isRawPixels(source)) return toRgb(source);
  if (isA('HTMLImageElement', source)) {
    const image = source as HTMLImageElement;
    await image.decode().catch((cause: unknown) => {
      throw new ImageDecodeError('the image element has not loaded', { src: image.currentSrc }, { cause });
    });
    return readPicture(image, image.naturalWidth, image.naturalHeight);
  }
  if (isA('VideoFrame', source)) {
    const frame = source as VideoFrame;
    return readPicture(frame, frame.displayWidth, frame.displayHeight);
  }
  if (isA('ImageBitmap', source) || isA('HTMLCanvasElement', source) || isA('OffscreenCanvas', source)) {
    const picture = source as ImageBitmap | HTMLCanvasElement | OffscreenCanvas;
    return readPicture(picture, picture.width, picture.height);
  }
  throw new MediaSourceError(
    'image',
    Object.prototype.toString.call(source),
    'a Blob, ImageBitmap, ImageData, canvas, image element, VideoFrame or { width, height, data }',
  );
}

/** `instanceof` for classes that a worker or Node may lack. */
function isA(className: string, value: unknown): boolean {
  const candidate: unknown = Reflect.get(globalThis, className);
  return typeof candidate === 'function' && value instanceof candidate;
}

/** True for `ImageData` too, which has the same three properties. */
function isRawPixels(source: object): source is RawPixels {
  const { width, height, data } = source as Partial<RawPixels>;
  const isBytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
  return isBytes && typeof width === 'number' && typeof height === 'number';
}

async function decodeFile(file: Blob): Promise<RgbImage> {
  const head = new Uint8Array(await file.slice(0, 32).arrayBuffer());
  const type = sniffType(head) ?? file.type;
  // JPEG has no alpha, and the bitmap path keeps the JPEG library's own chroma upsampling and EXIF orientation, where
  // WebCodecs hands out YUV planes. Everything else may have alpha.
  if (type !== 'image/jpeg' && type !== '' && (await canDecode(type))) return decodeWithCodec(file, type);
  return decodeWithBitmap(file, type);
}

/** Media type from the first bytes; callers' own labels are often missing or wrong. */
export function sniffType(head: Uint8Array): string | undefined {
  const text = String.fromCharCode(...head);
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('GIF8')) return 'image/gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp';
  if (text.slice(4, 8) === 'ftyp' && /avi[fs]/.test(text.slice(8))) return 'image/avif';
  if (text.startsWith('BM')) return 'image/bmp';
  return undefined;
}

async function canDecode(type: string): Promise<boolean> {
  return typeof ImageDecoder !== 'undefined' && ImageDecoder.isTypeSupported(type);
}

async function decodeWithCodec(file: Blob, type: string): Promise<RgbImage> {
  const decoder = new ImageDecoder({ type, data: await file.arrayBuffer(), colorSpaceConversion: 'none' });
  try {
    const { image } = await decoder.decode().catch((cause: unknown) => {
      throw unreadable(file, type, cause);
    });
    try {
      return (await readPacked(image)) ?? (await decodeWithBitmap(file, type));
    } finally {
      image.close();
    }
  } finally {
    decoder.close();
  }
}

/**
 * Pixels of a frame with four interleaved channels, read in the frame's own layout: asking `copyTo` for another one goes
 * through premultiplied colors in Chrome. Undefined for planar frames (lossy WebP, AVIF), which need the image library's
 * own color conversion.
 */
async function readPacked(frame: VideoFrame): Promise<RgbImage | undefined> {
  const red = { RGBA: 0, RGBX: 0, BGRA: 2, BGRX: 2 }[frame.format as string];
  if (red === undefined) return undefined;
  const { width, height } = frame.visibleRect!;
  expectImageSize(width, height);
  const data = new Uint8Array(4 * width * height);
  await frame.copyTo(data, { layout: [{ offset: 0, stride: 4 * width }] });
  if (red === 2) swapRedAndBlue(data);
  return toRgb({ width, height, data });
}

function swapRedAndBlue(data: Uint8Array): void {
  for (let at = 0; at < data.length; at += 4) {
    const blue = data[at]!;
    data[at] = data[at + 2]!;
    data[at + 2] = blue;
  }
}

async function decodeWithBitmap(file: Blob, type: string): Promise<RgbImage> {
  const options: ImageBitmapOptions = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' };
  const bitmap = await createImageBitmap(file, options).catch((cause: unknown) => {
    throw unreadable(file, type, cause);
  });
  try {
    return readPicture(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

function unreadable(file: Blob, type: string, cause: unknown): ImageDecodeError {
  const reason = `this browser cannot read its ${file.size} bytes of type "${type || 'unknown'}"`;
  return new ImageDecodeError(reason, { bytes: file.size, type }, { cause });
}

/** Pixels of anything that a canvas can draw. */
export function readPicture(picture: CanvasImageSource, width: number, height: number): RgbImage {
  expectImageSize(width, height);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new ImageDecodeError('no 2D canvas context is available', { width, height });
  try {
    context.drawImage(picture, 0, 0, width, height);
    return toRgb(context.getImageData(0, 0, width, height));
  } catch (cause) {
    // Most often a picture of another origin that was loaded without CORS.
    const reason = `the browser does not let its pixels be read (${String(cause)})`;
    throw new ImageDecodeError(reason, { width, height }, { cause });
  }
}
