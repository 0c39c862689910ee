import type { CheckpointConfig } from '../checkpoint/format.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { PromptElement, PromptTurn } from './prompt.ts';

/** What differs between families of models beyond what config.json says in numbers. */
export interface ModelFamily {
  /**
   * Fills the checkpoint's prompt template with a conversation, ending where the model has to go on.
   * @throws PromptStructureError when the template has no place for a turn or part.
   */
  renderPrompt(
    turns: readonly PromptTurn[],
    prompt: CheckpointConfig['prompt'],
    tokenizer: Pick<Tokenizer, 'eosId'>,
  ): PromptElement[];
}
