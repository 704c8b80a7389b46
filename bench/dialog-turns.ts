import type { CallOutcome } from '../dialog/action.js';
import type { DialogEvent } from '../dialog/event.js';
import { loadTree } from '../dialog/load.js';
import { scoreNowOf } from '../dialog/score-now.js';
import { Simulation } from '../dialog/simulate.js';
import type { DialogState } from '../dialog/state.js';
import { step } from '../dialog/step.js';
import type { DialogTree } from '../dialog/tree.js';
import { measureOperation, type OperationCost } from './operation-cost.js';

/** One kind of turn and what its steps cost; the scorer's part of it is a figure of its own. */
export interface TurnCost extends OperationCost {
  readonly name: string;
}

const treeText = `tree: turns
start: menu
variables: { amount: = 40 }
globals:
  - { id: hours, visit: hours, examples: [when are you open, opening hours, are you open today] }
nodes:
  menu:
    say: What can I do for you, {amount}?
    listen:
      branches:
        - { id: bill, go: number, examples: [pay my bill, how much do i owe, my invoice, the bill please, i owe you] }
        - { id: order, go: look, examples: [where is my order, track my parcel, is it sent, my delivery, order state] }
        - { id: plan, go: amounts, examples: [another plan, change my tariff, a faster line, upgrade me, new contract] }
        - { id: place, go: address, examples: [i have moved, new address, moving house, change address, other flat] }
        - { id: fault, go: menu, examples: [no internet, my line is dead, it is broken, router fault, nothing works] }
        - { id: human, go: menu, examples: [an agent, a person please, speak to someone, real human, your colleague] }
  number:
    ask: { slot: number, type: digits, min: 4, max: 10, prompts: [Your number?], confirm: 'Is it {number}?' }
    go: menu
  look: { call: { http: shop, path: '/orders/{amount}', into: order, output: { state: result.state } }, go: tell }
  tell: { say: 'It is {state}, for {round(amount * 1.19, 2)}.', go: menu }
  amounts:
    condition:
      - { if: 'amount > 100 and length(state ?? "") > 3', go: tell }
      - { if: 'amount in [1, 2, 3]', go: tell }
      - { go: compute }
  compute: { set: { total: '= round(amount * 1.19, 2)', name: 'order {amount}' }, go: menu }
  address: { subtree: { name: places, with: { city: Berlin }, into: { where: place } }, go: menu }
  hours: { say: From nine to six., go: back }
  back: { return: true }
subtrees:
  places:
    parameters: [city]
    start: compose
    nodes:
      compose: { set: { place: 'in {city}' }, go: done }
      done: { return: { results: { place: '= place' } } }
`;

/** What the steps of a turn cost at each kind of node, and what the matcher costs at a node of six branches and a global. */
export function measureTurns(): TurnCost[] {
  const { tree, problems } = loadTree(treeText, 'turns.yaml');
  if (!tree) throw new Error(problems.map(({ message }) => message).join('\n'));
  const score = scoreNowOf(tree);
  const at = (text?: string): DialogState => {
    const simulation = new Simulation(tree, score);
    simulation.start('chat');
    if (text !== undefined) simulation.text(text);
    return simulation.state;
  };
  const menu = at();
  const branchIds = score('menu', 'x', [
    'bill',
    'order',
    'plan',
    'place',
    'fault',
    'human',
    'global:hours',
  ]).map(({ branchId }) => branchId);
  const scored = (text: string) => score('menu', text, branchIds);
  return [
    cost('match, six branches and a global', () => scored('could i please pay the bill of last month')),
    turn('a sentence, rejected', tree, menu, 'purple cactus', scored('purple cactus')),
    turn('a sentence, to an ask', tree, menu, 'pay my bill', scored('pay my bill')),
    turn('an answer, read back', tree, at('pay my bill'), 'it is 12 34 56', []),
    turn('a condition and a set', tree, menu, 'another plan', scored('another plan')),
    turn('a call and its answer', tree, menu, 'track my parcel', scored('track my parcel')),
    turn('a sub-tree and back', tree, menu, 'i have moved', scored('i have moved')),
    turn('a digression and back', tree, menu, 'when are you open', scored('when are you open')),
  ];
}

type Scores = ReturnType<ReturnType<typeof scoreNowOf>>;

function turn(name: string, tree: DialogTree, from: DialogState, text: string, scores: Scores): TurnCost {
  return cost(`step: ${name}`, () => {
    let state = from;
    let event: DialogEvent | null = { type: 'text', nowMs: 0, text, confidence: 1 };
    while (event) {
      const [next, actions]: ReturnType<typeof step> = step(tree, state, event);
      state = next;
      event = null;
      for (const action of actions) {
        if (action.type === 'score')
          event = { type: 'scored', nowMs: 0, scoreId: action.scoreId, scores, degraded: false };
        if (action.type === 'call')
          event = { type: 'called', nowMs: 0, callId: action.call.callId, outcome: answer };
      }
    }
    return state;
  });
}

const answer: CallOutcome = { ok: true, value: { state: 'on its way', lines: [1, 2, 3] } };

function cost(name: string, operation: () => unknown): TurnCost {
  return { name, ...measureOperation(operation) };
}
