import type { PromptTemplate } from './tree.js';

/** True for Chinese, whatever the region. */
export function isChinese(language: string): boolean {
  return /^zh\b/i.test(language);
}

/** The question before an uncertain branch, where the tree has none of its own. */
export function defaultConfirmBranch(language: string): PromptTemplate {
  const text = isChinese(language) ? '您是想说“{label}”吗？' : 'Did you mean: {label}?';
  return { voice: text, chat: text, bargeIn: true };
}

/** What a voice recogniser should expect as an answer to a yes-no question. */
export function yesNoPhrases(language: string): readonly string[] {
  return isChinese(language)
    ? ['是', '是的', '对', '对的', '好的', '没错', '不是', '不对', '不用', '不', '没有']
    : ['yes', 'yeah', 'yes please', 'that is right', 'correct', 'no', 'nope', 'no thanks', 'that is wrong'];
}
