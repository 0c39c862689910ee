/** What an adapter says of itself, in a line. */
export function adapterName({ vendor, architecture, description }: GPUAdapterInfo): string {
  return [vendor, architecture, description].filter(Boolean).join(' ') || 'unnamed adapter';
}
