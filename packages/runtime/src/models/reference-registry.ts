import type { CheckpointConfig } from '../checkpoint/format.ts';
import { UnknownModelFamilyError } from './errors.ts';
import type { ReferencePrompts } from './reference-prompts.ts';
import { uniMoeReference } from './uni-moe/reference-prompt.ts';

/** By `model_family`. Not part of `ModelFamily`: those who only chat do not download it. */
const REFERENCES: ReadonlyMap<string, ReferencePrompts> = new Map([['uni-moe', uniMoeReference]]);

/**
 * The reference that a checkpoint's family has.
 * @throws UnknownModelFamilyError naming the families that have one.
 */
export function referencePrompts({
  model_family: name,
}: Pick<CheckpointConfig, 'model_family'>): ReferencePrompts {
  const reference = REFERENCES.get(name);
  if (!reference) throw new UnknownModelFamilyError(name, [...REFERENCES.keys()]);
  return reference;
}
