import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../config/paths.js';
import { candidates } from './candidates.js';
import { loadTree } from './load.js';
import { NgramMatcher } from './ngram-matcher.js';
import { treeFrequencies } from './ngram-scorer.js';
import { Simulation } from './simulate.js';
import type { DialogTree } from './tree.js';

function load(name: string): DialogTree {
  const file = projectPath('config', 'trees', name);
  const { tree, problems } = loadTree(readFileSync(file, 'utf8'), file);
  expect(problems).toEqual([]);
  if (!tree) throw new Error(`${name} does not load`);
  return tree;
}

function simulate(tree: DialogTree): Simulation {
  const sets = candidates(tree);
  const frequencies = treeFrequencies(sets);
  const matchers = new Map(sets.map((set) => [set.setId, new NgramMatcher(set.candidates, frequencies)]));
  const simulation = new Simulation(tree, (nodeId, text) => matchers.get(nodeId)?.match(text) ?? []);
  simulation.start();
  return simulation;
}

/** Each turn is a sentence, or keys when it begins with `#`, or silence when empty. */
function play(simulation: Simulation, turns: readonly string[]): void {
  for (const turn of turns) {
    if (turn === '') simulation.silence();
    else if (turn.startsWith('#')) simulation.keys(turn.slice(1));
    else simulation.text(turn);
  }
}

const english = load('demo-en.yaml');
const chinese = load('demo-zh.yaml');

describe.each([
  ['English', english],
  ['Chinese', chinese],
])('the %s demo', (_name, tree) => {
  it('takes every example at its node to its branch', () => {
    for (const { setId, candidates: spoken } of candidates(tree)) {
      const node = tree.nodes.get(setId);
      if (node?.kind !== 'listen') continue;
      for (const { id, examples } of spoken) {
        for (const example of examples) {
          const simulation = simulate(tree);
          if (setId !== 'menu') play(simulation, ['#3']);
          expect(simulation.state.nodeId).toBe(setId);
          const decided = simulation.text(example).find((action) => action.type === 'decided');
          expect(decided, `${example} at ${setId}`).toMatchObject({
            decision: { branchId: id, zone: 'accept' },
          });
        }
      }
    }
  });

  it('ends by keys in one turn, and by keys through the bill', () => {
    const short = simulate(tree);
    play(short, ['#9']);
    expect(short.state.phase.name).toBe('ended');
    const bill = simulate(tree);
    play(bill, ['#2', '#13812345678', '#1', '#2']);
    expect(bill.state).toMatchObject({ phase: { name: 'ended' }, variables: { phone: '13812345678' } });
  });

  it('reaches a human when it hears nothing, and when it understands nothing', () => {
    const silent = simulate(tree);
    play(silent, ['', '', '']);
    expect(silent.state.phase.name).toBe('handed-over');
    const strange = simulate(tree);
    play(strange, ['xyzzy plugh', 'xyzzy plugh', 'xyzzy plugh']);
    expect(strange.state.phase.name).toBe('handed-over');
  });
});

describe('stories', () => {
  it.each<[string, DialogTree, string[], string, Record<string, unknown>]>([
    ['goodbye at once', english, ['thank you goodbye'], 'goodbye', {}],
    [
      'a fault',
      english,
      ['my internet seems to be down', 'yes', 'no thank you'],
      'goodbye',
      { red_light: true },
    ],
    [
      'a dead line',
      english,
      ['the line is dead', 'no it is not', 'nothing else'],
      'goodbye',
      { red_light: false },
    ],
    ['opening hours', english, ['when do you open', 'no'], 'goodbye', {}],
    [
      'a bill, corrected',
      english,
      [
        'how much is my bill',
        'five five five double one two three',
        'no five five five double one two four',
        'yes',
      ],
      'anything_else',
      { phone: '5551124', amount: 'forty two dollars' },
    ],
    ['a person', english, ['i want to talk to a human'], 'handover', {}],
    ['故障', chinese, ['我家上不了网了', '是的', '没有别的了'], 'goodbye', { red_light: true }],
    [
      '账单',
      chinese,
      ['帮我查一下账单', '幺三八幺二三四五六七八', '对的', '没有了'],
      'goodbye',
      { phone: '13812345678' },
    ],
    ['营业时间', chinese, ['请问你们几点下班', '再见'], 'goodbye', {}],
    ['人工', chinese, ['我要转人工'], 'handover', {}],
  ])('%s', (_name, tree, turns, nodeId, variables) => {
    const simulation = simulate(tree);
    play(simulation, turns);
    expect(simulation.state.nodeId).toBe(nodeId);
    expect(simulation.state.variables).toMatchObject(variables);
  });
});
