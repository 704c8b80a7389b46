import { dialogLimits } from '../config/limits.js';
import type { Turn } from './turn.js';
import { textOf } from './value.js';

/** Handover without a node of the tree: the last resort, to the queue `default`; a human resumes at the start. */
export function handOverToAnyone(turn: Turn, reason: string): void {
  turn.handOver('default', reason, summaryOf(turn), turn.tree.start);
}

/** What is known and what was said, one fact a line. */
export function summaryOf({ state }: Turn): string {
  const known = Object.entries(state.variables).map(([name, value]) => `${name}: ${textOf(value)}`);
  const heard = state.heard.map((text) => `> ${text}`);
  return [...known, ...heard].join('\n').slice(0, dialogLimits.textCharacters);
}
