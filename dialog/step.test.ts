import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import type { DialogAction } from './action.js';
import type { DialogEvent } from './event.js';
import { loadTree } from './load.js';
import { saidIn, Simulation } from './simulate.js';
import { initialState, type DialogState } from './state.js';
import { step } from './step.js';
import { formatProblem } from './tree-problem.js';
import type { DialogNode, DialogTree } from './tree.js';
import type { Value } from './value.js';

const yaml = `tree: test
start: hello
fallback: human
thresholds: { accept: 0.5, confirm: 0.3 }
session: { no_input_max: 4, no_match_max: 5 }
variables: { company: Acme }
globals:
  - { id: operator, dtmf: 0, go: human, tags: [human], examples: [an agent please, a person please, get me a human] }
  - { id: again, dtmf: '*', do: repeat, examples: [say that again, repeat that, once more] }
nodes:
  hello: { say: 'Welcome to {company}.', go: menu, tags: [arrived] }
  menu:
    say: { voice: Say bill or fault., chat: Bill or fault? }
    listen:
      branches:
        - { id: bill, label: your bill, go: phone, tags: [bill], examples: [my bill, the bill, pay a bill] }
        - { id: fault, go: light, examples: [it is broken, a fault, it does not work] }
        - { id: news, go: news, examples: [any news, tell me news, news please] }
      dtmf: { '1': bill, '2': fault }
      no_input: { after: 2s, prompts: [Hello?, Still there?], max: 3, then: bye }
      no_match: { prompts: [Pardon?, Bill or fault?], max: 2 }
  phone:
    ask:
      slot: phone
      type: digits
      min: 4
      max: 6
      prompts: [Your number?, 'Digit by digit, please.']
      confirm: '{phone}, right?'
      no_match: { max: 2, then: bye }
    go: keep
  keep: { set: { note: 'for {phone}' }, go: told }
  told: { say: 'Noted {note}.', go: opinion }
  light:
    ask: { slot: red, type: yes_no, prompts: [Is it red?] }
    go: { yes: transfer, no: bye }
  opinion:
    ask: { slot: opinion, type: text, prompts: [What else?] }
    go: bye
  news: { say: { voice: No news., chat: No news., bargein: false }, go: menu }
  transfer: { transfer: { to: 'sip:{company}@example.test' } }
  human: { handover: { queue: support, reason: wanted }, resume: menu }
  bye: { end: { say: Bye. } }
`;

function load(text: string): DialogTree {
  const { tree, problems } = loadTree(text, 'test.yaml');
  if (!tree) throw new Error(problems.map(formatProblem).join('\n'));
  return tree;
}

const tree = load(yaml);

const typesOf = (actions: readonly DialogAction[]) =>
  actions.map(({ type }) => type).filter((type) => type !== 'entered');

/** A conversation whose scorer answers with what the text says: `bill .9` scores 0.9 for the branch `bill`. */
function talk(channel: 'voice' | 'chat' = 'voice'): Simulation {
  const simulation = new Simulation(tree, (_nodeId, text) =>
    [...text.matchAll(/([a-z:]+) (\.\d+)/g)].map((match) => ({
      branchId: match[1] ?? '',
      score: Number(match[2]),
    })),
  );
  simulation.start(channel);
  return simulation;
}

/** A conversation that stands at the node `phone`, `light` or `opinion`. */
function talkAt(node: 'phone' | 'light' | 'opinion'): Simulation {
  const simulation = talk();
  simulation.text(node === 'light' ? 'fault .9' : 'bill .9');
  if (node === 'opinion') {
    simulation.text('1234');
    simulation.text('yes');
  }
  expect(simulation.state.nodeId).toBe(node);
  return simulation;
}

function find<T extends DialogAction['type']>(actions: readonly DialogAction[], type: T) {
  return actions.filter((action): action is Extract<DialogAction, { type: T }> => action.type === type);
}

function zones(actions: readonly DialogAction[]): string[] {
  return find(actions, 'decided').map(
    ({ decision }) => `${decision.zone} ${decision.branchId} ${decision.nextNodeId}`,
  );
}

