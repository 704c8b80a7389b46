import { statSync } from 'node:fs';

import { isLoopback, isWildcard } from './cidr.js';
import { suggestName } from './nearest.js';
import { bindAddress, rtpStreams } from './network-plan.js';
import type { Protocol } from './network-plan.js';
import type { Finding } from './problem.js';
import { checkKeys, checkWebhooks } from './key-checks.js';
import type { Config } from './schema.js';
import { checkSimilarity } from './similarity-checks.js';
import { checkStore } from './store-checks.js';

/** What one key alone cannot tell: rules between keys, and directories that have to be there. Expects a completed config. */
export function crossCheck(config: Config): Finding[] {
  return [
    ...checkExposure(config),
    ...checkPorts(config),
    ...checkRtp(config),
    ...checkEngines(config),
    ...checkDirectories(config),
    ...checkRules(config),
    ...checkSimilarity(config),
    ...checkKeys(config),
    ...checkWebhooks(config),
    ...checkStore(config),
  ];
}

function error(path: readonly PropertyKey[], message: string, fix: string): Finding {
  return { severity: 'error', part: 'value', path, message, fix };
}

function warning(path: readonly PropertyKey[], message: string, fix: string): Finding {
  return { severity: 'warning', part: 'value', path, message, fix };
}

/** What other machines can reach must be allowed by `listen.public`, and must ask who is there. */
function checkExposure(config: Config): Finding[] {
  const exposed = (['http', 'sip', 'mrcp', 'rtp'] as const).filter(
    (protocol) => !isLoopback(bindAddress(config, protocol)),
  );
  if (exposed.length === 0) return [];
  if (!config.listen.public) return exposed.map((protocol) => notPublic(config, protocol));
  const findings: Finding[] = [];
  const signalling = exposed.filter((protocol) => protocol === 'sip' || protocol === 'mrcp');
  if (signalling.length > 0 && config.sip.allowFrom.length === 0) {
    const message = `listen.public exposes ${signalling.join(' and ')} to everyone`;
    findings.push(
      error(
        ['sip', 'allowFrom'],
        message,
        'list the addresses of your platform in sip.allowFrom, or bind to 127.0.0.1',
      ),
    );
  }
  if (exposed.includes('http') && config.security.apiKeys.length + config.security.keys.length === 0) {
    const fix =
      'add a key to security.apiKeys (or security.keys), such as ${PARLEY_API_KEY}, or set http.address: 127.0.0.1';
    findings.push(error(['security', 'apiKeys'], 'listen.public exposes http without authentication', fix));
  }
  const everyone = config.sip.allowFrom.findIndex((range) => /\/0$/.test(range));
  if (everyone >= 0)
    findings.push(
      warning(
        ['sip', 'allowFrom', everyone],
        'this range is the whole internet',
        'name the networks you serve',
      ),
    );
  return findings;
}

function notPublic(config: Config, protocol: Protocol): Finding {
  const path = config[protocol].address === null ? ['listen', 'address'] : [protocol, 'address'];
  const message = `${bindAddress(config, protocol)} can be reached by other machines (${protocol})`;
  return error(path, message, 'set listen.public: true as well, or use 127.0.0.1');
}

interface Binding {
  readonly protocol: Protocol;
  readonly transport: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
}

function checkPorts(config: Config): Finding[] {
  const findings: Finding[] = [];
  if (!config.sip.udp && !config.sip.tcp)
    findings.push(error(['sip', 'tcp'], 'sip has neither UDP nor TCP', 'set sip.udp or sip.tcp to true'));
  const bindings: Binding[] = [];
  const add = (protocol: 'http' | 'sip' | 'mrcp', transport: 'udp' | 'tcp') => {
    const binding = {
      protocol,
      transport,
      address: bindAddress(config, protocol),
      port: config[protocol].port,
    };
    const other = bindings.find((earlier) => collide(earlier, binding));
    bindings.push(binding);
    if (!other) return;
    const message = `${protocol} and ${other.protocol} both want ${transport} port ${binding.port}`;
    findings.push(error([protocol, 'port'], message, `give ${protocol}.port another number`));
  };
  add('http', 'tcp');
  if (config.sip.tcp) add('sip', 'tcp');
  add('mrcp', 'tcp');
  const { port } = config.sip;
  const inRange = config.sip.udp && port >= config.rtp.from && port <= config.rtp.to;
  const sameHost = overlap(bindAddress(config, 'sip'), bindAddress(config, 'rtp'));
  if (inRange && sameHost) {
    const message = `sip and rtp both want udp port ${port}`;
    findings.push(error(['sip', 'port'], message, 'move sip.port out of rtp.from to rtp.to'));
  }
  return findings;
}

