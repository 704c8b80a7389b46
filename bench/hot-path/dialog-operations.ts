import { readFileSync } from 'node:fs';

import { projectPath } from '../../config/paths.js';
import { candidates } from '../../dialog/candidates.js';
import { loadTree } from '../../dialog/load.js';
import { NgramMatcher } from '../../dialog/ngram-matcher.js';
import type { Candidate } from '../../dialog/scoring.js';
import { initialState, type DialogState } from '../../dialog/state.js';
import { step } from '../../dialog/step.js';
import type { DialogTree } from '../../dialog/tree.js';
import { loadTemplates } from '../../templates/loader.js';
import { render } from '../../templates/render.js';
import { emptyVariables } from '../../templates/schema.js';
import type { HotOperation } from './hot-operation.js';

const treeFile = projectPath('config', 'trees', 'demo-en.yaml');
/** A node of the demo tree with three branches of its own and three global ones. */
const nodeId = 'menu';
const utterance = 'hello my internet connection is down again';
const templateId = 'nlsml-dialogue';

/** What happens once a turn. */
export function dialogOperations(): HotOperation[] {
  const { tree } = loadTree(readFileSync(treeFile, 'utf8'), treeFile);
  if (!tree) throw new Error(`${treeFile} does not load`);
  return [dialogTurn(tree), ...matcher(tree), templateRendering()];
}

/** Both steps of a turn: the words come in and a score is asked for; the score comes and decides. */
function dialogTurn(tree: DialogTree): HotOperation {
  const [listening] = step(tree, initialState(tree), {
    type: 'started',
    nowMs: 0,
    channel: 'voice',
    variables: {},
  });
  const scores = [{ branchId: 'fault', score: 0.9 }];
  const turn = (): DialogState => {
    const [asking, actions] = step(tree, listening, {
      type: 'text',
      nowMs: 0,
      text: utterance,
      confidence: 1,
    });
    const question = actions.find((action) => action.type === 'score');
    if (!question) throw new Error('the demo tree asked for no score');
    const { scoreId } = question;
    return step(tree, asking, { type: 'scored', nowMs: 0, scoreId, scores, degraded: false })[0];
  };
  return {
    name: 'dialog turn (two steps)',
    run: turn,
    baseline: () => JSON.parse(JSON.stringify(listening)) as unknown,
    timeBarUs: null,
    allocationBarKb: null,
  };
}

function matcher(tree: DialogTree): HotOperation[] {
  const set = candidates(tree).find(({ setId }) => setId === nodeId);
  if (!set) throw new Error(`the demo tree has no node "${nodeId}"`);
  const fitted = new NgramMatcher(set.candidates);
  return [
    {
      name: `matcher: match, ${set.candidates.length} branches`,
      run: () => fitted.match(utterance),
      baseline: () => sharedWords(set.candidates, utterance),
      timeBarUs: 50,
      allocationBarKb: null,
    },
    {
      name: `matcher: fit, ${set.candidates.length} branches`,
      run: () => new NgramMatcher(set.candidates),
      baseline: null,
      timeBarUs: 10_000,
      allocationBarKb: null,
    },
  ];
}

/** The least that ranks branches: the largest number of words that an example shares with the utterance. */
function sharedWords(branches: readonly Candidate[], text: string): number[] {
  const said = new Set(text.split(' '));
  return branches.map(({ examples }) =>
    Math.max(...examples.map((example) => example.split(' ').filter((word) => said.has(word)).length)),
  );
}

function templateRendering(): HotOperation {
  const template = loadTemplates([]).templates.get(templateId);
  if (!template) throw new Error(`there is no bundled template "${templateId}"`);
  const variables = {
    ...emptyVariables,
    reply: 'I am sorry to hear that. Is there a red light on your router?',
    transcript: utterance,
    confidence: 0.87,
    nodeId: 'ask_light',
    branchId: 'fault',
    score: 0.9,
    tags: ['fault'],
    slots: { phone: '5551234' },
    sessionId: '3848276298220188511@127.0.0.1',
    channelId: '32AECB23433802@speechrecog',
    grammar: 'session:request1@form-level.store',
    language: 'en-US',
  };
  return {
    name: `render ${templateId}`,
    run: () => render(template, variables),
    baseline: () => JSON.stringify(variables),
    timeBarUs: null,
    allocationBarKb: null,
  };
}
