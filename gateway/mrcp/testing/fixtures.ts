import { readFileSync } from 'node:fs';
import { projectPath } from '../../../config/paths.js';

/** Names of the captured client runs in testdata/. */
export const clientRuns = ['synth', 'recog', 'dtmf', 'params', 'rec'] as const;

export type ClientRun = (typeof clientRuns)[number];

/** The messages of one run as octets, CRLF restored in start lines and header fields. */
export function clientMessages(run: ClientRun): Buffer[] {
  const text = readFileSync(projectPath('gateway/mrcp/testdata', `unimrcp-client-${run}.txt`), 'utf8');
  const blocks = text.split(/^=== (\d+) octets\n/m).slice(1);
  const messages: Buffer[] = [];
  for (let i = 0; i + 1 < blocks.length; i += 2) {
    const block = blocks[i + 1] ?? '';
    const headEnd = block.indexOf('\n\n');
    const head = `${block.slice(0, headEnd).replaceAll('\n', '\r\n')}\r\n\r\n`;
    const octets = Buffer.from(head + block.slice(headEnd + 2)).subarray(0, Number(blocks[i]));
    if (octets.length !== Number(blocks[i])) throw new Error(`${run}: message of ${octets.length} octets`);
    messages.push(octets);
  }
  return messages;
}
