/** Milliseconds since 1970 with the resolution of `performance.now()`: the one clock that page and worker share. */
export const nowMs = (): number => performance.timeOrigin + performance.now();
