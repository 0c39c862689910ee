import type { SourceTensor } from '../read/source-tensor.ts';

/**
 * What became of a source tensor: written (`used`), added to a weight or kept beside it (`lora`), replaced by a later
 * file (`overridden`), or left out (`dropped`).
 */
export type Fate = 'used' | 'lora' | 'overridden' | 'dropped';

export interface LedgerEntry {
  readonly file: string;
  readonly tensor: string;
  readonly fate: Fate;
  /** Why, in words for people. */
  readonly reason: string;
}

/** The account of every source tensor. */
export class MappingLedger {
  readonly entries: LedgerEntry[] = [];

  record({ file, name }: Pick<SourceTensor, 'file' | 'name'>, fate: Fate, reason: string): void {
    this.entries.push({ file, tensor: name, fate, reason });
  }
}
