import type { ListenSpec } from './action.js';
import { yesNoPhrases } from './default-texts.js';
import { branchesAt, type AnswerType, type AskNode, type DialogTree, type WaitingNode } from './tree.js';
import type { Turn } from './turn.js';

const termChar = '#';

/** Listens for what the node is about. */
export function waitForUser(turn: Turn, node: WaitingNode): void {
  turn.setPhase({ name: 'listening' });
  turn.listen(node.kind === 'ask' ? askSpec(turn.tree, node) : listenSpec(turn.tree, node));
}

/** Listens for a yes or a no (keys 1 and 2 before the node's own), or for anything the node knows. */
export function waitForYesNo(turn: Turn, node: WaitingNode): void {
  const { language } = turn.tree;
  turn.listen({
    ...listenSpec(turn.tree, node),
    phrases: [...yesNoPhrases(language), ...phrasesAt(turn.tree, node)],
    expect: 'yes-no',
    dtmf: singleKeys(['1', '2', ...node.dtmf.keys()]),
  });
}

function listenSpec(tree: DialogTree, node: WaitingNode): ListenSpec {
  return {
    phrases: phrasesAt(tree, node),
    expect: 'phrases',
    dtmf: singleKeys([...node.dtmf.keys()]),
    noInputMs: node.noInputMs,
    language: tree.language,
  };
}

function askSpec(tree: DialogTree, node: AskNode): ListenSpec {
  const common = listenSpec(tree, node);
  switch (node.answer.type) {
    case 'digits':
      return { ...common, expect: 'digits', dtmf: digitKeys(node.answer) };
    case 'yes-no':
      return {
        ...common,
        expect: 'yes-no',
        phrases: [...yesNoPhrases(tree.language), ...common.phrases],
        dtmf: singleKeys(['1', '2', ...node.dtmf.keys()]),
      };
    case 'text':
      return { ...common, expect: 'free' };
  }
}

function phrasesAt(tree: DialogTree, node: WaitingNode): string[] {
  return branchesAt(tree, node).flatMap((branch) => branch.examples);
}

function singleKeys(keys: readonly string[]): ListenSpec['dtmf'] {
  if (keys.length === 0) return null;
  return { keys: [...new Set(keys)], minDigits: 1, maxDigits: 1, termChar: '' };
}

function digitKeys({ minDigits, maxDigits }: Extract<AnswerType, { type: 'digits' }>): ListenSpec['dtmf'] {
  return { keys: [], minDigits, maxDigits, termChar };
}
