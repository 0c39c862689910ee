import type { CheckpointConfig } from '../checkpoint/format.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { UnknownModelFamilyError } from './errors.ts';
import type { PromptElement, PromptTurn } from './prompt.ts';
import { uniMoe } from './uni-moe/uni-moe.ts';

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

/** Every family by its `model_family` in config.json, one line each. */
const MODEL_FAMILIES: ReadonlyMap<string, ModelFamily> = new Map([['uni-moe', uniMoe]]);

/**
 * The family that a checkpoint belongs to.
 * @throws UnknownModelFamilyError naming the families that there are.
 */
export function modelFamily({ model_family: name }: Pick<CheckpointConfig, 'model_family'>): ModelFamily {
  const family = MODEL_FAMILIES.get(name);
  if (!family) throw new UnknownModelFamilyError(name, [...MODEL_FAMILIES.keys()]);
  return family;
}
