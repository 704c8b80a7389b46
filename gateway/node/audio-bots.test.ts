import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { loadConfig } from '../../config/load.js';
import { projectPath } from '../../config/paths.js';
import { AudioBots } from './audio-bots.js';

const yaml = `
dialog: { tree: main, trees: { main: ${projectPath('config/trees/demo-en.yaml')}, sales: ${projectPath('config/trees/demo-en.yaml')} } }
tiers: { gold: {} }
audioSocket:
  tree: main
  rules:
    - { when: { parameter: { name: line, value: sales }, source: 10.0.0.0/8 }, tree: sales, tier: gold }
    - { when: { parameter: { name: line, value: sales } }, tree: sales }
    - { when: { source: 192.168.0.0/16 }, tier: gold }
`;

const directory = mkdtempSync(join(tmpdir(), 'parley-audio-bots-'));
afterAll(() => rmSync(directory, { recursive: true }));

function bots(): AudioBots {
  writeFileSync(join(directory, 'parley.yaml'), yaml);
  const { config, problems } = loadConfig({ file: 'parley.yaml', env: {}, cwd: directory });
  if (!config) throw new Error(JSON.stringify(problems));
  const none = {} as never;
  return new AudioBots({
    config,
    bots: none,
    tiers: none,
    services: none,
    metrics: none,
    turns: null,
    presence: none,
    clock: new FakeClock(),
  });
}

describe('the first rule whose conditions hold decides', () => {
  test.each([
    ['10.1.1.1', { line: 'sales' }, { tree: 'sales', tier: 'gold' }],
    ['11.1.1.1', { line: 'sales' }, { tree: 'sales', tier: 'default' }],
    ['192.168.1.1', { line: 'other' }, { tree: 'main', tier: 'gold' }],
    ['11.1.1.1', {}, { tree: 'main', tier: 'default' }],
  ])('%s %j', (source, parameters, expected) => {
    expect(bots().choose(source, parameters as Record<string, string>)).toEqual(expected);
  });
});
