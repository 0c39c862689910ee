/** What Chrome takes for `--use-webgpu-adapter`; it ignores any other name without a word. */
const NAMES = ['default', 'd3d11', 'opengles', 'swiftshader'];

/** @throws Error naming the option if Chrome knows no adapter of that name. */
export function checkChromeAdapter(option: string, adapter: string): void {
  if (NAMES.includes(adapter)) return;
  throw new Error(
    `${option} ${adapter}: Chrome knows ${NAMES.join(', ')}; --host node takes part of an adapter's name`,
  );
}

/** Switches that choose a GPU adapter of Chrome's. */
export function chromeAdapterArgs(adapter: string | undefined): string[] {
  return adapter === undefined ? [] : [`--use-webgpu-adapter=${adapter}`];
}
