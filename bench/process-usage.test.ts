import { expect, test } from 'vitest';

import { parseUsage, readUsage } from './process-usage.js';

test('proc(5): fields are counted behind the command name, which may hold brackets and spaces', () => {
  const stat =
    '4242 (node (a) b) S 1 4242 4242 0 -1 4194304 5000 0 0 0 150 25 0 0 20 0 11 0 12345 1000000 5000';
  const status = 'Name:\tnode\nVmPeak:\t  900000 kB\nVmRSS:\t   40960 kB\n';
  expect(parseUsage(stat, status)).toEqual({ cpuMs: 1_750, rssBytes: 40_960 * 1_024 });
});

test('a process that is not known or not there has no usage', () => {
  expect(readUsage(null)).toBeNull();
  expect(readUsage(4_194_305)).toBeNull();
});
