import { describe, expect, it } from 'vitest';
import type { CallOutcome, DialogAction } from './action.js';
import { loadTree } from './load.js';
import { saidIn, Simulation } from './simulate.js';
import { formatProblem } from './tree-problem.js';
import type { DialogTree } from './tree.js';
import type { Value } from './value.js';

const yaml = `tree: flows
language: en-US
languages: [zh-CN]
start: menu
fallback: human
time_zone: Asia/Shanghai
thresholds: { accept: 0.5, confirm: 0.3 }
help: { en-US: Say bill or card., zh-CN: 请说账单或卡片。 }
variables: { limit: = 100, company: Acme }
types:
  plan: { values: { basic: [cheap one, basic plan], gold: [best one, gold plan] }, patterns: ['PL-\\d{3}'] }
snippets: { sorry: { en-US: 'Sorry, {company} is closed.', zh-CN: 抱歉。 } }
globals:
  - { id: hours, visit: hours, examples: [opening hours, when do you open, are you open] }
  - { id: offers, visit: offers, examples: [special offers, any offers, what is on offer] }
  - { id: back, do: back, dtmf: 7, examples: [go back, one step back, previous question] }
  - { id: help, do: help, dtmf: 8, examples: [help me, what can i say, i need help] }
  - { id: cancel, do: cancel, go: menu, examples: [cancel that, never mind, stop this] }
  - { id: chinese, do: language, language: zh-CN, examples: [说中文, 讲中文, 中文服务] }
  - { id: operator, dtmf: 0, go: human, examples: [an agent, a human, operator please] }
nodes:
  menu:
    say: { en-US: Bill or card?, zh-CN: 账单还是卡片？ }
    listen:
      branches:
        - { id: bill, label: your bill, go: ask_phone, examples: [my bill, the bill, (pay|see) my bill], fill: { phone: cn_mobile } }
        - { id: card, label: your card, go: secret, examples: [my card, the card, lost card] }
        - { id: vip, go: told, when: "limit > 1000", examples: [gold desk, vip desk, gold service] }
        - { id: plan, go: ask_plan, examples: [change plan, another plan, new plan] }
  ask_phone:
    ask:
      slot: phone
      type: cn_mobile
      prompts: ['Your number?', 'All eleven digits, please.']
      confirm: '{phone}, right?'
      validate: { if: "not starts_with(phone, '199')", prompt: 'We do not serve {phone}.' }
    go: fetch
  fetch:
    call:
      http: billing
      path: /bills/{phone}
      input: { limit: = limit, note: 'for {phone}' }
      into: bill
      output: { total: '= round(result.amount / 100, 2)' }
      timeout: 2s
      retries: 2
      filler: { say: One moment., after: 800ms }
      on_error: failed
    go: size
  size:
    condition:
      - { if: total > limit, go: large }
      - { if: total == 0, go: nothing_due }
      - { go: told }
  large: { say: That is a lot., go: told, tags: [large] }
  nothing_due: { say: Nothing to pay., go: menu }
  told: { say: 'You owe {total} for {raw.phone}.', go: anything }
  failed: { say: 'Billing is down ({error.failure}).', go: anything }
  anything:
    say: Anything else?
    listen:
      interruptible: false
      branches:
        - { id: more, go: menu, examples: [yes more, something else, another thing] }
        - { id: done, go: bye, examples: [that is all, no thanks, nothing] }
  ask_plan:
    ask: { slot: plan, type: plan, prompts: [Which plan?], fill: { budget: money } }
    go: ask_budget
  ask_budget:
    ask: { slot: budget, type: money, prompts: [Which budget?] }
    go: planned
  planned: { say: 'Plan {plan} for {budget}.', go: menu }
  secret:
    subtree: { name: verify, with: { tries: = 2, company: 'the bank' }, into: { ok: verified } }
    go: verified
  verified:
    condition:
      - { if: ok, go: shown }
      - { go: refused }
  shown: { say: 'Welcome, {company}.', go: menu }
  refused: { say: $sorry, go: menu }
  hours: { say: We open at nine., go: come_back }
  come_back: { return: true }
  offers:
    say: Hear the gold offer?
    listen:
      branches:
        - { id: hear, go: hours, examples: [yes please, tell me, hear it] }
        - { id: skip, go: come_back, examples: [no not now, skip it, leave it] }
  human: { handover: { queue: support, summary: '{company} {limit}' }, resume: menu }
  bye: { end: { say: Bye. } }
subtrees:
  verify:
    parameters: [tries, company]
    start: ask_pin
    nodes:
      ask_pin: { ask: { slot: pin, type: digits, min: 4, max: 4, prompts: ['Your pin for {company}?'] }, go: check }
      check:
        condition:
          - { if: pin == '1234', go: good }
          - { if: tries <= 1, go: bad }
          - { go: again }
      again: { set: { tries: = tries - 1 }, say: Wrong., go: ask_pin }
      good: { return: { results: { verified: = true } } }
      bad: { return: { results: { verified: = false } } }
`;

