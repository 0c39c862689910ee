import type { EngineMemory, FinishReason, Timings, Usage } from '@uni-moe-web/runtime';

/** What the command line asks the page for; files are URLs. */
export interface AskRequest {
  readonly checkpoint: string;
  readonly question: string;
  readonly images: readonly string[];
  readonly audio: readonly string[];
  readonly frames: readonly string[];
  readonly settings: { readonly max_tokens: number; readonly temperature: number; readonly seed?: number };
}

export interface AskAnswer {
  readonly text: string;
  readonly tokenIds: readonly number[];
  readonly finishReason: FinishReason | null;
  readonly usage?: Usage;
  readonly timings?: Timings;
  readonly memory: EngineMemory;
}

declare global {
  var ask: (request: AskRequest) => Promise<AskAnswer>;
  /** Provided by the command line: prints text as it comes. */
  var onAnswerText: (text: string) => Promise<void>;
}
