import { chatStatus, listeners, type StatusParts } from './node-status.js';
import { shortList } from './short-list.js';

/** What an operator wants to know at start: what listens where, who hears and speaks, and what to try next. */
export function startUpReport(parts: StatusParts, httpPort: number): string[] {
  const { bots, similarity, tiers } = parts;
  const lines = ['', `Parley ${parts.version}`, ''];
  for (const { protocol, transport, address, ports } of listeners(parts, httpPort))
    lines.push(`  ${label(protocol)} ${transport.padEnd(4)} ${address}:${ports}`);
  lines.push('');
  for (const { kind, name, languages, available, detail } of tiers.reports()) {
    const state = available ? shortList(languages).join(', ') : `not available: ${detail}`;
    lines.push(`  ${kind.padEnd(12)} ${name} (${state})`);
  }
  const scorer = similarity.report();
  lines.push(`  scorer       ${scorer.name} (${scorer.detail})`);
  lines.push(
    `  tree         ${bots.default.id} (${bots.default.tree.language}, ${bots.default.tree.nodes.size} nodes)`,
  );
  lines.push(...chatLine(parts), '', ...missingSpeech(parts), ...nextSteps(parts, httpPort), '');
  return lines;
}

function chatLine(parts: StatusParts): string[] {
  const chat = chatStatus(parts);
  if (!chat) return [];
  const { mode } = parts.config.redis;
  const nodes = chat.routing ? `other nodes are found through Redis, ${mode}` : 'this node is alone';
  return [`  chats        kept in ${chat.store}; ${nodes}`];
}

function label(protocol: string): string {
  const names: Readonly<Record<string, string>> = { http: 'HTTP', sip: 'SIP', mrcp: 'MRCPv2', rtp: 'RTP' };
  return (names[protocol] ?? protocol).padEnd(7);
}

/** One sentence for each language that the trees speak and this machine cannot hear or say. */
function missingSpeech({ bots, config, tiers }: StatusParts): string[] {
  const lines: string[] = [];
  for (const language of new Set(bots.all().map(({ tree }) => tree.language))) {
    if (tiers.recognizerFor(config.bot.tier, language) === null)
      lines.push(
        `  No recogniser here hears ${language}: callers can only press keys. Add one under speech.recognizers.`,
      );
    if (!tiers.speaks(language))
      lines.push(
        `  No synthesiser here speaks ${language}: prompts are silent. Install espeak-ng or add one under speech.synthesizers.`,
      );
  }
  return lines.length > 0 ? [...lines, ''] : lines;
}

function nextSteps(parts: StatusParts, httpPort: number): string[] {
  const found = listeners(parts, httpPort);
  const at = (protocol: string): string => {
    const listener = found.find((candidate) => candidate.protocol === protocol);
    return listener ? `${listener.address}:${listener.ports}` : '';
  };
  const sip = at('sip');
  const { audioSocket } = parts.config;
  const chat = chatStatus(parts);
  return [
    `  Open     http://${at('http')}/`,
    ...(chat
      ? [`  Chat     http://${at('http')}${chat.page}, or connect an app to ws://${at('http')}${chat.socket}`]
      : []),
    `  Dial     sip:bot@${sip} with any phone, or run: npx parley call sip:bot@${sip} --say "my internet is down"`,
    `  Point    an MRCPv2 client at sip:${sip}`,
    ...(audioSocket.enabled ? [`  Stream   audio to ws://${at('http')}${audioSocket.path}`] : []),
  ];
}
