import { suggestName } from './nearest.js';
import type { Finding } from './problem.js';
import type { Config } from './schema.js';

function error(path: readonly PropertyKey[], message: string, fix: string): Finding {
  return { severity: 'error', part: 'value', path, message, fix };
}

/** Rules between `audioSocket` and other sections. Expects a completed config. */
export function checkAudioSocket(config: Config): Finding[] {
  // Who may enter needs no rule of its own: listen.public demands security.apiKeys, which guard this socket, too.
  const { enabled, rules, tier, tree } = config.audioSocket;
  if (!enabled) return [];
  const findings: Finding[] = [];
  const check = (
    section: 'dialog.trees' | 'tiers',
    known: readonly string[],
    path: readonly PropertyKey[],
    named: string | null,
  ): void => {
    if (named !== null && !known.includes(named))
      findings.push(error(path, `${section} has no "${named}"`, suggestName(named, known)));
  };
  const trees = Object.keys(config.dialog.trees);
  const tiers = Object.keys(config.tiers);
  check('dialog.trees', trees, ['audioSocket', 'tree'], tree);
  check('tiers', tiers, ['audioSocket', 'tier'], tier);
  rules.forEach((rule, index) => {
    check('dialog.trees', trees, ['audioSocket', 'rules', index, 'tree'], rule.tree);
    check('tiers', tiers, ['audioSocket', 'rules', index, 'tier'], rule.tier);
  });
  return findings;
}
