import { isChinese } from './default-texts.js';
import { isVariableName } from './interpolate.js';
import {
  defaultThresholds,
  globalPrefix,
  type AnswerType,
  type AskNode,
  type Branch,
  type DialogNode,
  type Ladder,
  type ListenNode,
  type PromptTemplate,
  type Thresholds,
} from './tree.js';
import type { Report, TreePath } from './tree-problem.js';
import type { RawBranch, RawLadder, RawNode, RawText, RawThresholds, RawTree } from './tree-schema.js';

const defaultNoInputMs = 5_000;
const defaultLadderMax = 2;

/** What every node of a tree is built with. */
export interface BuildContext {
  readonly raw: RawTree;
  /** DTMF keys of globals, to their prefixed ids. */
  readonly globalKeys: ReadonlyMap<string, string>;
  readonly report: Report;
}

type Kind = 'listen' | 'ask' | 'set' | 'handover' | 'transfer' | 'end';
type Builder = (raw: RawNode, id: string, path: TreePath, context: BuildContext) => DialogNode | null;

/** One builder for each key that makes a node what it is; a node with none of them is a `say`. */
const builders: Readonly<Record<Kind, Builder>> = {
  listen: buildListen,
  ask: buildAsk,
  set: buildSet,
  handover: buildHandover,
  transfer: buildTransfer,
  end: buildEnd,
};

/** Makes a node of its YAML, or reports why not and returns null. */
export function buildNode(id: string, raw: RawNode, context: BuildContext): DialogNode | null {
  const path = ['nodes', id];
  const kinds = (Object.keys(builders) as Kind[]).filter((kind) => raw[kind] !== undefined);
  const [kind, second] = kinds;
  if (second !== undefined) {
    const message = `a node is one of ${kinds.join(', ')}, not several`;
    context.report(
      'error',
      [...path, second],
      message,
      'Move one of them to a node of its own and "go" there',
    );
    return null;
  }
  checkCompanions(raw, kind, path, context.report);
  return kind === undefined ? buildSay(raw, id, path, context) : builders[kind](raw, id, path, context);
}

function checkCompanions(raw: RawNode, kind: Kind | undefined, path: TreePath, report: Report): void {
  const moves = kind === undefined || kind === 'ask' || kind === 'set';
  if (raw.go && !moves) report('error', [...path, 'go'], `"go" has no effect beside "${kind}"`, 'Remove it');
  if (raw.resume !== undefined && kind !== 'handover')
    report('error', [...path, 'resume'], '"resume" belongs to a handover', 'Remove it');
  if (raw.thresholds && kind !== 'listen' && kind !== 'ask')
    report('error', [...path, 'thresholds'], '"thresholds" belong to listen and ask', 'Remove them');
}

function base(raw: RawNode, id: string, path: TreePath, report: Report) {
  return { id, tags: raw.tags, say: raw.say ? promptOf(raw.say, [...path, 'say'], report) : null };
}

function buildSay(raw: RawNode, id: string, path: TreePath, { report }: BuildContext): DialogNode | null {
  const go = target(raw, path, report);
  return go === null ? null : { kind: 'say', ...base(raw, id, path, report), go };
}

function buildListen(raw: RawNode, id: string, path: TreePath, context: BuildContext): ListenNode | null {
  const { listen } = raw;
  if (!listen) return null;
  const { report } = context;
  const at = [...path, 'listen'];
  const branches = listen.branches.map((branch, i) =>
    buildBranch(branch, [...at, 'branches', i], '', report),
  );
  const dtmf = new Map(context.globalKeys);
  for (const [key, name] of Object.entries(listen.dtmf)) {
    const own = branches.some((branch) => branch?.id === name);
    dtmf.set(key, own ? name : globalPrefix + name);
  }
  return {
    kind: 'listen',
    ...base(raw, id, path, report),
    branches: branches.filter((branch) => branch !== null),
    dtmf,
    ...userTurn(raw, listen, at, context),
  };
}

function buildAsk(raw: RawNode, id: string, path: TreePath, context: BuildContext): AskNode | null {
  const { ask } = raw;
  const { report } = context;
  if (!ask) return null;
  const at = [...path, 'ask'];
  const go = target(raw, path, report, ask.type === 'yes_no');
  if (!isVariableName(ask.slot))
    report('error', [...at, 'slot'], `"${ask.slot}" cannot name a variable`, 'Use letters, digits and "_"');
  const answer = answerOf(ask, at, report);
  if (go === null) return null;
  return {
    kind: 'ask',
    ...base(raw, id, path, report),
    slot: ask.slot,
    answer,
    prompts: ask.prompts.map((text, i) => promptOf(text, [...at, 'prompts', i], report)),
    confirm: ask.confirm ? promptOf(ask.confirm, [...at, 'confirm'], report) : null,
    go,
    goNo: raw.go && 'no' in raw.go ? raw.go.no : go,
    dtmf: answer.type === 'digits' ? new Map() : context.globalKeys,
    ...userTurn(raw, ask, at, context),
  };
}

