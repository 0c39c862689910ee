import type { Checkpoint } from '../checkpoint/index.ts';
import type { DecoderSequence } from '../decoder/prompt.ts';
import { AbortedError } from '../errors.ts';
import type { ModalityContext, ModalityName, PreparedMedia } from '../modalities/modality.ts';
import type { AudioSource } from '../modalities/audio/decode.ts';
import type { ImageSource } from '../modalities/image/decode.ts';
import type { VideoSource } from '../modalities/video/frames.ts';
import { layoutPrompt } from '../models/prompt-layout.ts';
import type { PromptSegment } from '../models/prompt.ts';
import { loadMedia } from './load-media.ts';

/** The files of a conversation by kind, each list in the order in which the conversation names them. */
export interface MediaSources {
  readonly image: readonly ImageSource[];
  readonly audio: readonly AudioSource[];
  readonly video: readonly VideoSource[];
}

export interface PreparedFile {
  readonly media: PreparedMedia;
  readonly key: string;
  /** Decoding and preprocessing on the CPU. */
  readonly elapsedMs: number;
}

export type PreparedFiles = { readonly [Kind in ModalityName]: readonly PreparedFile[] };

/** Decodes and preprocesses every file. */
export async function prepareMedia(
  sources: MediaSources,
  context: ModalityContext,
  signal?: AbortSignal,
): Promise<PreparedFiles> {
  const count = sources.image.length + sources.audio.length + sources.video.length;
  if (count === 0) return { image: [], audio: [], video: [] };
  const { MODALITIES, mediaKey } = await loadMedia();
  const prepare = async <Source, Decoded>(
    modality: {
      decode(source: Source, signal?: AbortSignal): Promise<Decoded>;
      preprocess(decoded: Decoded, context: ModalityContext, signal?: AbortSignal): Promise<PreparedMedia>;
    },
    files: readonly Source[],
  ): Promise<PreparedFile[]> => {
    const prepared: PreparedFile[] = [];
    for (const file of files) {
      if (signal?.aborted) throw new AbortedError('Preparing media');
      const started = performance.now();
      const media = await modality.preprocess(await modality.decode(file, signal), context, signal);
      prepared.push({ media, key: await mediaKey(media), elapsedMs: performance.now() - started });
    }
    return prepared;
  };
  return {
    image: await prepare(MODALITIES.image, sources.image),
    audio: await prepare(MODALITIES.audio, sources.audio),
    video: await prepare(MODALITIES.video, sources.video),
  };
}

/** What preprocessing needs to know of a checkpoint. */
export function modalityContext({ config, preprocessorConfig }: Checkpoint): ModalityContext {
  return { config, preprocessor: preprocessorConfig };
}

/** A span of the sequence with the file that fills it. */
export interface FilledSpan {
  readonly kind: ModalityName;
  readonly start: number;
  readonly length: number;
  readonly file: PreparedFile;
}

/** Splices tokens and files into one sequence for the decoder. */
export function spliceSequence(
  segments: readonly PromptSegment[],
  files: PreparedFiles,
): { readonly sequence: DecoderSequence; readonly spans: readonly FilledSpan[] } {
  const lengths = (list: readonly PreparedFile[]): number[] => list.map(({ media }) => media.numTokens);
  const layout = layoutPrompt(segments, {
    image: lengths(files.image),
    audio: lengths(files.audio),
    video: lengths(files.video),
  });
  const spans = layout.spans.map(({ kind, index, start, length }) => ({
    kind,
    start,
    length,
    file: files[kind][index]!,
  }));
  return {
    sequence: {
      ids: layout.ids,
      spans: spans.map(({ start, length, file }) => ({ start, length, key: file.key })),
    },
    spans,
  };
}