describe('started', () => {
  it('passes nodes that need no user and listens at the first that does', () => {
    const actions = new Simulation(tree, () => []).start();
    expect(typesOf(actions)).toEqual(['tag', 'say', 'say', 'listen']);
    expect(saidIn(actions)).toEqual(['Welcome to Acme.', 'Say bill or fault.']);
    expect(find(actions, 'listen')[0]).toEqual({
      type: 'listen',
      nodeId: 'menu',
      listen: {
        phrases: (
          'my bill,the bill,pay a bill,it is broken,a fault,it does not work,any news,tell me news,news please,' +
          'an agent please,a person please,get me a human,say that again,repeat that,once more'
        ).split(','),
        expect: 'phrases',
        dtmf: { keys: ['0', '*', '1', '2'], minDigits: 1, maxDigits: 1, termChar: '' },
        noInputMs: 2_000,
        language: 'en-US',
      },
    });
  });

  it('takes the variables of the channel, without those that cannot be variables', () => {
    const simulation = new Simulation(tree, () => []);
    const json = '{"company": "Bolt", "a b": "x", "__proto__": "y", "n": 5}';
    const variables = JSON.parse(json) as Record<string, Value>;
    expect(saidIn(simulation.start('voice', variables))[0]).toBe('Welcome to Bolt.');
    expect(simulation.state.variables).toEqual({ company: 'Bolt', n: 5 });
  });

  it('bounds the number and the length of variables', () => {
    const many = Object.fromEntries(
      Array.from({ length: dialogLimits.variables + 9 }, (_, i) => [`v${i}`, 'x']),
    );
    const simulation = new Simulation(tree, () => []);
    simulation.start('voice', { v0: 'y'.repeat(dialogLimits.textCharacters + 1), ...many, company: 'Bolt' });
    expect(Object.keys(simulation.state.variables)).toHaveLength(dialogLimits.variables);
    expect(simulation.state.variables['company']).toBe('Bolt');
  });
});

describe('listen', () => {
  it('asks for scores under a fresh id, of own branches and globals', () => {
    const started = talk().state;
    const [state, actions] = step(tree, started, { type: 'text', nowMs: 0, text: 'hm', confidence: 1 });
    const branchIds = ['bill', 'fault', 'news', 'global:operator', 'global:again'];
    expect(actions).toEqual([{ type: 'score', scoreId: 1, text: 'hm', nodeId: 'menu', branchIds }]);
    expect(state.phase).toEqual({
      name: 'scoring',
      scoreId: 1,
      text: 'hm',
      branchIds,
      answer: null,
      open: null,
    });
  });

  it('accepts: decides, tags and goes', () => {
    const actions = talk().text('bill .5 fault .2');
    expect(typesOf(actions)).toEqual(['score', 'decided', 'tag', 'say', 'listen']);
    expect(find(actions, 'decided')[0]?.decision).toMatchObject({
      nodeId: 'menu',
      nextNodeId: 'phone',
      branchId: 'bill',
      score: 0.5,
      zone: 'accept',
      threshold: 0.5,
      scores: [{ branchId: 'bill' }, { branchId: 'fault' }],
    });
  });

  it('asks back in the confirm zone, and yes takes the branch', () => {
    const simulation = talk();
    const actions = simulation.text('bill .4');
    expect(saidIn(actions)).toEqual(['Did you mean: your bill?']);
    expect(find(actions, 'listen')[0]?.listen).toMatchObject({
      expect: 'yes-no',
      dtmf: { keys: ['1', '2', '0', '*'] },
    });
    expect(zones(simulation.text('yes'))).toEqual(['accept bill phone']);
  });

  it.each([
    ['no', ['Pardon?'], 'menu'],
    ['no, fault .9', ['Is it red?'], 'light'],
    ['fault .9', ['Is it red?'], 'light'],
    ['fault .4', ['Did you mean: it is broken?'], 'menu'],
    ['nonsense', ['Did you mean: your bill?'], 'menu'],
    ['again .9', ['Did you mean: your bill?'], 'menu'],
  ])('hears %j after "did you mean your bill"', (text, said, nodeId) => {
    const simulation = talk();
    simulation.text('bill .4');
    expect(saidIn(simulation.text(text.replace('again', 'global:again')))).toEqual(said);
    expect(simulation.state.nodeId).toBe(nodeId);
  });

  it('does not offer the branch again that was just denied', () => {
    const simulation = talk();
    simulation.text('bill .4');
    const [question] = find(simulation.text('no, bill .9'), 'score');
    expect(question?.branchIds).not.toContain('bill');
    expect(simulation.state.nodeId).toBe('menu');
  });

  it('says the ladder in the reject zone, then hands over', () => {
    const simulation = talk();
    expect(saidIn(simulation.text('bill .2'))).toEqual(['Pardon?']);
    expect(saidIn(simulation.text('bill .2'))).toEqual(['Bill or fault?']);
    const last = simulation.text('bill .2');
    expect(zones(last)).toEqual(['reject bill human']);
    expect(find(last, 'handover')[0]?.handover).toMatchObject({ queue: 'support', reason: 'wanted' });
  });

  it('says the last silence prompt again beyond the end, then goes to "then"', () => {
    const simulation = talk();
    expect([1, 2, 3].map(() => saidIn(simulation.silence()))).toEqual([
      ['Hello?'],
      ['Still there?'],
      ['Still there?'],
    ]);
    const last = simulation.silence();
    expect(zones(last)).toEqual(['no-input null bye']);
    expect(last.at(-1)).toEqual({ type: 'end', nodeId: 'bye' });
  });

  it.each([
    ['1', 'dtmf bill phone'],
    ['2', 'dtmf fault light'],
    ['0', 'dtmf global:operator human'],
    ['*', 'dtmf global:again menu'],
    ['7', 'no-match null menu'],
    ['12', 'no-match null menu'],
  ])('hears key %s as %s', (keys, decision) => expect(zones(talk().keys(keys))).toEqual([decision]));

  it('needs more of a global than of a sibling', () => {
    expect(zones(talk().text('global:operator .52'))).toEqual(['confirm global:operator menu']);
    expect(zones(talk().text('global:operator .56'))).toEqual(['accept global:operator human']);
  });

  it('ignores scores of branches it did not ask about', () => {
    expect(zones(talk().text('stranger .9 bill .8'))).toEqual(['accept bill phone']);
  });

  it('keeps a prompt that cannot be interrupted so', () => {
    const [prompt] = find(talk().text('news .9'), 'say');
    expect(prompt?.prompt.bargeIn).toBe(false);
  });

  it('gives each channel its text', () => {
    expect(saidIn(new Simulation(tree, () => []).start('chat'), 'chat')[1]).toBe('Bill or fault?');
  });

  it('takes an empty text for silence and speech that was not recognised for no match', () => {
    expect(zones(talk().text('  '))).toEqual(['no-input null menu']);
    expect(zones(talk().send({ type: 'no-match', nowMs: 0 }))).toEqual(['no-match null menu']);
  });
});