function load(text: string): DialogTree {
  const { tree, problems } = loadTree(text, 'flows.yaml');
  if (!tree) throw new Error(problems.map(formatProblem).join('\n'));
  return tree;
}

const tree = load(yaml);

/** `bill .9` scores 0.9 for `bill`; `hours .9` for the global of that name. */
function talk(variables: Record<string, Value> = {}): Simulation {
  const simulation = new Simulation(tree, (_nodeId, text, branchIds) =>
    [...text.matchAll(/([a-z]+) (\.\d+)/g)].map(([, name = '', score = '']) => ({
      branchId: branchIds.includes(name) ? name : `global:${name}`,
      score: Number(score),
    })),
  );
  simulation.start('voice', variables);
  return simulation;
}

function decided(actions: readonly DialogAction[]): string[] {
  return actions.flatMap((action) =>
    action.type === 'decided'
      ? [`${action.decision.zone} ${action.decision.branchId ?? '-'} ${action.decision.nextNodeId}`]
      : [],
  );
}

function call(actions: readonly DialogAction[]) {
  return actions.flatMap((action) => (action.type === 'call' ? [action.call] : []))[0];
}

function answer(simulation: Simulation, outcome: CallOutcome): readonly DialogAction[] {
  const { phase } = simulation.state;
  return simulation.send({
    type: 'called',
    nowMs: 0,
    callId: phase.name === 'calling' ? phase.callId : -1,
    outcome,
  });
}

const number = '13812345678';

