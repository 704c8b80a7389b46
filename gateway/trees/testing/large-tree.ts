/** YAML of a tree with that many listening nodes of six branches with five examples. */
export function largeTree(nodes: number, version: number): string {
  const lines = [
    `tree: large`,
    `version: ${version}`,
    'language: en-US',
    'start: n0',
    'fallback: bye',
    'nodes:',
  ];
  for (let node = 0; node < nodes; node++) {
    lines.push(
      `  n${node}:`,
      `    say: This is question ${node} of version ${version}.`,
      '    listen:',
      '      branches:',
    );
    for (let branch = 0; branch < 6; branch++) {
      const go = branch === 0 ? 'bye' : `n${(node + branch) % nodes}`;
      lines.push(`        - id: b${branch}`, `          go: ${go}`, '          examples:');
      for (let example = 0; example < 5; example++)
        lines.push(`            - ${sentence(node * 6 + branch, example)}`);
    }
  }
  lines.push('  bye: { end: { say: Goodbye. } }', '');
  return lines.join('\n');
}

const openings = ['please', 'i want to', 'can you', 'help me', 'how do i'] as const;
const verbs = [
  'change',
  'cancel',
  'pay',
  'check',
  'move',
  'repair',
  'order',
  'return',
  'renew',
  'transfer',
  'open',
];
const nouns = [
  'router',
  'invoice',
  'contract',
  'address',
  'number',
  'parcel',
  'appointment',
  'card',
  'account',
  'box',
];

/** Five sentences for each of 110 intents; more intents repeat them. */
function sentence(intent: number, example: number): string {
  const verb = verbs[intent % verbs.length] ?? '';
  const noun = nouns[intent % nouns.length] ?? '';
  return `${openings[example] ?? ''} ${verb} ${example % 2 === 0 ? 'my' : 'the'} ${noun}`;
}