describe('repeat', () => {
  it('says the question again, not the ladder, and no more than three times at a node', () => {
    const simulation = talk();
    simulation.text('?');
    for (let i = 0; i < 3; i++) {
      expect(saidIn(simulation.keys('*'))).toEqual(['Welcome to Acme.', 'Say bill or fault.']);
    }
    expect(saidIn(simulation.keys('*'))).toEqual(['Bill or fault?']);
  });
});

describe('ask for digits', () => {
  it('listens for digits, and for globals by speech', () => {
    const simulation = talk();
    const [listen] = find(simulation.text('bill .9'), 'listen');
    expect(listen?.listen).toMatchObject({
      expect: 'digits',
      dtmf: { keys: [], minDigits: 4, maxDigits: 6, termChar: '#' },
    });
    expect(listen?.listen.phrases).toContain('an agent please');
  });

  it.each(['five five one two', '55 12', '五五幺二'])('reads %j back digit by digit', (text) => {
    const simulation = talkAt('phone');
    const actions = simulation.text(text);
    expect(saidIn(actions)).toEqual(['5 5 1 2, right?']);
    expect(saidIn(actions, 'chat')).toEqual(['5512, right?']);
    expect(saidIn(simulation.text('yes'))).toEqual(['Noted for 5512.', 'What else?']);
    expect(simulation.state.variables).toEqual({ company: 'Acme', phone: '5512', note: 'for 5512' });
  });

  it('takes keys, with or without the closing #', () => {
    for (const keys of ['5512', '5512#']) {
      const simulation = talkAt('phone');
      expect(zones(simulation.keys(keys))).toEqual(['dtmf null phone']);
      expect(zones(simulation.keys('1'))).toEqual(['dtmf null keep']);
      expect(simulation.state.variables['phone']).toBe('5512');
    }
  });

  it.each(['12', '1234567', '12*4'])('does not take the keys %s', (keys) => {
    expect(zones(talkAt('phone').keys(keys))).toEqual(['no-match null phone']);
  });

  it('asks anew after a no, with the next prompt, and gives up after the ladder', () => {
    const simulation = talkAt('phone');
    for (let i = 0; i < 2; i++) {
      simulation.text('1234');
      expect(saidIn(simulation.text('no'))).toEqual(['Digit by digit, please.']);
    }
    simulation.text('1234');
    expect(zones(simulation.text('no'))).toEqual(['no-match null bye']);
  });

  it('reads a correction back, as often as the ladder allows', () => {
    const simulation = talkAt('phone');
    simulation.text('1234');
    expect(saidIn(simulation.text('no, it is 4321'))).toEqual(['4 3 2 1, right?']);
    expect(saidIn(simulation.text('1111'))).toEqual(['1 1 1 1, right?']);
    expect(zones(simulation.text('2222')).at(-1)).toBe('no-match null bye');
  });

  it('hears a global instead of a number, also while it reads one back', () => {
    expect(zones(talkAt('phone').text('global:operator .9'))).toEqual(['accept global:operator human']);
    const simulation = talkAt('phone');
    simulation.text('1234');
    expect(zones(simulation.text('global:operator .9'))).toEqual(['accept global:operator human']);
  });

  it('asks the read-back again when it hears something else or nothing', () => {
    const simulation = talkAt('phone');
    simulation.text('1234');
    expect(saidIn(simulation.text('hm'))).toEqual(['1 2 3 4, right?']);
    expect(saidIn(simulation.silence())).toEqual(['1 2 3 4, right?']);
    expect(zones(simulation.text('yes'))).toEqual(['slot null keep']);
  });
});