describe('call', () => {
  function asked(): { simulation: Simulation; actions: readonly DialogAction[] } {
    const simulation = talk();
    simulation.text('bill .9');
    simulation.text(`it is ${number}`);
    return { simulation, actions: simulation.text('yes') };
  }

  it('asks the service with what the tree computed', () => {
    const { actions, simulation } = asked();
    expect(call(actions)).toEqual({
      callId: 1,
      service: 'billing',
      operation: { type: 'http', method: 'POST', path: `/bills/${number}` },
      input: { limit: 100, note: `for ${number}` },
      timeoutMs: 2_000,
      retries: 2,
      idempotencyKey: 'flows:fetch:1',
      filler: { voice: 'One moment.', chat: 'One moment.', bargeIn: true },
      fillerAfterMs: 800,
    });
    expect(simulation.state.phase).toEqual({ name: 'calling', callId: 1 });
  });

  it('goes on with the answer, computes its output and takes the arm that holds', () => {
    const { simulation } = asked();
    const actions = answer(simulation, { ok: true, value: { amount: 12_345 } });
    expect(decided(actions)).toEqual(['called ok size', 'condition if 1 large']);
    expect(saidIn(actions)).toEqual(['That is a lot.', `You owe 123.45 for ${number}.`, 'Anything else?']);
    expect(simulation.state.variables).toMatchObject({ bill: { amount: 12_345 }, total: 123.45 });
  });

  it.each<[Value, string]>([
    [{ amount: 0 }, 'condition if 2 nothing_due'],
    [{ amount: 500 }, 'condition else told'],
  ])('with %j takes %s', (value, expected) => {
    const { simulation } = asked();
    expect(decided(answer(simulation, { ok: true, value }))[1]).toBe(expected);
  });

  it('tells of an answer that cannot be computed with, and goes on', () => {
    const { simulation } = asked();
    const actions = answer(simulation, { ok: true, value: { amount: 'lots' } });
    expect(actions.filter(({ type }) => type === 'fault')).toMatchObject([
      { message: 'round(result.amount / 100, 2): expected a number, not "lots"' },
      { message: 'total > limit: cannot compare nothing with 100' },
    ]);
    expect(simulation.state.phase.name).toBe('listening');
  });

  it('takes on_error, where the reason can be said', () => {
    const { simulation } = asked();
    const actions = answer(simulation, { ok: false, failure: 'timeout', message: 'no answer' });
    expect(decided(actions)).toEqual(['called error failed']);
    expect(saidIn(actions)[0]).toBe('Billing is down (timeout).');
  });

  it('hears nothing and takes no late answer while it waits', () => {
    const { simulation } = asked();
    expect(simulation.text('hello?')).toEqual([]);
    expect(simulation.send({ type: 'called', nowMs: 0, callId: 9, outcome: { ok: true, value: 1 } })).toEqual(
      [],
    );
  });

  it('keeps a value inside its part of the path', () => {
    const simulation = talk();
    simulation.send({ type: 'hung-up', nowMs: 0 });
    const odd = load(yaml.replace('/bills/{phone}', '/bills/{company}/{phone}'));
    const other = new Simulation(odd, () => [{ branchId: 'bill', score: 0.9 }]);
    other.start('voice', { company: '../a b/?x=1#' });
    other.text('bill');
    other.text(number);
    expect(call(other.text('yes'))?.operation).toMatchObject({
      path: `/bills/..%2Fa%20b%2F%3Fx%3D1%23/${number}`,
    });
  });
});

describe('slots', () => {
  it('takes a slot that came along with the branch, reads it back and does not ask', () => {
    const simulation = talk();
    const actions = simulation.text(`bill .9 for ${number}`);
    expect(actions.filter(({ type }) => type === 'filled')).toMatchObject([
      { slot: 'phone', value: number, raw: number },
    ]);
    expect(saidIn(actions)).toEqual(['1 3 8, 1 2 3 4, 5 6 7 8, right?']);
    expect(simulation.state.phase.name).toBe('confirming-answer');
  });

  it('refuses what the condition of the node refuses, with its own prompt', () => {
    const simulation = talk();
    simulation.text('bill .9');
    const said = saidIn(simulation.text('19912345678'), 'chat');
    expect(said).toEqual(['We do not serve .']);
    expect(simulation.state.nodeCounts.noMatch).toBe(1);
  });

  it('corrects the value that is read back', () => {
    const simulation = talk();
    simulation.text('bill .9');
    simulation.text(number);
    const actions = simulation.text('no, it is 13900001111');
    expect(simulation.state.phase).toMatchObject({ answer: { value: '13900001111' } });
    expect(decided(actions)).toEqual(['slot - ask_phone']);
  });

  it('corrects only the end of it', () => {
    const simulation = talk();
    simulation.text('bill .9');
    simulation.text(number);
    simulation.text('不是，尾号是9999');
    expect(simulation.state.phase).toMatchObject({ answer: { value: '13812349999' } });
  });

  it('goes back to the ask when the last slot is corrected later', () => {
    const simulation = talk();
    simulation.text('bill .9');
    simulation.text(number);
    simulation.text('yes');
    answer(simulation, { ok: true, value: { amount: 500 } });
    const actions = simulation.text('sorry, i meant 13900001111');
    expect(simulation.state.nodeId).toBe('ask_phone');
    expect(saidIn(actions)).toEqual([expect.stringContaining('right?')]);
    expect(call(simulation.text('yes'))?.operation).toMatchObject({ path: '/bills/13900001111' });
  });

  it('takes custom lists, their synonyms and patterns, and what came along', () => {
    const simulation = talk();
    simulation.text('plan .9');
    const actions = simulation.text('the best one for 30 dollars');
    expect(saidIn(actions)[0]).toMatch(/^Plan gold for .*30/);
    simulation.text('plan .9');
    simulation.text('pl-123 please');
    expect(simulation.state.variables['plan']).toBe('pl-123');
  });
});

