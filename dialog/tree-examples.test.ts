import { describe, expect, it } from 'vitest';
import type { CandidateSet } from './scoring.js';
import { TreeExamples } from './tree-examples.js';

const first: CandidateSet = {
  setId: 'first',
  candidates: [
    { id: 'bill', examples: ['my bill', 'the invoice'], outcome: 'go bill' },
    { id: 'global:help', examples: ['help'], outcome: 'go desk' },
  ],
};
const second: CandidateSet = {
  setId: 'second',
  candidates: [
    { id: 'bill', examples: ['a bill again'], outcome: 'go elsewhere' },
    { id: 'invoice', examples: ['send an invoice'], outcome: 'go bill' },
    { id: 'fault', examples: ['no network', 'it is broken', 'my bill'], outcome: 'go fault' },
    { id: 'global:help', examples: ['help'], outcome: 'go desk' },
  ],
};

describe('the background of a node', () => {
  it('holds examples of other nodes, but none of the same id, the same outcome or the same words', () => {
    expect(new TreeExamples([first, second]).background(first)).toEqual(['no network', 'it is broken']);
  });

  it('is empty for the only node', () => {
    expect(new TreeExamples([first]).background(first)).toEqual([]);
  });

  const wide: CandidateSet[] = Array.from({ length: 100 }, (_, node) => ({
    setId: `n${node}`,
    candidates: [0, 1].map((branch) => ({
      id: `b${node}-${branch}`,
      examples: Array.from({ length: 20 }, (_example, i) => `node ${node} branch ${branch} example ${i}`),
    })),
  }));
  const examples = new TreeExamples(wide);
  const [node] = wide;

  it('is bounded, and taken from all over the tree', () => {
    if (!node) throw new Error('no node');
    const background = examples.background(node);
    expect(background.length).toBeLessThanOrEqual(60);
    expect(new Set(background.map((text) => text.split(' ')[1])).size).toBeGreaterThan(30);
  });

  it('has two halves that share no branch', () => {
    if (!node) throw new Error('no node');
    const branchesOf = (half: 0 | 1) =>
      new Set(examples.background(node, half, 2_000).map((text) => text.split(' ').slice(0, 4).join(' ')));
    const [left, right] = [branchesOf(0), branchesOf(1)];
    expect(left.size).toBeGreaterThan(50);
    expect([...left].filter((branch) => right.has(branch))).toEqual([]);
  });
});
