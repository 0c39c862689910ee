import { BROWSERS_WITH_WEBGPU } from '../state/webgpu-support.ts';
import { WarningIcon } from './icons.tsx';

/** Shown instead of the model where it cannot run. */
export function NoWebGpu({ reason }: { readonly reason: string }) {
  return (
    <div class="notice notice-problem" role="alert">
      <WarningIcon />
      <div class="notice-body">
        <p class="notice-title">WebGPU is not available</p>
        <p>{reason} These browsers have it:</p>
        <ul>
          {BROWSERS_WITH_WEBGPU.map((browser) => (
            <li key={browser}>{browser}</li>
          ))}
        </ul>
        <p>It may also be switched off because of the graphics driver.</p>
        <p class="notice-code">
          Code <code>webgpu-unavailable</code>
        </p>
      </div>
    </div>
  );
}
