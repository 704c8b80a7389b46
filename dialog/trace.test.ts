import { expect, it } from 'vitest';
import { loadTree } from './load.js';
import { Simulation } from './simulate.js';
import { traceDecision, traceTurn } from './trace.js';

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
  const decision = {
    nodeId: 'menu',
    nextNodeId: 'bye',
    branchId: 'bill',
    score: 0.61,
    threshold: 0.3,
    scores: [],
    options: [],
  };
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
  const decision = {
    nodeId: 'menu',
    nextNodeId: 'menu',
    branchId: null,
    score: null,
    threshold: null,
    scores: [],
    options: [],
  };
  expect(traceDecision(tree, { ...decision, zone: 'no-input' })).toEqual(['menu -> menu: no-input']);
});

it('gives everything of a turn as JSON', () => {
  if (!tree) return;
  const simulation = new Simulation(tree, () => [{ branchId: 'bill', score: 0.9 }]);
  simulation.start();
  const trace = traceTurn(tree, simulation.text('my bill'));
  expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
  expect(trace).toMatchObject({
    path: ['bye'],
    decisions: [
      { branchId: 'bill', zone: 'accept', thresholds: { accept: 0.3, confirm: 0.2, source: 'tree' } },
    ],
    ends: 'end',
  });
});
