import { ordinalType } from './entity-ordinal.js';
import { findBranch } from './offered.js';
import { findYesNo } from './slots-yes-no.js';
import type { OpenQuestion } from './state.js';
import { normalizeUtterance } from './text-features.js';
import type { Branch, WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { labelOf } from './wait.js';

const ordinal = ordinalType({});

/** "Neither", which a yes-no lexicon does not know. */
const neither = /^(neither|none|none of (them|those|these)|都不是|都不对|两个都不是|没有一个)$/u;

/**
 * The answer to "A or B?": one of them by its place ("the second one") or its name; `branch` null for neither. Null
 * when the reply is something else.
 */
export function hearChoice(
  turn: Turn,
  node: WaitingNode,
  { branchIds }: Extract<OpenQuestion, { name: 'choosing' }>,
  text: string,
): { readonly branch: Branch | null } | null {
  const normalized = normalizeUtterance(text);
  const yesNo = findYesNo(text);
  if (neither.test(normalized) || (yesNo?.bare === true && !yesNo.yes)) return { branch: null };
  const branches = branchIds.map((id) => findBranch(turn, node, id));
  const named = branches.filter((branch) => branch && isNamed(turn, branch, normalized));
  const [only] = named;
  if (named.length === 1 && only) return { branch: only };
  const place = placeIn(turn, text);
  const index = place !== null && place < 0 ? branches.length + place : (place ?? 0) - 1;
  const branch = branches[index];
  return branch ? { branch } : null;
}

function isNamed(turn: Turn, branch: Branch, normalized: string): boolean {
  const label = normalizeUtterance(labelOf(turn, branch.label));
  return label !== '' && (normalized.includes(label) || (normalized.length > 1 && label === normalized));
}

/** From 1, or from the end with -1 for the last; null for none. */
function placeIn(turn: Turn, text: string): number | null {
  const [first] = ordinal.find(text, turn.entityContext);
  return typeof first?.value === 'number' ? first.value : null;
}
