/** An error in plain words. */
export interface Problem {
  /** Stable code of the runtime, or `unexpected`. */
  readonly code: string;
  readonly title: string;
  /** What was found and what to do, from the error itself. */
  readonly detail: string;
}

const TITLES: Readonly<Record<string, string>> = {
  'checkpoint-network': 'The connection was lost',
  'checkpoint-not-found': 'There is no checkpoint here',
  'checkpoint-integrity': 'The checkpoint is damaged',
  'checkpoint-format': 'The checkpoint cannot be read',
  'checkpoint-version': 'The checkpoint has another format version',
  'checkpoint-quota': 'There is not enough browser storage',
  'checkpoint-unsupported': 'This browser cannot open the checkpoint',
  'webgpu-unavailable': 'This browser has no WebGPU',
  'device-lost': 'The GPU stopped answering',
  'device-limit': 'The model is too large for this GPU',
  'gpu-memory': 'The model is too large for this GPU',
  gpu: 'The GPU reported an error',
  'context-length': 'The conversation has become too long',
  'image-decode': 'The picture cannot be read',
  'audio-decode': 'The sound cannot be read',
  'video-decode': 'The video cannot be read',
  'modality-unavailable': 'The checkpoint does not take this',
};

/** Any thrown value in plain words. */
export function toProblem(error: unknown): Problem {
  const code = errorCode(error) ?? 'unexpected';
  const detail = error instanceof Error && error.message !== '' ? error.message : String(error);
  return { code, title: TITLES[code] ?? 'Something went wrong', detail };
}

/** Whether the user, not a fault, ended something. */
export function isAbort(error: unknown): boolean {
  return errorCode(error) === 'aborted' || (error instanceof Error && error.name === 'AbortError');
}

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