function answerOf(ask: NonNullable<RawNode['ask']>, at: TreePath, report: Report): AnswerType {
  if (ask.type !== 'digits') {
    if (ask.min !== undefined || ask.max !== undefined)
      report(
        'error',
        [...at, ask.min === undefined ? 'max' : 'min'],
        'only digits have a length',
        'Remove it',
      );
    return { type: ask.type === 'yes_no' ? 'yes-no' : 'text' };
  }
  const minDigits = ask.min ?? 1;
  const maxDigits = ask.max ?? Math.max(minDigits, 20);
  if (minDigits > maxDigits) report('error', [...at, 'min'], 'min is above max', 'Swap them');
  return { type: 'digits', minDigits, maxDigits };
}

function buildSet(raw: RawNode, id: string, path: TreePath, { report }: BuildContext): DialogNode | null {
  const go = target(raw, path, report);
  const values = new Map(Object.entries(raw.set ?? {}));
  for (const name of values.keys()) {
    if (!isVariableName(name))
      report(
        'error',
        [...path, 'set', name],
        `"${name}" cannot name a variable`,
        'Use letters, digits and "_"',
      );
  }
  return go === null ? null : { kind: 'set', ...base(raw, id, path, report), values, go };
}

function buildHandover(raw: RawNode, id: string, path: TreePath, context: BuildContext): DialogNode | null {
  const { handover } = raw;
  if (!handover) return null;
  return {
    kind: 'handover',
    ...base(raw, id, path, context.report),
    queue: handover.queue,
    reason: handover.reason,
    summary: typeof handover.summary === 'string' ? handover.summary : handover.summary ? null : '',
    resume: raw.resume ?? context.raw.start,
  };
}

function buildTransfer(raw: RawNode, id: string, path: TreePath, context: BuildContext): DialogNode | null {
  if (!raw.transfer) return null;
  return { kind: 'transfer', ...base(raw, id, path, context.report), target: raw.transfer.to };
}

function buildEnd(raw: RawNode, id: string, path: TreePath, { report }: BuildContext): DialogNode | null {
  const lastWords = raw.end?.say;
  if (lastWords && raw.say)
    report('error', [...path, 'say'], 'an end says one thing', 'Keep either "say" or "end: {say}"');
  const node = base(raw, id, path, report);
  const say = lastWords ? promptOf(lastWords, [...path, 'end', 'say'], report) : node.say;
  return { kind: 'end', ...node, say };
}

/** Reports a missing or misplaced `go`; returns its (or its yes) target. */
function target(raw: RawNode, path: TreePath, report: Report, yesNo = false): string | null {
  if (!raw.go) {
    report('error', path, 'dead end: the node does not say where to go', 'Add "go:", "listen:" or "end:"');
    return null;
  }
  if ('to' in raw.go) return raw.go.to;
  if (!yesNo) {
    report('error', [...path, 'go'], 'only an ask of type yes_no goes two ways', 'Name one node');
    return null;
  }
  return raw.go.yes;
}

/** `prefix` makes the id of a global. Reports a branch that does nothing. */
export function buildBranch(raw: RawBranch, path: TreePath, prefix: string, report: Report): Branch | null {
  const { id, examples, tags } = raw;
  if ((raw.go === undefined) === (raw.do === undefined)) {
    report('error', path, `branch "${id}" needs one of "go" and "do"`, 'Add "go: NODE" or "do: repeat"');
    return null;
  }
  return {
    id: prefix + id,
    label: raw.label ?? examples[0] ?? id,
    examples,
    tags,
    effect: raw.go === undefined ? { type: 'repeat' } : { type: 'go', target: raw.go },
  };
}

/** Reports an empty text. A variant left out is taken from the other. */
export function promptOf(text: RawText, path: TreePath, report: Report): PromptTemplate {
  const voice = text.voice ?? text.chat ?? '';
  const chat = text.chat ?? voice;
  if (voice.trim() === '' || chat.trim() === '')
    report('error', path, 'the text is empty', 'Write what the bot says, or remove the key');
  return { voice, chat, bargeIn: text.bargein };
}

interface RawLadders {
  readonly no_input?: RawLadder | undefined;
  readonly no_match?: RawLadder | undefined;
}

function userTurn(raw: RawNode, own: RawLadders, at: TreePath, { raw: tree, report }: BuildContext) {
  return {
    noInput: ladderOf(own.no_input, tree.no_input, [...at, 'no_input'], report),
    noMatch: ladderOf(own.no_match, tree.no_match, [...at, 'no_match'], report),
    noInputMs: own.no_input?.after ?? tree.no_input?.after ?? defaultNoInputMs,
    thresholds: thresholdsOf(raw.thresholds, tree.thresholds),
  };
}

/** The node's ladder, key by key over the tree's, over the default of two plain repetitions. */
function ladderOf(
  own: RawLadder | undefined,
  tree: RawLadder | undefined,
  path: TreePath,
  report: Report,
): Ladder {
  const prompts = own?.prompts ?? tree?.prompts ?? [];
  return {
    prompts: prompts.map((text, i) => promptOf(text, [...path, 'prompts', i], report)),
    max: own?.max ?? tree?.max ?? Math.max(defaultLadderMax, prompts.length),
    then: own?.then ?? tree?.then ?? null,
  };
}

function thresholdsOf(own: RawThresholds | undefined, tree: RawThresholds | undefined): Thresholds {
  if (own) return { ...own, source: 'node' };
  if (tree) return { ...tree, source: 'tree' };
  return defaultThresholds;
}

/** Languages for which built-in questions and answers exist. */
export function isSupportedLanguage(language: string): boolean {
  return isChinese(language) || /^en\b/i.test(language);
}
