/**
 * Starts the engine's worker. The form `new Worker(new URL(..., import.meta.url))` is what bundlers look for; without one
 * the script is found beside this one. The build replaces the name by that of the built script.
 */
export function startWorker(): Worker {
  return new Worker(new URL('./engine.worker.ts', import.meta.url), {
    type: 'module',
    name: 'uni-moe-web engine',
  });
}
