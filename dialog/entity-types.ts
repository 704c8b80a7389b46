import { dialogLimits } from '../config/limits.js';
import type { DatePreference } from './date-rules.js';
import type { EntityType } from './entity.js';
import { dateTimeType, dateType, durationType, timeType } from './entity-dates.js';
import { digitsType } from './entity-digits.js';
import { emailType } from './entity-email.js';
import { bankCardType, idCardType, mobileType } from './entity-identifiers.js';
import { moneyType } from './entity-money.js';
import { integerType, numberType } from './entity-number.js';
import { ordinalType } from './entity-ordinal.js';
import { percentType } from './entity-percent.js';
import { plateType } from './entity-plate.js';
import { textType } from './entity-text.js';
import { yesNoType } from './entity-yes-no.js';

/** A built-in type by name, and what bounds it: values for numbers, lengths for `digits`. */
export interface EntitySpec {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  /** For `date` and `datetime`. */
  readonly prefer?: DatePreference;
}

/** True for the type whose values are true and false. */
export function isYesNo({ name }: EntityType): boolean {
  return name === 'yes_no';
}

interface BuiltIn {
  readonly create: (spec: EntitySpec) => EntityType;
  /** What `min` and `max` bound; null when the type takes neither. */
  readonly bounds: 'value' | 'length' | null;
}

/** Every built-in type; a new one is a line here. */
const builtIn: ReadonlyMap<string, BuiltIn> = new Map<string, BuiltIn>([
  ['number', { create: numberType, bounds: 'value' }],
  ['integer', { create: integerType, bounds: 'value' }],
  ['money', { create: moneyType, bounds: 'value' }],
  ['percent', { create: percentType, bounds: 'value' }],
  ['ordinal', { create: ordinalType, bounds: 'value' }],
  ['digits', { create: digitsType, bounds: 'length' }],
  ['cn_mobile', { create: mobileType, bounds: null }],
  ['cn_id_card', { create: idCardType, bounds: null }],
  ['bank_card', { create: bankCardType, bounds: null }],
  ['cn_plate', { create: plateType, bounds: null }],
  ['date', { create: dateType, bounds: null }],
  ['time', { create: timeType, bounds: null }],
  ['datetime', { create: dateTimeType, bounds: null }],
  ['duration', { create: durationType, bounds: null }],
  ['email', { create: emailType, bounds: null }],
  ['yes_no', { create: yesNoType, bounds: null }],
  ['text', { create: textType, bounds: null }],
]);

/** The names of the built-in types. */
export const entityTypeNames: readonly string[] = [...builtIn.keys()];

/** The built-in type that a spec asks for, or null when `entityTypeProblem` has something to say about it. */
export function entityType(spec: EntitySpec): EntityType | null {
  return entityTypeProblem(spec) === null ? (builtIn.get(spec.type)?.create(spec) ?? null) : null;
}

/** What is wrong with a spec, in a sentence that says how to mend it, or null. */
export function entityTypeProblem({ type, min, max, prefer }: EntitySpec): string | null {
  const known = builtIn.get(type);
  if (!known) return `type: "${type}" is not known; use one of ${entityTypeNames.join(', ')}`;
  if (prefer !== undefined && !type.startsWith('date'))
    return `prefer: belongs to date and datetime; remove it`;
  if (known.bounds === null) {
    return min === undefined && max === undefined ? null : `min, max: "${type}" takes neither; remove them`;
  }
  for (const [name, bound] of [
    ['min', min],
    ['max', max],
  ] as const) {
    const problem = bound === undefined ? null : boundProblem(known.bounds, name, bound);
    if (problem !== null) return problem;
  }
  return min !== undefined && max !== undefined && min > max ? 'min: is above max; exchange them' : null;
}

function boundProblem(bounds: 'value' | 'length', name: string, bound: number): string | null {
  if (bounds === 'value') return Number.isFinite(bound) ? null : `${name}: must be a number`;
  const valid = Number.isInteger(bound) && bound >= 1 && bound <= dialogLimits.digits;
  return valid ? null : `${name}: must be a whole number from 1 to ${dialogLimits.digits}`;
}
