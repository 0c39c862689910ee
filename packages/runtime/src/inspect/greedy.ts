import type { SamplerSettings } from '@uni-moe-web/kernels';

/** The likeliest token each time; the lowest id of several. */
export const GREEDY: Omit<SamplerSettings, 'useBias'> = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  seed: 0,
  topLogprobs: -1,
};
