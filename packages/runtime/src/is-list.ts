/** `Array.isArray`, which for readonly lists tells TypeScript nothing. */
export function isList<Item>(value: unknown): value is readonly Item[] {
  return Array.isArray(value);
}
