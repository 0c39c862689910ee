import type { CheckpointConfig } from '../checkpoint/format.ts';
import { UnknownModelFamilyError } from './errors.ts';
import type { ModelFamily } from './model-family.ts';
import { uniMoe } from './uni-moe/uni-moe.ts';

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
