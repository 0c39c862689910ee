import { loadScript } from '../load-script.ts';

export type TuningScript = typeof import('./tuning.ts');

/** Downloads the tuning pass with the kernels that it may choose. */
export function loadTuning(): Promise<TuningScript> {
  return loadScript(import('./tuning.ts'));
}
