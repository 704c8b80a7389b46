const longestCompared = 64;

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: Damerau's distance, restricted form. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/**
 * The known name that was probably meant, ignoring case and `-`/`_`, or null when none is close.
 *
 * Close is one edit for each three characters of the longer name, at least one; the first of equally near names wins.
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = fold(name);
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const folded = fold(candidate);
    const distance = editDistance(wanted, folded);
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, folded.length) / 3));
    if (distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The sentence of a fix for an unknown name: the nearest one, or all of them when they are few. */
export function suggestName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== null) return `did you mean "${nearest}"?`;
  if (known.length === 0) return 'remove it';
  return known.length <= 32 ? `use one of: ${known.join(', ')}` : 'see the documentation for the known names';
}

function fold(name: string): string {
  return name.slice(0, longestCompared).toLowerCase().replaceAll(/[-_]/g, '');
}
