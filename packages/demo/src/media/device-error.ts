const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: 'The browser does not let this page use it. Allow it in the address bar and try again.',
  NotFoundError: 'None was found on this device.',
  NotReadableError: 'Another program is using it.',
};

/** Why a microphone or camera could not be used, in a sentence or two. */
export function describeDeviceError(device: 'microphone' | 'camera', error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  const message = error instanceof Error ? error.message : String(error);
  return `The ${device} cannot be used. ${REASONS[name] ?? message}`;
}
