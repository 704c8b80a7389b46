import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What to tell a reader whose run has no peer. */
export const socketioMissing =
  'socket.io is not installed: run "npm install socket.io@4 @socket.io/redis-adapter@8" in a folder, and name it with --peer-modules';

/** True when both packages are found from this folder. */
export function hasSocketio(directory: string): boolean {
  const { resolve } = createRequire(join(directory, 'package.json'));
  try {
    resolve('socket.io');
    resolve('@socket.io/redis-adapter');
    return true;
  } catch {
    return false;
  }
}
