import type { ModalityName } from '../modalities/modality.ts';
import { PlaceholderCountError } from './errors.ts';
import type { Placeholder, PromptSegment } from './prompt.ts';

/** Positions of the spliced sequence that the embeddings of one file take. */
export interface SpanLayout extends Placeholder {
  readonly start: number;
  readonly length: number;
}

/** The spliced sequence: position ids are 0 to `length - 1`. */
export interface PromptLayout {
  readonly length: number;
  /** Token id of each position; 0 where a span lies. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** In rising order of `start`. */
  readonly spans: readonly SpanLayout[];
}

/** Embeddings per file, by kind, in the order of the files. Kinds that are absent have no file. */
export type MediaLengths = { readonly [kind in ModalityName]?: readonly number[] };

/**
 * Where token and media embeddings lie once every placeholder has been replaced by its file's embeddings (specification
 * 3.4): `length` = text ids + the lengths of all files.
 * @throws PlaceholderCountError unless there is exactly one placeholder per file.
 */
export function layoutPrompt(segments: readonly PromptSegment[], lengths: MediaLengths): PromptLayout {
  const counts = { image: 0, audio: 0, video: 0 };
  for (const { kind } of segments) if (kind !== 'text') counts[kind]++;
  for (const kind of ['image', 'audio', 'video'] as const) {
    const files = lengths[kind]?.length ?? 0;
    if (counts[kind] !== files) throw new PlaceholderCountError(kind, counts[kind], files);
  }

  const spans: SpanLayout[] = [];
  const runs: { readonly start: number; readonly ids: readonly number[] }[] = [];
  let position = 0;
  for (const segment of segments) {
    if (segment.kind === 'text') {
      runs.push({ start: position, ids: segment.ids });
      position += segment.ids.length;
    } else {
      const length = lengths[segment.kind]![segment.index]!;
      spans.push({ ...segment, start: position, length });
      position += length;
    }
  }
  const ids = new Uint32Array(position);
  for (const run of runs) ids.set(run.ids, run.start);
  return { length: position, ids, spans };
}
