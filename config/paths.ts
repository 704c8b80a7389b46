import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(from: string): string {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
    if (dirname(dir) === dir) throw new Error(`no package.json above ${from}`);
  }
}

const root = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Absolute path of a file that ships beside the code (templates, demo trees, test data), from the package's root. */
export function projectPath(...parts: string[]): string {
  return join(root, ...parts);
}
