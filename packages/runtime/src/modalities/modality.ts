import type { CheckpointConfig, PreprocessorConfig } from '../checkpoint/format.ts';

/** Kinds of media that a prompt can hold beside text. */
export type ModalityName = 'image' | 'audio' | 'video';

/** The tower of the checkpoint that turns prepared media into embeddings. */
export type TowerName = 'vision' | 'audio';

/** What a checkpoint says about its towers and their preprocessing. */
export interface ModalityContext {
  readonly config: CheckpointConfig;
  readonly preprocessor: PreprocessorConfig;
}

/** One input of a tower's graph; the first dimension of `shape` is the batch. */
export interface TowerInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** One file of a prompt, ready for its tower. */
export interface PreparedMedia {
  readonly tower: TowerName;
  readonly input: TowerInput;
  /**
   * How the tower's `[batch, rows, hidden]` becomes the embedding span of this file: one after the other, or their mean
   * over the batch. Items of a batch do not influence each other, so a tower may be run on parts of it.
   */
  readonly combine: 'concat' | 'mean';
  /** Length of the embedding span: positions that this file takes in the decoder's sequence. */
  readonly numTokens: number;
}

/**
 * A kind of media: source -> plain pixels or samples -> tower input. What follows, tower -> embedding span, is the same
 * for all; the decoder sees embedding spans only.
 */
export interface Modality<Source, Decoded extends Source> {
  readonly name: ModalityName;
  /**
   * Reads a file or a browser's object. Some formats need a window (see the implementations), so an engine's client calls
   * this on the page and posts the result: `Decoded` survives structured cloning and is itself a source, which decodes to
   * the same again.
   */
  decode(source: Source, signal?: AbortSignal): Promise<Decoded>;
  /** The buffers of a decoded source, to be moved to a worker instead of copied. */
  transferables(decoded: Decoded): ArrayBuffer[];
  /**
   * The tower's input for one decoded source. Computes on the CPU, with pauses in which other events can run.
   * @throws AbortedError when the signal fires.
   * @throws ModalityUnavailableError when the checkpoint has no tower for it.
   * @throws PreprocessorConfigError when the checkpoint's settings contradict each other or are not implemented.
   */
  preprocess(decoded: Decoded, context: ModalityContext, signal?: AbortSignal): Promise<PreparedMedia>;
}

/** The kinds of media that a checkpoint takes; videos go through the vision tower, frame by frame. */
export function availableModalities({ config, preprocessor }: ModalityContext): ModalityName[] {
  const names: ModalityName[] = [];
  if (config.vision && preprocessor.image) names.push('image', 'video');
  if (config.audio && preprocessor.audio) names.push('audio');
  return names;
}
