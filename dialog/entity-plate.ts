import type { EntityType } from './entity.js';
import { plainText, spokenGroups } from './entity-format.js';
import { toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import { chineseDigits } from './entity-numeral-words.js';

const provinces = '京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼';
const prefix = new RegExp(`[${provinces}] ?[a-hj-z]`, 'gu');
const separators = /[ ·・•.\-点杠，,]/;
/** GA 36: five characters, at most two letters (never I or O) and maybe the mark of a special use. */
const ordinary = /^[A-HJ-NP-Z\d]{4}[A-HJ-NP-Z\d挂学警港澳使领]$/;
/** GA 36: six characters for new energy, whose letter stands first (small) or last (large). */
const newEnergy = /^(?:[A-HJK][A-HJ-NP-Z\d]\d{4}|\d{5}[A-HJK])$/;
const longestNumber = 6;

/** Chinese number plates, written or spelled: 京A12345 from 京a幺二三四五, with 8 characters for new energy. */
export function plateType(): EntityType {
  return {
    name: 'cn_plate',
    find(original) {
      const normal = new NormalText(original);
      const found = [...normal.text.matchAll(prefix)].flatMap((match) => readPlate(normal.text, match) ?? []);
      return toEntities(normal, found);
    },
    fromKeys: () => null,
    format: (value, form, context) => {
      const plate = plainText(value);
      if (form === 'written') return `${plate.slice(0, 2)}·${plate.slice(2)}`;
      return spokenGroups(plate, [2, 3, 3], context);
    },
    keyDigits: null,
    spokenAsDigits: false,
  };
}

function readPlate(text: string, match: RegExpExecArray): Found | null {
  const start = match.index;
  const head = match[0].replace(' ', '').toUpperCase();
  const ends: number[] = [];
  let number = '';
  for (let at = start + match[0].length; at < text.length && number.length <= longestNumber; at++) {
    const character = text.charAt(at);
    const next = plateCharacter(character);
    if (next !== '') {
      number += next;
      ends.push(at + 1);
    } else if (!separators.test(character) || separators.test(text.charAt(at - 1))) break;
  }
  for (const [length, pattern] of [
    [6, newEnergy],
    [5, ordinary],
  ] as const) {
    const part = number.slice(0, length);
    const follows = /^[A-Z\d]/.test(number.slice(length));
    const end = ends[length - 1];
    if (end !== undefined && !follows && pattern.test(part) && letters(part) <= 2) {
      return { value: head + part, start, end, certain: true };
    }
  }
  return null;
}

function plateCharacter(character: string): string {
  if (/[a-z\d挂学警港澳使领]/.test(character)) return character.toUpperCase();
  const digit = chineseDigits.get(character);
  return digit === undefined ? '' : String(digit);
}

function letters(text: string): number {
  return text.replace(/[^A-Z]/g, '').length;
}
