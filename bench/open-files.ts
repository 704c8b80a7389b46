import { existsSync, readFileSync } from 'node:fs';

/** Descriptors that a process needs beside its connections. */
const spareFiles = 200;

/** How many of the wanted connections one process of this machine can hold (`ulimit -n`). */
export function affordableConnections(wanted: number): number {
  return Math.min(wanted, openFilesLimit() - spareFiles);
}

/** Files that this process and its children may have open; large where there is no /proc. */
function openFilesLimit(): number {
  const path = '/proc/self/limits';
  const line = existsSync(path) ? /^Max open files\s+(\d+)/m.exec(readFileSync(path, 'utf8')) : null;
  return Number(line?.[1] ?? Number.MAX_SAFE_INTEGER);
}
