import type { EntityContext } from './entity.js';
import type { Value } from './value.js';

const plainNumber = new Intl.NumberFormat('en-US', { useGrouping: false, maximumFractionDigits: 10 });

/** True when the context speaks Chinese. */
export function isChinese(context: EntityContext): boolean {
  return /^(?:zh|yue|cmn|wuu)\b/i.test(context.language);
}

/** A number without grouping or exponent; any other value as its text. */
export function numberText(value: Value): string {
  return typeof value === 'number' ? plainNumber.format(value) : plainText(value);
}

/** A value that has no form of its own. */
export function plainText(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Digits one by one, with a pause between groups: `1 3 8, 1 2 3 4, 5 6 7 8`. The last size repeats. */
export function spokenGroups(text: string, sizes: readonly number[], context: EntityContext): string {
  const comma = isChinese(context) ? '，' : ', ';
  return groups(text, sizes)
    .map((group) => [...group].join(' '))
    .join(comma);
}

/** Digits in groups as they are written: `138 1234 5678`. */
export function writtenGroups(text: string, sizes: readonly number[]): string {
  return groups(text, sizes).join(' ');
}

function groups(text: string, sizes: readonly number[]): string[] {
  const characters = [...text];
  const found: string[] = [];
  for (let at = 0; at < characters.length;) {
    const size = Math.max(1, sizes[Math.min(found.length, sizes.length - 1)] ?? 4);
    found.push(characters.slice(at, at + size).join(''));
    at += size;
  }
  return found;
}
