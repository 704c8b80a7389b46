import { expect, it } from 'vitest';
import { loadTree } from './load.js';
import { traceDecision } from './trace.js';

const { tree } = loadTree(
  `tree: t
start: menu
thresholds: { accept: 0.3, confirm: 0.2 }
nodes:
  menu: { listen: { branches: [{ id: bill, go: bye, examples: [a, b, c] }] } }
  bye: { end: {} }
`,
  't.yaml',
);

it('shows the decision, its threshold and every score', () => {
  expect(tree).not.toBeNull();
  if (!tree) return;
  const decision = { nodeId: 'menu', nextNodeId: 'bye', branchId: 'bill', score: 0.61, threshold: 0.3 };
  const scores = [
    { branchId: 'bill', score: 0.61 },
    { branchId: 'operator', score: 0.02 },
  ];
  expect(traceDecision(tree, { ...decision, zone: 'accept' }, scores)).toEqual([
    'menu -> bye: accept bill 0.61 (threshold 0.30, tree)',
    '  bill     0.61 ############',
    '  operator 0.02',
  ]);
});

it('shows a decision without scores in one line', () => {
  if (!tree) return;
  const decision = { nodeId: 'menu', nextNodeId: 'menu', branchId: null, score: null, threshold: null };
  expect(traceDecision(tree, { ...decision, zone: 'no-input' })).toEqual(['menu -> menu: no-input']);
});
