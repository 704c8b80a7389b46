import { isSupportedLanguage } from './default-texts.js';
import type { DialogTree, PromptTemplate } from './tree.js';
import type { Report, TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

/** A question that does not say what was understood cannot be answered. */
export function checkConfirmations(tree: DialogTree, raw: RawTree, report: Report): void {
  const check = (text: PromptTemplate | null | undefined, name: string, path: TreePath) => {
    for (const { voice, chat } of text?.renditions.values() ?? []) {
      if (voice.names.includes(name) && chat.names.includes(name)) continue;
      report('warning', path, 'the question does not say what was understood', `Use "{${name}}" in it`);
      return;
    }
  };
  check(tree.texts.confirmBranch, 'label', ['confirm']);
  check(tree.texts.chooseBranch, 'options', ['choose']);
  for (const { id, path } of nodesOf(raw)) {
    const node = tree.nodes.get(id);
    if (node?.kind === 'ask') check(node.confirm, node.slot, [...path, 'ask', 'confirm']);
  }
}

/** Where Parley knows no yes, no and numbers, keys have to do. */
export function checkLanguage(tree: DialogTree, raw: RawTree, report: Report): void {
  for (const [i, language] of tree.languages.entries()) {
    if (isSupportedLanguage(language)) continue;
    const path = i === 0 ? ['language'] : ['languages', i - 1];
    const message = `yes, no and spoken digits are not known in "${language}"`;
    report('warning', path, message, 'Offer DTMF keys, or use English or Chinese');
    if (!raw.confirm)
      report('warning', path, '"did you mean" will be asked in English', 'Add "confirm: … {label}?"');
  }
}
