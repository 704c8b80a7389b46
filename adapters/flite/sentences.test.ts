import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { splitSentences } from './sentences.js';

describe('splitSentences', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['Hello', ['Hello']],
    ['One. Two! Three? Four', ['One.', 'Two!', 'Three?', 'Four']],
    ['He said "stop." Then left.', ['He said "stop."', 'Then left.']],
    ['Dr. Smith and Mr. J. Doe.', ['Dr. Smith and Mr. J. Doe.']],
    ['Version 1.5 is out', ['Version 1.5 is out']],
    ['a\n\nb', ['a', 'b']],
    ['Wait...  what?', ['Wait...', 'what?']],
  ])('%j', (text, pieces) => {
    expect(splitSentences(text)).toEqual(pieces);
  });

  it('cuts what is overlong at commas, then between words, then anywhere, and loses nothing', () => {
    const piece = fc.constantFrom('word', 'a', ', ', ' ', '. ', '! ', '\n', 'x'.repeat(100));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (parts) => {
        const text = parts.join('');
        const pieces = splitSentences(text);
        expect(pieces.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
        expect(pieces.every(({ length }) => length > 0 && length <= 240)).toBe(true);
      }),
    );
  });
});
