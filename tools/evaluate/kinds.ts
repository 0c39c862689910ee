/** A kind and those it is made of: `scene` takes `scene/color` along. */
export function isOfKind(kind: string, wanted: string): boolean {
  return kind === wanted || kind.startsWith(`${wanted}/`);
}

/** Kinds in order of appearance, without repetition. */
export function kindsOf(items: readonly { readonly kind: string }[]): string[] {
  return [...new Set(items.map(({ kind }) => kind))];
}

/** Rows of a report: every group before its parts, whether or not items have the group itself as their kind. */
export function reportedKinds(items: readonly { readonly kind: string }[]): string[] {
  const kinds = kindsOf(items);
  const groups = [...new Set(kinds.map((kind) => kind.split('/')[0]!))];
  return groups.flatMap((group) => [group, ...kinds.filter((kind) => kind.startsWith(`${group}/`))]);
}
