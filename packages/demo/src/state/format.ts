/** Numbers as people read them. All of it in English, as the page is. */

const SPACE = '\u00a0';

/** `12345678` as `12.3 MB`; decimal units, as browsers show downloads. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  if (bytes === 1) return `1${SPACE}byte`;
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)}${SPACE}${units[unit]}`;
}

/** Milliseconds as `85 ms`, `1.2 s` or `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)}${SPACE}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}${SPACE}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}${SPACE}min ${seconds % 60}${SPACE}s`;
}

/** Seconds on a recorder's clock: `0:07`, `12:30`. */
export function formatClock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** A rate with three significant figures at most: `8.52`, `23.4`, `140`. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return '–';
  const digits = perSecond >= 99.95 ? 0 : perSecond >= 9.995 ? 1 : 2;
  return perSecond.toFixed(digits);
}

/** `0.256` as `26 %`. */
export function formatPercent(share: number): string {
  return `${Math.round(share * 100)}${SPACE}%`;
}

/** `plural(1, 'token')` is `1 token`, `plural(2, 'token')` is `2 tokens`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `['a', 'b', 'c']` as `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
