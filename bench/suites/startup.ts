import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { figure } from '../figure.js';
import { noUsageNote, readUsage } from '../process-usage.js';
import { median, summarize } from '../statistics.js';
import type { Suite } from '../suite.js';

/** Enough for the calls that Parley takes by default. */
const rtpPorts = 1_200;

/** From spawn to the log line "ready" with the embedded engines and the demo tree, against a Node that does nothing. */
export const startupSuite: Suite = {
  name: 'startup',
  about: 'spawn to "ready", and memory then',
  maxSeconds: 120,
  measuresPeers: false,
  run: async ({ children, options, print }) => {
    const starts = options.quick ? 2 : 5;
    const readyMs: number[] = [];
    const bareMs: number[] = [];
    const rssMb: number[] = [];
    print(`${starts} starts`);
    for (let i = 0; i < starts; i++) {
      bareMs.push(await bareStart());
      const { parley, readyAfterMs } = await children.startParley({ rtpPorts });
      readyMs.push(readyAfterMs);
      const usage = readUsage(parley.child.pid ?? null);
      if (usage) rssMb.push(usage.rssBytes / 1_048_576);
      await children.stopParley(parley);
    }
    const { p50, max } = summarize(readyMs);
    return {
      suite: 'startup',
      figures: [
        figure('start to ready, p50', p50, 'ms', { bar: 3_000, baseline: median(bareMs) }),
        figure('start to ready, max', max, 'ms', { baseline: summarize(bareMs).max }),
        ...(rssMb.length === 0
          ? []
          : [figure('memory when ready', median(rssMb), 'MB', { baseline: await bareRssMb() })]),
      ],
      distributions: [],
      notes: rssMb.length === 0 ? [noUsageNote] : [],
    };
  },
};

/** `node -e 0`, from spawn to its end. */
async function bareStart(): Promise<number> {
  const startMs = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - startMs;
}

async function bareRssMb(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'console.log(process.memoryUsage.rss())'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(text.toString()) / 1_048_576;
}
