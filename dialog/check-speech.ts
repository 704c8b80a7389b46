import { placedPrompts, type PlacedPrompt } from './check-prompts.js';
import { ssmlProblem } from './check-ssml.js';
import type { Advise } from './check-codes.js';
import type { ExpressionScope } from './expression.js';
import { primaryLanguage, type DialogTree, type Rendition } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawRendition } from './text-schema.js';
import type { RawTree } from './tree-schema.js';

/** Characters that take more than half a minute to say. */
const longSpeech = 600;

/** What no synthesiser says as it was meant. */
const unspeakable: readonly (readonly [RegExp, string])[] = [
  [/https?:\/\/|www\.[\p{L}\p{N}]/iu, 'an address of the web'],
  [/\*\*|__|`|\]\(|^ {0,3}#{1,6} |^ {0,3}[*+-] /mu, 'Markdown'],
  // "©", "®" and "™" are pictographs to Unicode, and words to a synthesiser.
  [/(?![©®™])\p{Extended_Pictographic}/u, 'a pictograph'],
];

/** Every text is there in every language and channel, and fit for it. */
export function checkSpeech(tree: DialogTree, raw: RawTree, advise: Advise): void {
  for (const placed of placedPrompts(tree, raw)) {
    checkLanguages(tree, placed, advise);
    for (const [language, rendition] of placed.prompt.renditions) {
      // Of a snippet, which stands elsewhere, nothing but what is said is known here.
      const written = placed.raw.only ?? placed.raw.languages[language];
      const path = placed.raw.languages ? [...placed.path, language] : placed.path;
      checkVoice(rendition, path, advise);
      if (written) checkChannels(written, path, advise);
    }
  }
}

function checkLanguages(tree: DialogTree, { prompt, path }: PlacedPrompt, advise: Advise): void {
  const given = new Set([...prompt.renditions.keys()].map(primaryLanguage));
  const missing = tree.languages.filter((language) => !given.has(primaryLanguage(language)));
  if (missing.length === 0) return;
  const [first = ''] = prompt.renditions.keys();
  const message = `there is no text in ${missing.join(', ')}: it is said in ${first}`;
  advise('language-missing', path, message, `Add "${missing[0] ?? ''}:" beside "${first}:"`);
}

function checkVoice({ voice, ssml }: Rendition, path: TreePath, advise: Advise): void {
  const spoken = literalText(voice.source);
  for (const [sign, what] of unspeakable) {
    if (!ssml && sign.test(spoken))
      advise(
        'unspeakable-text',
        path,
        `what is said holds ${what}`,
        'Keep it in "chat:", and write "voice:" for the ear',
      );
  }
  if ([...spoken].length > longSpeech)
    advise(
      'long-speech',
      path,
      `${[...spoken].length} characters are too long to listen to`,
      `Say it in several turns of at most ${longSpeech} characters`,
    );
  const problem = ssml && ssmlProblem(ssml.fill(sampleScope, () => 'sample'));
  if (problem) advise('ssml', path, `the SSML is not well-formed: ${problem}`, 'Correct the "ssml:" text');
}

function checkChannels(raw: RawRendition, path: TreePath, advise: Advise): void {
  const { voice, ssml, chat, card, quick_replies: replies } = raw;
  if (card && voice === undefined && chat === undefined)
    advise(
      'speech-missing',
      path,
      'a card has no text for the phone',
      'Add "voice:", which says what it shows',
    );
  else if (voice !== undefined && chat === undefined && (ssml !== undefined || replies.length > 0))
    advise('chat-missing', path, 'the chat shows what was written for the ear', 'Add "chat:"');
}

/** A text without its places: what is in there is computed, not said. */
function literalText(source: string): string {
  return source.replace(/\{[^{}]*\}/g, '');
}

/** Every name has some value, so that places are filled wherever they can be. */
const sampleScope: ExpressionScope = {
  lookup: () => 'sample',
  nowMs: Date.UTC(2026, 0, 5, 9),
  timeZone: 'UTC',
  language: 'en-US',
};
