import type { Quality } from '@uni-moe-web/runtime/testing';
import type { TensorResult } from './compare.ts';
import type { Format } from './options.ts';
import type { ReferenceRequest } from './reference-cases.ts';

/** What the page is asked to run. */
export interface CaseInput {
  readonly name: string;
  /** URL of the case's folder, with a slash at the end. */
  readonly folder: string;
  readonly request: ReferenceRequest;
  /**
   * What the recorded tensors are to us: `exact` for f32 and f16; `unmerged` when adapters were kept, which leaves out the
   * merge's rounding to float16; `none` for q8 and q4, which are only compared.
   */
  readonly bounds: 'exact' | 'unmerged' | 'none';
}

export interface CaseResult {
  readonly name: string;
  /** Recorded tensors against ours. */
  readonly reference: readonly TensorResult[];
  /** Our GPU against the double-precision oracle on the same dequantised weights. */
  readonly oracle: readonly TensorResult[];
  /** Leading generated ids that agree with the recorded ones, of how many. */
  readonly idAgreement: { readonly agreed: number; readonly total: number };
  /** Under forced decoding; absent where no full logits were recorded. */
  readonly quality?: Quality;
  readonly text: string;
  readonly passed: boolean;
}

export interface FormatResult {
  readonly format: Format;
  readonly cases: readonly CaseResult[];
}

/** What the page offers to the command line. */
export interface ParityPage {
  open(request: { readonly checkpoint: string; readonly towers: 'webgpu' | 'wasm' }): Promise<void>;
  run(input: CaseInput): Promise<CaseResult>;
}

declare global {
  var parity: ParityPage;
}
