import { RuntimeError, type ErrorDetails } from '../errors.ts';

/** The bytes are no image that this browser can read, or an image without pixels. */
export class ImageDecodeError extends RuntimeError {
  static override readonly code = 'image-decode';
  override name = 'ImageDecodeError';

  constructor(reason: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(
      ImageDecodeError.code,
      `The image cannot be decoded: ${reason}. Give a PNG, JPEG, WebP, GIF or AVIF file, or raw pixels.`,
      details,
      options,
    );
  }
}

/** The bytes are no sound that can be read here, or a sound without samples. */
export class AudioDecodeError extends RuntimeError {
  static override readonly code = 'audio-decode';
  override name = 'AudioDecodeError';

  constructor(reason: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(AudioDecodeError.code, `The sound cannot be decoded: ${reason}.`, details, options);
  }
}

/** A compressed sound reached a place without `decodeAudioData`, which exists in windows only. */
export class AudioNeedsWindowError extends RuntimeError {
  static override readonly code = 'audio-needs-window';
  override name = 'AudioNeedsWindowError';

  constructor(bytes: number, type: string) {
    super(
      AudioNeedsWindowError.code,
      `A sound of type "${type || 'unknown'}" (${bytes} bytes) is not WAV, and only WAV can be decoded in a worker: ` +
        'decodeAudioData exists in windows only. Decode it on the page with OfflineAudioContext.decodeAudioData and pass ' +
        '{ samples, sampleRate }.',
      { bytes, type },
    );
  }
}

/** The file is no video that this browser can play, or it has no frames. */
export class VideoDecodeError extends RuntimeError {
  static override readonly code = 'video-decode';
  override name = 'VideoDecodeError';

  constructor(reason: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(
      VideoDecodeError.code,
      `The video cannot be decoded: ${reason}. Give a file that the browser plays (MP4/H.264, WebM), or a list of frames.`,
      details,
      options,
    );
  }
}

/** A video file reached a worker; frames are taken by seeking an `HTMLVideoElement`, which exists in windows only. */
export class VideoNeedsWindowError extends RuntimeError {
  static override readonly code = 'video-needs-window';
  override name = 'VideoNeedsWindowError';

  constructor() {
    super(
      VideoNeedsWindowError.code,
      'A video file was given in a worker, which has no video element. Take the frames on the page and post them.',
    );
  }
}

/** A value handed in by the caller is none of the accepted kinds. */
export class MediaSourceError extends RuntimeError {
  static override readonly code = 'media-source';
  override name = 'MediaSourceError';

  constructor(modality: string, actual: string, expected: string) {
    super(MediaSourceError.code, `A ${modality} source is ${actual}; expected ${expected}.`, {
      modality,
      actual,
      expected,
    });
  }
}

/** The checkpoint has no tower or no preprocessing settings for this modality. */
export class ModalityUnavailableError extends RuntimeError {
  static override readonly code = 'modality-unavailable';
  override name = 'ModalityUnavailableError';

  constructor(modality: string, available: readonly string[]) {
    super(
      ModalityUnavailableError.code,
      `This checkpoint takes no ${modality}; it takes ${['text', ...available].join(', ')}. ` +
        `Leave the ${modality} out or load a checkpoint that has it.`,
      { modality, available },
    );
  }
}

/** A preprocessing setting of the checkpoint that this runtime does not implement. */
export class PreprocessorConfigError extends RuntimeError {
  static override readonly code = 'preprocessor-config';
  override name = 'PreprocessorConfigError';

  constructor(field: string, actual: number | string, expected: string) {
    super(
      PreprocessorConfigError.code,
      `preprocessor_config.json: ${field} is ${actual}; expected ${expected}. Export the checkpoint again.`,
      { field, actual, expected },
    );
  }
}
