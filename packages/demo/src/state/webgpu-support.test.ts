import { expect, it } from 'vitest';
import { missingWebGpu } from './webgpu-support.ts';

it('tells a browser without WebGPU from a page that may not use it', () => {
  expect(missingWebGpu({ isSecureContext: true, navigator: { gpu: {} } })).toBeUndefined();
  expect(missingWebGpu({ isSecureContext: true, navigator: {} })).toContain('does not offer WebGPU');
  expect(missingWebGpu({ isSecureContext: false, navigator: {} })).toContain('https or from localhost');
});