function collide(a: Binding, b: Binding): boolean {
  return a.port !== 0 && a.port === b.port && a.transport === b.transport && overlap(a.address, b.address);
}

function overlap(a: string, b: string): boolean {
  return a === b || isWildcard(a) || isWildcard(b);
}

function checkRtp(config: Config): Finding[] {
  const { from, to } = config.rtp;
  const findings: Finding[] = [];
  if (from % 2 !== 0)
    findings.push(
      error(['rtp', 'from'], `${from} is odd`, `start at ${from + 1}: RTP takes even ports (RFC 3550 11)`),
    );
  if (to <= from) findings.push(error(['rtp', 'to'], `${to} is not above rtp.from`, `at least ${from + 1}`));
  else if (rtpStreams(config) < config.sip.maxCalls) {
    const message = `${from} to ${to} carries ${rtpStreams(config)} calls, sip.maxCalls is ${config.sip.maxCalls}`;
    const needed = from + 2 * config.sip.maxCalls - 1;
    const fix =
      needed <= 65_535 ? `set rtp.to: ${needed} or lower sip.maxCalls` : 'lower sip.maxCalls or rtp.from';
    findings.push(error(['rtp', 'to'], message, fix));
  }
  return findings;
}

function checkEngines(config: Config): Finding[] {
  const findings: Finding[] = [];
  for (const kind of ['recognizers', 'synthesizers'] as const) {
    const names = config.speech[kind].map((engine) => engine.name);
    names.forEach((name, index) => {
      if (names.indexOf(name) !== index)
        findings.push(
          error(['speech', kind, index, 'name'], `"${name}" is taken already`, 'choose another name'),
        );
    });
    for (const [tierName, tier] of Object.entries(config.tiers))
      tier[kind].forEach((name, index) => {
        if (!names.includes(name))
          findings.push(
            error(
              ['tiers', tierName, kind, index],
              `speech.${kind} has no "${name}"`,
              suggestName(name, names),
            ),
          );
      });
  }
  const tiers = Object.keys(config.tiers);
  for (const section of ['mrcp', 'bot'] as const)
    if (!tiers.includes(config[section].tier))
      findings.push(
        error(
          [section, 'tier'],
          `tiers has no "${config[section].tier}"`,
          suggestName(config[section].tier, tiers),
        ),
      );
  return findings;
}

function checkDirectories(config: Config): Finding[] {
  const findings: Finding[] = [];
  config.templates.directories.forEach((directory, index) => {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
      findings.push(
        error(['templates', 'directories', index], `there is no directory ${directory}`, 'correct the path'),
      );
  });
  return findings;
}

function checkRules(config: Config): Finding[] {
  const findings: Finding[] = [];
  const trees = Object.keys(config.dialog.trees);
  const { rules } = config.templates;
  rules.forEach((rule, index) => {
    const always = Object.values(rule.when).every((condition) => condition === null);
    if (always && index < rules.length - 1)
      findings.push(
        warning(
          ['templates', 'rules', index],
          'this rule has no condition, so the rules after it never apply',
          'move it to the end',
        ),
      );
    if (rule.tree !== null && !trees.includes(rule.tree))
      findings.push(
        error(
          ['templates', 'rules', index, 'tree'],
          `dialog.trees has no "${rule.tree}"`,
          suggestName(rule.tree, trees),
        ),
      );
  });
  return findings;
}
