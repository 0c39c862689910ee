export type TuningScript = typeof import('./tuning.ts');

/** Downloads the tuning pass with the kernels that it may choose. */
export function loadTuning(): Promise<TuningScript> {
  return import('./tuning.ts');
}