describe('digressions', () => {
  it('comes back to the same slot, with the resume prompt', () => {
    const simulation = talk();
    simulation.text('bill .9');
    const actions = simulation.text('hours .9');
    expect(saidIn(actions)).toEqual(['We open at nine.', 'Back to where we were.', 'Your number?']);
    expect(simulation.state).toMatchObject({ nodeId: 'ask_phone', frames: [], phase: { name: 'listening' } });
  });

  it('comes back to the open read-back', () => {
    const simulation = talk();
    simulation.text('bill .9');
    simulation.text(number);
    const actions = simulation.text('hours .9');
    expect(saidIn(actions).at(-1)).toMatch(/right\?$/);
    expect(decided(simulation.text('yes'))).toEqual(['slot - fetch']);
  });

  it('digresses from a digression, and comes back step by step', () => {
    const simulation = talk();
    simulation.text('bill .9');
    simulation.text('offers .9');
    expect(simulation.state.frames).toHaveLength(1);
    expect(saidIn(simulation.text('hours .9')).at(-1)).toBe('Hear the gold offer?');
    const actions = simulation.text('skip .9');
    expect(saidIn(actions).at(-1)).toBe('Your number?');
    expect(simulation.state.frames).toEqual([]);
  });

  it('ends at the depth of the stack', () => {
    const simulation = talk();
    for (let i = 0; i < 30; i++) simulation.text('offers .9');
    expect(simulation.state.frames.length).toBeLessThanOrEqual(8);
    expect(simulation.state.phase.name).not.toBe('scoring');
  });

  it('is not offered where the node may not be interrupted', () => {
    const simulation = talk();
    simulation.text('bill .9');
    simulation.text(number);
    simulation.text('yes');
    answer(simulation, { ok: true, value: { amount: 500 } });
    expect(decided(simulation.text('hours .9'))).toEqual(['reject - anything']);
  });

  it('is cancelled, or the conversation goes where the tree says', () => {
    const simulation = talk();
    simulation.text('bill .9');
    simulation.text('offers .9');
    expect(saidIn(simulation.text('cancel .9')).at(-1)).toBe('Your number?');
    expect(saidIn(simulation.text('cancel .9'))).toEqual(['Bill or card?']);
  });

  it('is over when its own way leads back', () => {
    const straying = load(yaml.replace('{ id: skip, go: come_back', '{ id: skip, go: menu'));
    const simulation = new Simulation(straying, (_nodeId, text) => [{ branchId: text, score: 0.9 }]);
    simulation.start();
    simulation.text('global:offers');
    simulation.text('skip');
    expect(simulation.state).toMatchObject({ nodeId: 'menu', frames: [] });
  });

  it('is abandoned by a global that goes somewhere', () => {
    const simulation = talk();
    simulation.text('offers .9');
    simulation.text('operator .9');
    expect(simulation.state).toMatchObject({ frames: [], phase: { name: 'handed-over' } });
  });
});

describe('commands', () => {
  it('goes back to the question before', () => {
    const simulation = talk();
    simulation.text('bill .9');
    expect(saidIn(simulation.text('back .9'))).toEqual(['Bill or card?']);
    expect(simulation.state.nodeId).toBe('menu');
    expect(saidIn(simulation.text('back .9'))).toEqual(['Bill or card?']);
  });

  it('says the help of the tree and asks again; too often is a misunderstanding', () => {
    const simulation = talk();
    expect(saidIn(simulation.keys('8'))).toEqual(['Say bill or card.', 'Bill or card?']);
    for (let i = 0; i < 3; i++) simulation.keys('8');
    expect(simulation.state.sessionCounts.noMatch).toBe(1);
  });

  it('goes on in the other language', () => {
    const simulation = talk();
    const actions = simulation.text('chinese .9');
    expect(actions.find(({ type }) => type === 'say')).toMatchObject({
      prompt: { voice: '账单还是卡片？', language: 'zh-CN' },
    });
    expect(actions.at(-1)).toMatchObject({ listen: { language: 'zh-CN' } });
    expect(saidIn(simulation.text('bill .4'))).toEqual(['您是想说“your bill”吗？']);
  });

  it('does not offer a branch whose condition does not hold', () => {
    expect(decided(talk().text('vip .9'))).toEqual(['reject - menu']);
    expect(decided(talk({ limit: 5_000 }).text('vip .9'))).toEqual(['accept vip told']);
  });
});

