/** Names shown before the rest is only counted. */
const mostNames = 6;

/** The first few names, and how many more there are, for a person to read. */
export function shortList(names: readonly string[]): readonly string[] {
  if (names.length <= mostNames) return names;
  return [...names.slice(0, mostNames), `and ${names.length - mostNames} more`];
}
