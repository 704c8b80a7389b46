import type { EntityType } from './entity.js';
import { isChinese, plainText } from './entity-format.js';
import { toEntities } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import { readYesNo } from './slots-yes-no.js';

/** Yes and no as true and false; keys 1 and 2. Certain when nothing else was said. */
export function yesNoType(): EntityType {
  return {
    name: 'yes_no',
    find(original) {
      const normal = new NormalText(original);
      const found = readYesNo(normal);
      return found
        ? toEntities(normal, [{ value: found.yes, start: found.start, end: found.end, certain: found.bare }])
        : [];
    },
    fromKeys: (keys) => (keys === '1' ? true : keys === '2' ? false : null),
    format: (value, _form, context) => {
      if (typeof value !== 'boolean') return plainText(value);
      return isChinese(context) ? (value ? '是' : '不是') : value ? 'yes' : 'no';
    },
    keyDigits: { least: 1, most: 1 },
    spokenAsDigits: false,
  };
}
