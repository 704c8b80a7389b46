import { isLoopback } from './cidr.js';
import { suggestName } from './nearest.js';
import { bindAddress } from './network-plan.js';
import type { Finding } from './problem.js';
import type { Config } from './schema.js';

function error(path: readonly PropertyKey[], message: string, fix: string): Finding {
  return { severity: 'error', part: 'value', path, message, fix };
}

/** Rules between `audioSocket` and other sections. Expects a completed config. */
export function checkAudioSocket(config: Config): Finding[] {
  if (!config.audioSocket.enabled) return [];
  return [...checkKeys(config), ...checkNames(config)];
}

/** Whoever can reach it can talk to engines that cost money. */
function checkKeys(config: Config): Finding[] {
  const { tokens, twilio } = config.audioSocket;
  const guarded = tokens.length > 0 || twilio.authToken !== null || config.security.apiKeys.length > 0;
  if (guarded || isLoopback(bindAddress(config, 'http'))) return [];
  const fix =
    'add a key to audioSocket.tokens, such as ${PARLEY_MEDIA_TOKEN}, or set audioSocket.enabled: false';
  return [error(['audioSocket', 'tokens'], 'the audio socket is open to everyone', fix)];
}

function checkNames(config: Config): Finding[] {
  const { rules, tier, tree } = config.audioSocket;
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