describe('choosing', () => {
  function open(): Simulation {
    const simulation = talk();
    const actions = simulation.text('bill .7 card .69');
    expect(actions.find(({ type }) => type === 'say')).toMatchObject({
      prompt: {
        voice: 'Did you mean your bill or your card?',
        quickReplies: [
          { title: 'your bill', value: 'your bill' },
          { title: 'your card', value: 'your card' },
        ],
      },
    });
    return simulation;
  }

  it.each([
    ['the second one', 'ask_pin'],
    ['your card please', 'ask_pin'],
    ['the first', 'ask_phone'],
    ['the last one', 'ask_pin'],
    ['bill .35', 'ask_phone'],
  ])('takes "%s"', (text, node) => {
    const simulation = open();
    simulation.text(text);
    expect(simulation.state.nodeId.split('/').at(-1)).toBe(node);
  });

  it('takes a key', () => {
    const simulation = open();
    simulation.keys('2');
    expect(simulation.state.nodeId).toBe('verify/ask_pin');
  });

  it.each(['neither', 'no', 'none of those'])('hears "%s" as a misunderstanding', (text) => {
    const simulation = open();
    expect(decided(simulation.text(text))).toEqual(['no-match - menu']);
  });
});

describe('sub-trees', () => {
  it('have parameters of their own and give results', () => {
    const simulation = talk();
    expect(saidIn(simulation.text('card .9'))).toEqual(['Your pin for the bank?']);
    expect(saidIn(simulation.text('1 2 3 4'))).toEqual(['Welcome, Acme.', 'Bill or card?']);
    expect(simulation.state.variables).toEqual({ limit: 100, company: 'Acme', ok: true });
    expect(simulation.state.frames).toEqual([]);
  });

  it('count their tries and fail', () => {
    const simulation = talk();
    simulation.text('card .9');
    expect(saidIn(simulation.text('0 0 0 0'))).toEqual(['Wrong.', 'Your pin for the bank?']);
    expect(saidIn(simulation.text('0 0 0 0'))).toEqual(['Sorry, Acme is closed.', 'Bill or card?']);
  });

  it('are interrupted and resumed, and left for good', () => {
    const simulation = talk();
    simulation.text('card .9');
    expect(saidIn(simulation.text('hours .9')).at(-1)).toBe('Your pin for the bank?');
    simulation.text('operator .9');
    expect(simulation.state).toMatchObject({ frames: [], variables: { company: 'Acme' } });
    expect(simulation.send({ type: 'resumed', nowMs: 0 }).length).toBeGreaterThan(0);
  });
});

describe('expressions that are each within their bound', () => {
  it('together do not hold a turn up: the rest of them have no value', () => {
    const test = Array(80).fill('x > 1').join(' and ');
    const arms = Array(200).fill(`      - { if: '${test}', go: bye }`).join('\n');
    const { tree } = loadTree(
      `tree: slow\nstart: c\nvariables: { x: '= 2' }\nnodes:\n  c:\n    condition:\n${arms.replaceAll("x > 1'", "x > 3'")}\n      - { go: m }\n  m: { listen: { branches: [{ id: a, go: bye, examples: [go on, go] }] } }\n  bye: { end: true }\n`,
      'slow.yaml',
    );
    if (!tree) throw new Error('the tree of this test does not load');
    const simulation = new Simulation(tree, () => []);
    const actions = simulation.start('chat');
    expect(actions.filter(({ type }) => type === 'fault')[0]).toMatchObject({
      message: expect.stringContaining('the expressions of this turn take too many steps') as string,
    });
    expect(simulation.state.nodeId).toBe('m');
  });
});
