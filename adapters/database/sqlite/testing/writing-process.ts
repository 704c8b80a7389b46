import { SystemClock } from '../../../../config/clock.js';
import { systemRandom } from '../../../../config/random.js';
import { SqliteSessionLog } from '../sqlite-session-log.js';

/**
 * A program that appends to the file it is given as fast as it can, with 16 callers, and prints the text of each message
 * when it is acknowledged; a test kills it in the middle.
 */
const [file = ''] = process.argv.slice(2);
const log = await SqliteSessionLog.open({ file, synchronous: 'full' }, new SystemClock(), systemRandom);
const ref = { tenant: 'shop', sessionId: 'first' };
await log.open({ ...ref, userId: 'ann', ingress: 'chat', tree: null });

async function append(caller: number): Promise<never> {
  for (let n = 0; ; n++) {
    const text = `${caller}/${n}`;
    const body = { type: 'text', text } as const;
    const result = await log.append(ref, { author: 'user', senderId: 'ann', clientId: text, body });
    if (result.outcome !== 'appended') throw new Error(`not appended: ${result.outcome}`);
    process.stdout.write(`${text}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, (_, caller) => append(caller)));
