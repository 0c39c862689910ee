import { expect, it } from 'vitest';
import { describeDeviceError } from './device-error.ts';

it('says why a device cannot be used', () => {
  const denied = new DOMException('Permission denied', 'NotAllowedError');
  expect(describeDeviceError('microphone', denied)).toBe(
    'The microphone cannot be used. The browser does not let this page use it. Allow it in the address bar and try again.',
  );
  expect(describeDeviceError('camera', new TypeError('no media devices'))).toBe(
    'The camera cannot be used. no media devices',
  );
});
