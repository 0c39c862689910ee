/** What relative URLs of a caller are resolved against: the page with its `<base>`, in a worker the worker's script. */
export const baseUrl = (): string | undefined => globalThis.document?.baseURI ?? globalThis.location?.href;
