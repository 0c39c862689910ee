import type { GenerationConfig } from '../checkpoint/format.ts';

/** What a request may leave out. */
export interface GenerationDefaults {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly maxTokens: number;
}

/** The reference's inference scripts (specification 3.5) with its library's defaults. */
const REFERENCE_DEFAULTS: GenerationDefaults = {
  temperature: 0.2,
  topK: 50,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  maxTokens: 1024,
};

/**
 * Defaults of a checkpoint: its `generation_config.json` for cuts and penalty. The temperature stays the reference's: its
 * scripts set it themselves, whatever the file says.
 */
export function generationDefaults(config: GenerationConfig): GenerationDefaults {
  return {
    ...REFERENCE_DEFAULTS,
    topK: config.top_k ?? REFERENCE_DEFAULTS.topK,
    topP: config.top_p ?? REFERENCE_DEFAULTS.topP,
    repetitionPenalty: config.repetition_penalty ?? REFERENCE_DEFAULTS.repetitionPenalty,
  };
}