describe('ask for yes or no', () => {
  it.each([
    ['yes', 'slot yes transfer'],
    ['no thanks', 'slot no bye'],
    ['no global:operator .9', 'accept global:operator human'],
    ['no and some more', 'slot no bye'],
    ['hm', 'reject null light'],
  ])('hears %j as %s', (text, decision) => expect(zones(talkAt('light').text(text))).toEqual([decision]));

  it.each([
    ['1', 'dtmf yes transfer'],
    ['2', 'dtmf no bye'],
    ['0', 'dtmf global:operator human'],
    ['5', 'no-match null light'],
  ])('hears key %s as %s', (keys, decision) => expect(zones(talkAt('light').keys(keys))).toEqual([decision]));
});

describe('ask for a text', () => {
  it('takes anything that is not a global', () => {
    const simulation = talkAt('opinion');
    expect(zones(simulation.text('  great, global:operator .45 '))).toEqual(['slot null bye']);
    expect(simulation.state.variables['opinion']).toBe('great, global:operator .45');
  });

  it('hears a global', () => {
    expect(zones(talkAt('opinion').text('global:operator .9'))).toEqual(['accept global:operator human']);
  });
});

describe('ends of a conversation', () => {
  it('transfers to the target with its variables filled in', () => {
    const actions = talkAt('light').text('yes');
    expect(actions.at(-1)).toEqual({ type: 'transfer', target: 'sip:Acme@example.test', nodeId: 'transfer' });
  });

  it('tells the human what is known and what was said, and resumes where the tree says', () => {
    const simulation = talkAt('opinion');
    const [handover] = find(simulation.keys('0'), 'handover');
    expect(handover?.handover).toEqual({
      queue: 'support',
      reason: 'wanted',
      summary: 'company: Acme\nphone: 1234\nnote: for 1234\n> bill .9\n> 1234\n> yes',
    });
    expect(simulation.text('hello?')).toEqual([]);
    expect(saidIn(simulation.send({ type: 'resumed', nowMs: 0 }))).toEqual(['Say bill or fault.']);
  });

  it('hangs up from anywhere, once', () => {
    const simulation = talk();
    expect(simulation.send({ type: 'hung-up', nowMs: 0 })).toEqual([]);
    expect(simulation.state.phase).toEqual({ name: 'ended' });
  });
});

