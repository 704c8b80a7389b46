import { dialogLimits } from '../config/limits.js';
import type { ListenSpec } from './action.js';
import { choicePhrases, yesNoPhrases } from './default-texts.js';
import { isYesNo } from './entity-types.js';
import { offeredBranches } from './offered.js';
import { isOpenQuestion, type OpenQuestion } from './state.js';
import { renditionFor, type AskNode, type PromptTemplate, type WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { textOf } from './value.js';

const termChar = '#';

/** Asks a node's question and waits for the user. */
export function ask(turn: Turn, node: WaitingNode): void {
  turn.remember(node.id);
  const question = node.kind === 'ask' ? node.prompts[0] : undefined;
  if (question) turn.sayRepeatably(turn.prompt(question));
  waitForUser(turn, node);
}

/** Listens for what the node is about. */
export function waitForUser(turn: Turn, node: WaitingNode): void {
  turn.setPhase({ name: 'listening' });
  turn.listen(node.kind === 'ask' ? askSpec(turn, node) : listenSpec(turn, node));
}

/** Asks about what was said and waits for the answer, or for anything else that the node knows. */
export function askBack(turn: Turn, node: WaitingNode, question: OpenQuestion): void {
  turn.setPhase(question);
  turn.say(question.question);
  waitForReply(turn, node, question);
}

/** Listens for the answer to an open question, or for anything else that the node knows. */
export function waitForReply(turn: Turn, node: WaitingNode, question: OpenQuestion): void {
  const spec = listenSpec(turn, node);
  const { language } = turn.state;
  const keys = question.name === 'choosing' ? question.branchIds.map((_id, i) => String(i + 1)) : ['1', '2'];
  const phrases =
    question.name === 'choosing'
      ? [...labelsOf(turn, node, question.branchIds), ...choicePhrases(language)]
      : yesNoPhrases(language);
  turn.listen({
    ...spec,
    phrases: [...phrases, ...spec.phrases],
    expect: question.name === 'choosing' ? 'phrases' : 'yes-no',
    dtmf: singleKeys([...keys, ...node.dtmf.keys()]),
  });
}

/** Says what the user is expected to answer once more and waits again. */
export function askAgain(turn: Turn, node: WaitingNode): void {
  const { phase, lastPrompts } = turn.state;
  if (isOpenQuestion(phase)) {
    askBack(turn, node, phase);
    return;
  }
  for (const prompt of lastPrompts) turn.say(prompt);
  waitForUser(turn, node);
}

/** The labels of some branches as they are read to the user. */
export function labelsOf(turn: Turn, node: WaitingNode, branchIds: readonly string[]): string[] {
  const branches = offeredBranches(turn, node);
  return branchIds.map((branchId) => {
    const branch = branches.find(({ id }) => id === branchId);
    return branch ? labelOf(turn, branch.label) : '';
  });
}

export function labelOf(turn: Turn, label: PromptTemplate): string {
  const rendition = renditionFor(label, turn.state.language);
  return rendition ? rendition.voice.fill(turn.scope(), (_name, value) => textOf(value)) : '';
}

function listenSpec(turn: Turn, node: WaitingNode): ListenSpec {
  return {
    phrases: phrasesAt(turn, node),
    expect: 'phrases',
    dtmf: singleKeys([...node.dtmf.keys()]),
    noInputMs: node.noInputMs,
    language: turn.state.language,
  };
}

function askSpec(turn: Turn, node: AskNode): ListenSpec {
  const common = listenSpec(turn, node);
  const { answer } = node;
  if (isYesNo(answer))
    return {
      ...common,
      expect: 'yes-no',
      phrases: [...yesNoPhrases(turn.state.language), ...common.phrases],
      dtmf: singleKeys(['1', '2', ...node.dtmf.keys()]),
    };
  const { keyDigits } = answer;
  const dtmf =
    keyDigits && keyDigits.most > 1
      ? { keys: [], minDigits: keyDigits.least, maxDigits: keyDigits.most, termChar }
      : singleKeys([
          ...(keyDigits ? ['1', '2', '3', '4', '5', '6', '7', '8', '9'] : []),
          ...node.dtmf.keys(),
        ]);
  return { ...common, expect: answer.spokenAsDigits ? 'digits' : 'free', dtmf };
}

/** Bounded: a recogniser's grammar takes no more, and hints less. */
function phrasesAt(turn: Turn, node: WaitingNode): string[] {
  return offeredBranches(turn, node)
    .flatMap((branch) => branch.examples)
    .slice(0, dialogLimits.listenPhrases);
}

function singleKeys(keys: readonly string[]): ListenSpec['dtmf'] {
  if (keys.length === 0) return null;
  return { keys: [...new Set(keys)], minDigits: 1, maxDigits: 1, termChar: '' };
}
