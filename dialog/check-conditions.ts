import type { Advise } from './check-codes.js';
import type { Expression, ExpressionScope } from './expression.js';
import type { ConditionNode, DialogTree } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

/** What these give changes by itself. */
const readsClock = /\b(?:today|now|hour|weekday)\s*\(/;

/** `amount > 100` and the like; linear, since no part can match what another does. */
const comparison = /^([\p{L}][\p{L}\p{N}_.]*)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)$/u;

/** Every condition can hold and can fail, and every arm has a case of its own. */
export function checkConditions(tree: DialogTree, raw: RawTree, advise: Advise): void {
  for (const [i, { when }] of tree.globals.entries())
    checkBranchCondition(when, ['globals', i, 'when'], advise);
  for (const { id, path } of nodesOf(raw)) {
    const node = tree.nodes.get(id);
    if (node?.kind === 'condition') checkArms(node, [...path, 'condition'], advise);
    if (node?.kind === 'listen')
      for (const [i, { when }] of node.branches.entries())
        checkBranchCondition(when, [...path, 'listen', 'branches', i, 'when'], advise);
  }
}

function checkBranchCondition(when: Expression | null, path: TreePath, advise: Advise): void {
  const constant = when && constantOf(when);
  if (constant === null) return;
  const fix = constant ? 'Remove "when:"' : 'Remove the branch, or correct the condition';
  advise('constant-condition', path, `the condition ${constant ? 'always' : 'never'} holds`, fix);
}

function checkArms({ arms }: ConditionNode, path: TreePath, advise: Advise): void {
  const earlier: Expression[] = [];
  for (const [i, { when }] of arms.entries()) {
    if (!when) return;
    const at = [...path, i, 'if'];
    const constant = constantOf(when);
    if (constant === true) {
      advise(
        'constant-condition',
        at,
        'the condition always holds: what follows is never looked at',
        'Remove "if:" and what follows',
      );
      return;
    }
    if (constant === false)
      advise(
        'constant-condition',
        at,
        'the condition never holds',
        'Remove the arm, or correct the condition',
      );
    const cover = earlier.find((other) => covers(other.source, when.source));
    if (cover) {
      const message = `"${when.source}" is never looked at: "${cover.source}" comes first`;
      advise('unreachable-arm', at, message, 'Put the narrower condition first, or remove it');
    }
    earlier.push(when);
  }
}

/** What an expression without names and clock always is, as a condition; null when it may be either. */
function constantOf(expression: Expression): boolean | null {
  if (expression.names.length > 0 || readsClock.test(expression.source)) return null;
  const result = expression.evaluate(nowhere);
  return result.ok && typeof result.value === 'boolean' ? result.value : null;
}

const nowhere: ExpressionScope = { lookup: () => undefined, nowMs: 0, timeZone: 'UTC', language: 'en-US' };

/** Whether the first condition holds wherever the second does; only what can be seen at once. */
function covers(first: string, second: string): boolean {
  if (first === second) return true;
  const [, name, sign = '', bound] = comparison.exec(first) ?? [];
  const [, otherName, otherSign = '', otherBound] = comparison.exec(second) ?? [];
  if (name === undefined || name !== otherName || sign.charAt(0) !== otherSign.charAt(0)) return false;
  const distance = (Number(otherBound) - Number(bound)) * (sign.startsWith('>') ? 1 : -1);
  return distance > 0 || (distance === 0 && (sign.endsWith('=') || !otherSign.endsWith('=')));
}
