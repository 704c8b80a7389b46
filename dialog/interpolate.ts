import { dialogLimits } from '../config/limits.js';

const place = /\{([\p{L}][\p{L}\p{N}_.]*)\}/gu;
const variableName = /^[\p{L}][\p{L}\p{N}_.]*$/u;

/** True for a name that texts can refer to: a letter, then letters, digits, `_` and `.`; at most 64 characters. */
export function isVariableName(name: string): boolean {
  return name.length <= 64 && variableName.test(name);
}

/** The names that a text refers to, in order, repeats included. */
export function namesIn(template: string): string[] {
  return [...template.matchAll(place)].map((match) => match[1] ?? '');
}

/**
 * Fills each `{name}` with its value, or with nothing when there is none; anything else stays as written. Values are
 * not looked into again. The result is cut at `dialogLimits.textCharacters`.
 */
export function interpolate(template: string, valueOf: (name: string) => string | undefined): string {
  if (!template.includes('{')) return template;
  return template
    .replace(place, (_whole, name: string) => valueOf(name) ?? '')
    .slice(0, dialogLimits.textCharacters);
}
