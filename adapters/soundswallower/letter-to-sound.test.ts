import { expect, it } from 'vitest';
import fc from 'fast-check';
import { guessPronunciation } from './letter-to-sound.js';

it.each([
  ['cat', 'K AE T'],
  ['made', 'M EY D'],
  ['city', 'S IH T IY'],
  ['knight', 'N AY T'],
  ['phone', 'F OW N'],
  ['quick', 'K W IH K'],
  ['nation', 'N AE SH AH N'],
  ['hotter', 'HH AA T ER'],
  ['accent', 'AE K S EH N T'],
  ['xavi', 'Z AE V IY'],
  ['church', 'CH ER CH'],
  ['table', 'T AE B AH L'],
  ['gemma', 'JH EH M AH'],
  ['sms', 'EH S EH M EH S'],
  ['www', 'D AH B AH L Y UW D AH B AH L Y UW D AH B AH L Y UW'],
])('%s sounds like %s', (word, phones) => {
  expect(guessPronunciation(word)).toBe(phones);
});

const phoneSet =
  'AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH'.split(
    ' ',
  );

it('any word gives phones of the model, and only those', () => {
  const word = fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'),
    minLength: 1,
    maxLength: 15,
  });
  fc.assert(
    fc.property(word, (letters) => {
      const phones = guessPronunciation(letters).split(' ');
      expect(phones.filter((phone) => !phoneSet.includes(phone))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
