import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `counting-tree` answers with the next number. */
export const countingText = 'count please';

/** A tree that numbers its answers from 1, so that one too many or too few shows. */
export const countingTree = `tree: counting
language: en-US
start: loop
fallback: bye
variables: { n: 0 }
nodes:
  loop:
    listen:
      branches:
        - { id: count, examples: [${countingText}], go: count }
      no_match: { prompts: [Pardon?], max: 1 }
  count: { set: { n: = n + 1 }, go: tell }
  tell: { say: 'answer {n}', go: loop }
  bye: { end: { say: Goodbye. } }
`;

/** Writes it into a directory; returns the path. */
export function writeCountingTree(directory: string): string {
  const path = join(directory, 'counting.yaml');
  writeFileSync(path, countingTree);
  return path;
}
