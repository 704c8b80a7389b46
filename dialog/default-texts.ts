import type { Compiler } from './compiler.js';
import { primaryLanguage, type PromptTemplate, type TreeTexts } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawText } from './text-schema.js';
import type { RawTree } from './tree-schema.js';

type DefaultText = 'confirm' | 'choose' | 'resume' | 'corrected';

const texts: Readonly<Record<DefaultText, { readonly zh: string; readonly en: string }>> = {
  confirm: { zh: '您是想说“{label}”吗？', en: 'Did you mean: {label}?' },
  choose: { zh: '您是想说{options}？', en: 'Did you mean {options}?' },
  resume: { zh: '我们回到刚才的问题。', en: 'Back to where we were.' },
  corrected: { zh: '好的，改成{value}。', en: 'All right, {value}.' },
};

/** True for Chinese, whatever the region. */
export function isChinese(language: string): boolean {
  return primaryLanguage(language) === 'zh';
}

/** Languages for which built-in questions and answers exist. */
export function isSupportedLanguage(language: string): boolean {
  return isChinese(language) || primaryLanguage(language) === 'en';
}

/** The tree's own texts, and the built-in ones in each of its languages where it has none. */
export function treeTexts(raw: RawTree, languages: readonly string[], compiler: Compiler): TreeTexts {
  const own = (text: RawText | undefined, key: DefaultText, path: TreePath): PromptTemplate =>
    compiler.prompt(text ?? defaultText(key, languages), path);
  return {
    confirmBranch: own(raw.confirm, 'confirm', ['confirm']),
    chooseBranch: own(raw.choose, 'choose', ['choose']),
    resume: own(raw.resume_prompt, 'resume', ['resume_prompt']),
    corrected: own(raw.corrected, 'corrected', ['corrected']),
    help: raw.help ? compiler.prompt(raw.help, ['help']) : null,
  };
}

function defaultText(key: DefaultText, languages: readonly string[]): RawText {
  return {
    languages: Object.fromEntries(
      languages.map((language) => [
        language,
        { voice: texts[key][isChinese(language) ? 'zh' : 'en'], quick_replies: [], bargein: true },
      ]),
    ),
  };
}

/** "a, b or c" in a language. */
export function alternatives(labels: readonly string[], language: string): string {
  const [between, last] = isChinese(language) ? ['、', '，还是'] : [', ', ' or '];
  const head = labels.slice(0, -1).join(between);
  return [head, labels.at(-1) ?? ''].filter((part) => part !== '').join(last);
}

/** What a voice recogniser should expect as an answer to a yes-no question. */
export function yesNoPhrases(language: string): readonly string[] {
  return isChinese(language)
    ? ['是', '是的', '对', '对的', '好的', '没错', '不是', '不对', '不用', '不', '没有']
    : ['yes', 'yeah', 'yes please', 'that is right', 'correct', 'no', 'nope', 'no thanks', 'that is wrong'];
}

/** What a voice recogniser should expect besides the labels as an answer to "A or B?". */
export function choicePhrases(language: string): readonly string[] {
  return isChinese(language)
    ? ['第一个', '第二个', '第三个', '最后一个', '前面那个', '后面那个', '都不是', '不是']
    : [
        'the first',
        'the first one',
        'the second',
        'the second one',
        'the third',
        'the last one',
        'neither',
        'no',
      ];
}
