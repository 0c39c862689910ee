import type { CaseResult, Ceiling, Summary } from '@uni-moe-web/kernels/bench';

/** Everything that one run of the benchmark measured. */
export interface BenchReport {
  readonly adapter: AdapterDescription;
  readonly host: string;
  readonly quick: boolean;
  readonly seed: number;
  readonly startedAt: string;
  readonly seconds: number;
  readonly ceiling: Ceiling;
  readonly cases: readonly CaseResult[];
  /** Shapes that this adapter is too slow for. */
  readonly skipped: readonly string[];
  readonly models: readonly ModelResult[];
}

export interface AdapterDescription {
  readonly name: string;
  readonly features: readonly string[];
  readonly subgroupSizes: string;
  readonly cores: number;
}

/** The whole decoder with random weights. */
export interface ModelResult {
  readonly name: string;
  readonly description: string;
  readonly loadMs: number;
  /** Bytes of weights that one token reads. */
  readonly activeBytes: number;
  readonly prefill: readonly { readonly tokens: number; readonly ms: Summary; readonly submits: number }[];
  readonly decode: readonly DecodeResult[];
  /** Time of a decode step with the adapters over the time without, round by round. */
  readonly lora?: { readonly rank: number; readonly ratio: Summary; readonly context: number };
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
