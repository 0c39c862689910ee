/** Another runtime with the decoder that we measure. All values can cross into a page as JSON. */
export interface DecoderPeer {
  /** Where it computes and what a reader must know of a comparison with it. */
  readonly note: string;
  /** Logarithms of the probabilities of tokens behind a prompt: of all tokens, or of the most probable ones. */
  nextLogProbabilities(ids: readonly number[]): Promise<readonly TokenLogProbability[]>;
  /** Milliseconds from the ids of a prompt, none of it cached, to its first token. */
  prefillMs(ids: readonly number[]): Promise<number>;
  /** Milliseconds per token of greedy steps behind a context, which is brought about before the clock starts. */
  stepMs(ids: readonly number[], steps: number): Promise<number>;
  dispose(): Promise<void>;
}

export type TokenLogProbability = readonly [id: number, logProbability: number];

/** A runtime before it has loaded anything. */
export interface DecoderPeerRuntime {
  readonly name: string;
  /** Loads a model of model-shapes.ts by its name. */
  open(model: string): Promise<DecoderPeer>;
}
