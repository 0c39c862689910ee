import type { ModelFamily } from '../model-family.ts';
import { renderConversation, TEMPLATES } from './template.ts';

/** Uni-MoE on LLaMA: the variants speech, interval (speech_dp), audio and 8e share their prompts. */
export const uniMoe: ModelFamily = {
  renderPrompt: (turns, { template }, { eosId }) => renderConversation(turns, TEMPLATES[template], eosId),
};
