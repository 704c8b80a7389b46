import { buildBranch } from './build-branch.js';
import type { BuildContext } from './build-context.js';
import { baseOf, goOf } from './build-node.js';
import { isYesNo } from './entity-types.js';
import {
  defaultThresholds,
  globalPrefix,
  type AskNode,
  type Ladder,
  type ListenNode,
  type Thresholds,
} from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawAsk, RawLadder, RawNode, RawThresholds, RawTree } from './tree-schema.js';

const defaultNoInputMs = 5_000;
const defaultLadderMax = 2;

export function buildListen(
  raw: RawNode,
  id: string,
  path: TreePath,
  context: BuildContext,
): ListenNode | null {
  const { listen } = raw;
  if (!listen) return null;
  const at = [...path, 'listen'];
  const branches = listen.branches.map((branch, i) => buildBranch(branch, [...at, 'branches', i], context));
  const dtmf = new Map(context.globalKeys);
  for (const [key, name] of Object.entries(listen.dtmf)) {
    const own = branches.some((branch) => branch?.id === name);
    dtmf.set(key, own ? name : globalPrefix + name);
  }
  return {
    kind: 'listen',
    ...baseOf(raw, id, path, context),
    branches: branches.filter((branch) => branch !== null),
    dtmf,
    ...userTurn(raw, listen, at, context),
  };
}

export function buildAsk(raw: RawNode, id: string, path: TreePath, context: BuildContext): AskNode | null {
  const { ask } = raw;
  if (!ask) return null;
  const at = [...path, 'ask'];
  const { compiler } = context;
  const answer = context.entityType(specOf(ask), [...at, 'type']);
  const yesNo = answer !== null && isYesNo(answer);
  const go = goOf(raw, path, context, yesNo);
  if (go === null || !answer) return null;
  return {
    kind: 'ask',
    ...baseOf(raw, id, path, context),
    slot: ask.slot,
    answer,
    prompts: ask.prompts.map((text, i) => compiler.prompt(text, [...at, 'prompts', i])),
    confirm: ask.confirm ? compiler.prompt(ask.confirm, [...at, 'confirm']) : null,
    validate: validationOf(ask, at, context),
    fill: context.entityTypes(ask.fill, [...at, 'fill']),
    skipFilled: ask.skip_filled,
    go,
    goNo: raw.go && 'no' in raw.go ? context.resolve(raw.go.no) : go,
    // Where several keys are the answer, none of them can mean something else.
    dtmf: (answer.keyDigits?.most ?? 0) > 1 ? new Map<string, string>() : context.globalKeys,
    ...userTurn(raw, ask, at, context),
  };
}

function specOf({ type, min, max, prefer }: RawAsk) {
  return {
    type,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(prefer === undefined ? {} : { prefer }),
  };
}

function validationOf({ validate }: RawAsk, at: TreePath, { compiler }: BuildContext): AskNode['validate'] {
  if (!validate) return null;
  return {
    expression: compiler.expression(validate.if, [...at, 'validate', 'if']),
    prompt: validate.prompt ? compiler.prompt(validate.prompt, [...at, 'validate', 'prompt']) : null,
  };
}

type RawUserTurn = Pick<RawAsk, 'no_input' | 'no_match' | 'interruptible' | 'help'>;

function userTurn(raw: RawNode, own: RawUserTurn, at: TreePath, context: BuildContext) {
  const { raw: tree, compiler } = context;
  return {
    noInput: ladderOf(own.no_input, tree.no_input, [...at, 'no_input'], context),
    noMatch: ladderOf(own.no_match, tree.no_match, [...at, 'no_match'], context),
    noInputMs: own.no_input?.after ?? tree.no_input?.after ?? defaultNoInputMs,
    thresholds: thresholdsOf(raw.thresholds, tree.thresholds),
    interruptible: own.interruptible ?? true,
    help: own.help ? compiler.prompt(own.help, [...at, 'help']) : null,
  };
}

/** The node's ladder, key by key over the tree's, over the default of two plain repetitions. */
function ladderOf(
  own: RawLadder | undefined,
  tree: RawLadder | undefined,
  path: TreePath,
  { compiler, ...context }: BuildContext,
): Ladder {
  const prompts = own?.prompts ?? tree?.prompts ?? [];
  const then = own?.then ?? tree?.then;
  return {
    prompts: prompts.map((text, i) => compiler.prompt(text, [...path, 'prompts', i])),
    max: own?.max ?? tree?.max ?? Math.max(defaultLadderMax, prompts.length),
    then: then === undefined ? null : context.resolve(then),
  };
}

function thresholdsOf(own: RawThresholds | undefined, tree: RawTree['thresholds']): Thresholds {
  if (own) return { ...own, source: 'node' };
  if (tree) return { ...tree, source: 'tree' };
  return defaultThresholds;
}
