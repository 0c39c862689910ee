/** Why a page cannot use WebGPU at all, or undefined when it is worth trying. */
export function missingWebGpu(scope: {
  readonly isSecureContext: boolean;
  readonly navigator: { readonly gpu?: unknown };
}): string | undefined {
  if (scope.navigator.gpu) return undefined;
  if (!scope.isSecureContext)
    return 'Browsers offer WebGPU only to pages served over https or from localhost, and this page is neither.';
  return 'This browser does not offer WebGPU, which the model needs to run.';
}

/** Browsers that have WebGPU, for people who need one. */
export const BROWSERS_WITH_WEBGPU: readonly string[] = [
  'Chrome or Edge 121 or later on Windows, macOS, ChromeOS and Android',
  'Safari 26 or later on macOS, iPhone and iPad',
  'Firefox 141 or later on Windows, 145 or later on macOS with Apple silicon',
  'On Linux: recent Chrome on supported graphics, or any since 121 with WebGPU switched on in chrome://flags',
];
