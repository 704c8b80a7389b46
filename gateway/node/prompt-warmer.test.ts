import { describe, expect, test } from 'vitest';

import { MemoryLogger } from '../../config/logger.js';
import { FakeSpeaker } from '../session/testing/fake-speaker.js';
import { treeOf } from '../session/testing/kit.js';
import { warmPrompts } from './prompt-warmer.js';

const tree = treeOf(`tree: t
language: en-GB
start: a
variables: { name: Ann }
nodes:
  a: { say: 'Hello {name}.', go: b }
  b: { say: Fixed., go: c }
  c: { end: { say: Bye. } }
`);
const { signal } = new AbortController();

describe('warmPrompts', () => {
  test('makes every fixed prompt for both telephone encodings and leaves out those with a variable', async () => {
    const speaker = new FakeSpeaker();
    const logger = new MemoryLogger();
    const warmed = await warmPrompts([tree], speaker, logger, signal);
    const made = speaker.warmed.map(({ options, format }) => `${format.encoding} ${options.text}`);
    expect(made).toEqual(['PCMU Fixed.', 'PCMU Bye.', 'PCMA Fixed.', 'PCMA Bye.']);
    expect(speaker.warmed.every(({ options }) => options.language === 'en-GB')).toBe(true);
    expect(warmed).toBe(4);
    expect(logger.lines).toMatchObject([{ level: 'info', fields: { prompts: 4 } }]);
  });

  test('counts only what could be made', async () => {
    const speaker = new FakeSpeaker();
    speaker.warms = false;
    expect(await warmPrompts([tree], speaker, new MemoryLogger(), signal)).toBe(0);
  });

  test('makes one at a time and stops when it is aborted', async () => {
    const abort = new AbortController();
    const speaker = new FakeSpeaker();
    const logger = new MemoryLogger();
    let running = 0;
    const warmer = {
      warm: async (...args: Parameters<FakeSpeaker['warm']>) => {
        expect(++running).toBe(1);
        const result = await speaker.warm(...args);
        running--;
        abort.abort();
        return result;
      },
    };
    expect(await warmPrompts([tree], warmer, logger, abort.signal)).toBe(1);
    expect([speaker.warmed.length, logger.lines]).toEqual([1, []]);
  });
});
