import type { OptionalFeature } from '@uni-moe-web/kernels';
import type { CaseResult, Ceiling, Summary } from '@uni-moe-web/kernels/bench';
import type { EngineTuning } from '@uni-moe-web/runtime/inspect';

/** Everything that one run of the benchmark measured. */
export interface BenchReport {
  readonly adapter: AdapterDescription;
  readonly host: string;
  /** Features that the adapter may have but that were switched off. */
  readonly without: readonly OptionalFeature[];
  /** Names and versions of what ours was held against. */
  readonly libraries: readonly string[];
  /** Commit of the sources, with `+` when files differed from it; absent outside a checkout. */
  readonly commit?: string;
  /** Whether some or all of it was measured with fewer samples. */
  readonly quick: boolean;
  /** Of the random data; several where reports were merged. */
  readonly seeds: readonly number[];
  readonly startedAt: string;
  readonly seconds: number;
  readonly ceiling: Ceiling;
  readonly cases: readonly CaseResult[];
  /** Cells that this adapter is too slow for, or that need another host, each with the reason. */
  readonly skipped: readonly string[];
  /** Cells that ended in an error, each with its message. */
  readonly failed: readonly string[];
  readonly models: readonly ModelResult[];
  readonly towers: readonly TowerResult[];
}

export interface AdapterDescription {
  readonly name: string;
  readonly features: readonly string[];
  readonly subgroupSizes: string;
  readonly cores: number;
  /** Whether the adapter says that it runs on the CPU. */
  readonly isFallback: boolean;
}

/** The whole decoder with random weights. */
export interface ModelResult {
  readonly name: string;
  readonly description: string;
  readonly layers: number;
  /** From the first request to the last byte on the GPU. */
  readonly loadMs: number;
  /** Bytes of weights that one token reads. */
  readonly activeBytes: number;
  readonly check: ModelCheck;
  readonly prefill: readonly PrefillResult[];
  readonly decode: readonly DecodeResult[];
  /** How much longer a step takes at the longest context than at the shortest. */
  readonly growth?: ContextGrowth;
  readonly lora?: LoraResult;
  readonly tuning?: TuningResult;
  readonly peers: readonly DecoderPeerResult[];
}

/** The decode path against the prefill path on the same ids: other kernels, same logits. */
export interface ModelCheck {
  /** Difference of the last logits, relative to their norm. */
  readonly error: number;
  readonly verdict: 'exact' | 'wrong';
}

export interface PrefillResult {
  readonly tokens: number;
  /** Until the id of the first token has been read on the CPU. */
  readonly ms: Summary;
  /** The first run of this length, which compiles what no shorter one needed. */
  readonly coldMs: number;
  readonly submits: number;
}

export interface DecodeResult {
  readonly context: number;
  readonly stepMs: Summary;
  readonly encodeMs: Summary;
  readonly dispatches: number;
  readonly submits: number;
  /** Active weights and the cache's rows over the measured copy bandwidth. */
  readonly rooflineMs: number;
  /** Milliseconds by kernel, from timestamps around every dispatch. */
  readonly parts: readonly { readonly label: string; readonly ms: number; readonly dispatches: number }[];
}

/** A value with its interval of 95 % confidence. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface ContextGrowth {
  readonly from: number;
  readonly to: number;
  readonly rounds: number;
  /** Whether the intervals became as narrow as they were to be before the time was over. */
  readonly settled: boolean;
  /** Keys and values that a step reads more. */
  readonly bytes: number;
  /** A plain step by the wall clock. */
  readonly wallMs: Estimate;
  /** The same of steps with timestamps around every dispatch; absent without timestamp queries. */
  readonly timed?: TimedGrowth;
}

export interface TimedGrowth {
  /** The whole step: all kernels, and what is outside of them. */
  readonly stepMs: Estimate;
  readonly attentionMs: Estimate;
  /** Wall clock outside of compute passes. */
  readonly outsideMs: Estimate;
  /** Growth of the attention kernels over growth of the step; absent where the step may not have grown at all. */
  readonly share?: Estimate;
  readonly kernels: readonly { readonly label: string; readonly ms: Estimate }[];
}

/** What a tuning pass chose for a model, with kernels of reduced precision allowed. */
export interface TuningResult extends Omit<EngineTuning, 'kept'> {
  /** Time of a prompt with the choice over the time without, round by round. */
  readonly prompts: readonly { readonly tokens: number; readonly ratio: Summary }[];
}

export interface LoraResult {
  readonly rank: number;
  readonly context: number;
  readonly dispatches: number;
  /** `wrong` where decode and prefill of the adapted model disagree, or where the adapters change nothing. */
  readonly verdict: 'exact' | 'wrong';
  readonly reason?: string;
  /** Time of a decode step with the adapters over the time without, round by round; only if it is exact. */
  readonly ratio?: Summary;
}

/** Another runtime with the same decoder, weight by weight. */
export interface DecoderPeerResult {
  readonly name: string;
  readonly note: string;
  readonly verdict: 'same' | 'wrong' | 'failed';
  readonly reason?: string;
  /** Difference of log probabilities over the spread of our logits, worst of some prompts. */
  readonly error?: number;
  /** Prompts after which both choose the same token, and all. */
  readonly sameTokens?: readonly [same: number, prompts: number];
  readonly cells: readonly DecoderPeerCell[];
}

export interface DecoderPeerCell {
  readonly kind: 'prefill' | 'decode';
  /** Tokens of the prompt, or of the context. */
  readonly tokens: number;
  /** Of the prompt, or of one step. */
  readonly ms: Summary;
  readonly ownMs: Summary;
  /** Its time over ours, round by round. */
  readonly ratio: Summary;
}

/** A modality's tower: preprocessed input to embeddings. */
export interface TowerResult {
  readonly name: string;
  readonly description: string;
  readonly provider: 'wasm' | 'webgpu';
  readonly loadMs: number;
  readonly ms: Summary;
  /** Difference to the other provider's embeddings, relative to their norm. */
  readonly error: number;
}