describe('events that do not fit', () => {
  const texts: DialogEvent = { type: 'text', nowMs: 0, text: 'hello', confidence: 1 };
  const scored = (scoreId: number): DialogEvent => ({
    type: 'scored',
    nowMs: 0,
    scoreId,
    scores: [{ branchId: 'bill', score: 1 }],
    degraded: false,
  });
  const silence: DialogEvent = { type: 'no-input', nowMs: 0 };
  const started: DialogEvent = { type: 'started', nowMs: 0, channel: 'voice', variables: {} };
  const scoring = step(tree, talk().state, texts)[0];
  const ended: DialogState = { ...talk().state, phase: { name: 'ended' } };

  it.each<[string, DialogState, DialogEvent]>([
    ['speech before the start', initialState(tree), texts],
    ['a second start', talk().state, started],
    ['scores nobody asked for', talk().state, scored(1)],
    ['scores with a wrong id', scoring, scored(99)],
    ['silence while scoring', scoring, silence],
    ['resuming what was not handed over', talk().state, { type: 'resumed', nowMs: 0 }],
    ['speech after the end', ended, texts],
    ['keys after the end', ended, { type: 'dtmf', nowMs: 0, digits: '1' }],
    ['hanging up after the end', ended, { type: 'hung-up', nowMs: 0 }],
  ])('change nothing: %s', (_name, state, event) => expect(step(tree, state, event)).toEqual([state, []]));

  it('drops the scores of a sentence that a newer one replaced', () => {
    const [replaced] = step(tree, scoring, { type: 'text', nowMs: 0, text: 'newer', confidence: 1 });
    expect(step(tree, replaced, scored(1))).toEqual([replaced, []]);
    expect(step(tree, replaced, scored(2))[0].nodeId).toBe('phone');
  });

  it('keeps a yes-no question open while something said about it is being scored', () => {
    const asked = talk();
    asked.text('bill .4');
    const [pending] = step(tree, asked.state, { type: 'text', nowMs: 0, text: 'hmm', confidence: 1 });
    expect(step(tree, pending, { type: 'dtmf', nowMs: 0, digits: '1' })[0].nodeId).toBe('phone');
    expect(step(tree, pending, { type: 'text', nowMs: 0, text: 'yes', confidence: 1 })[0].nodeId).toBe(
      'phone',
    );
  });

  it('lets keys replace what is being scored', () => {
    expect(step(tree, scoring, { type: 'dtmf', nowMs: 0, digits: '2' })[0].nodeId).toBe('light');
  });

  it('changes neither the tree nor the state it was given', () => {
    const before = JSON.stringify(scoring);
    step(tree, scoring, scored(1));
    expect(JSON.stringify(scoring)).toBe(before);
  });
});

describe('bounds', () => {
  it('hands over after too many moves without the user', () => {
    const say = (id: string, go: string): [string, DialogNode] => [
      id,
      { kind: 'say', id, say: null, tags: [], go },
    ];
    const loop: DialogTree = { ...tree, start: 'a', nodes: new Map([say('a', 'b'), say('b', 'a')]) };
    const actions = new Simulation(loop, () => []).start();
    expect(actions.at(-1)).toMatchObject({
      type: 'handover',
      handover: { queue: 'default', reason: 'loop' },
    });
  });

  it('hands over when the node is not in the tree any more', () => {
    const state: DialogState = { ...talk().state, nodeId: 'gone' };
    const [next, actions] = step(tree, state, { type: 'text', nowMs: 0, text: 'hi', confidence: 1 });
    expect(actions).toMatchObject([{ type: 'handover', handover: { reason: 'missing-node' } }]);
    expect(next.phase.name).toBe('handed-over');
  });

  it('takes the fallback when silences add up over nodes, whatever their ladders say', () => {
    const circle = load(`tree: circle
start: a
session: { no_input_max: 7 }
nodes:
  a: { say: A., listen: { branches: [{ id: x, go: b, examples: [x, y, z] }], no_input: { max: 1, then: b } } }
  b: { say: B., listen: { branches: [{ id: x, go: a, examples: [x, y, z] }], no_input: { max: 1, then: a } } }
`);
    const simulation = new Simulation(circle, () => []);
    simulation.start();
    const turns = Array.from({ length: 8 }, () => simulation.silence().at(-1)?.type);
    expect(turns).toEqual([...Array<string>(7).fill('listen'), 'handover']);
  });

  it('counts anew over all nodes once something was understood', () => {
    const simulation = talk();
    for (let round = 0; round < 4; round++) {
      simulation.silence();
      simulation.silence();
      expect(zones(simulation.text('news .9'))).toEqual(['accept news news']);
    }
    expect(simulation.state.sessionCounts.noInput).toBe(0);
  });

  it('remembers only the last few sentences, each cut', () => {
    const simulation = talk();
    for (let i = 0; i < 9; i++) simulation.text(`news .9 ${'x'.repeat(5_000)}`);
    expect(simulation.state.heard.map(({ length }) => length)).toEqual([200, 200, 200, 200, 200]);
  });

  it('cuts what it sends to the scorer', () => {
    const [question] = find(talk().text('x'.repeat(10_000)), 'score');
    expect(question?.text).toHaveLength(dialogLimits.utteranceCharacters);
  });
});
