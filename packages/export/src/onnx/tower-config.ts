import * as v from 'valibot';
import { ExportError } from '../errors.ts';
import type { JsonObject } from '../read/json.ts';
import type { SourceTensors } from '../read/source-tensor.ts';

/** What both towers are built from. */
export interface TowerOptions {
  /** `config.json` of the CLIP or Whisper folder. */
  readonly config: JsonObject;
  /** `config.json` of the fine-tuned folder; section 1.2 of the uni-moe specification. */
  readonly reference: JsonObject;
  /** Tensors of the tower under their public names, and of aligner and projector under their own (2.3, 2.4, 2.6). */
  readonly tensors: SourceTensors;
}

/** Larger than in any published tower by far; a bound on what a configuration may ask for. */
const MAX_COUNT = 1_000_000;

export const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_COUNT));
export const activationName = v.picklist(['gelu', 'quick_gelu']);

/** How errors call the three configuration files. */
export const CONFIG_LABELS = {
  clip: 'CLIP config.json',
  whisper: 'Whisper config.json',
  reference: 'fine-tuned config.json',
} as const;

/** @throws ExportError `CONFIG_INVALID` unless `condition` holds. */
export function check(condition: boolean, file: string, problem: string): void {
  if (!condition) throw new ExportError('CONFIG_INVALID', problem, { file });
}
