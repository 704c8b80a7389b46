import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** 128 bytes that the bot takes note of without an answer. */
export const silentText =
  'I have been waiting for the technician since nine this morning, and nobody has called; please tell me when somebody will come ..';

/** Is answered by a count. */
export const askingText = 'count please';

const tree = `tree: bench
language: en-US
start: loop
fallback: bye
variables: { n: 0 }
nodes:
  loop:
    listen:
      branches:
        - { id: count, label: count, examples: ['${askingText}', how many is that, the number now], go: count }
        - { id: note, label: a note, examples: ['${silentText}', write it down, note that for me], go: note }
        - { id: bye, label: goodbye, examples: [goodbye now, we are done here, no more], go: bye }
      no_match: { prompts: [Pardon?], max: 1 }
  count: { set: { n: = n + 1 }, go: tell }
  note: { set: { n: = n + 1 }, go: loop }
  tell: { say: 'answer {n}', go: loop }
  bye: { end: { say: Goodbye. } }
`;

/** A dialog tree in a directory of its own, until `remove`. */
export class BenchTree {
  readonly #directory = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  readonly path = join(this.#directory, 'bench.yaml');

  constructor() {
    writeFileSync(this.path, tree);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
