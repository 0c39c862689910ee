import { RuntimeError } from '../errors.ts';

/** A field of a request has a value that the engine cannot take. `details.field` is its path, as in `messages[0].content`. */
export class RequestError extends RuntimeError {
  static override readonly code = 'invalid-request';

  constructor(field: string, value: string, expected: string) {
    super(RequestError.code, `${field} is ${value}; expected ${expected}.`, { field, value, expected });
    this.name = 'RequestError';
  }
}

/** A picture, sound or video of a request could not be fetched. */
export class MediaFetchError extends RuntimeError {
  static override readonly code = 'media-fetch';

  constructor(field: string, url: string, reason: string, options?: ErrorOptions) {
    super(
      MediaFetchError.code,
      `${field} could not be fetched from ${url}: ${reason}. Check the address, and that its server allows this page to read it (CORS), or pass the file as a Blob.`,
      { field, url, reason },
      options,
    );
    this.name = 'MediaFetchError';
  }
}
