import { describe, expect, test } from 'vitest';

import { initialState } from '../../dialog/state.js';
import { bundledTemplates, loadTemplates } from '../../templates/loader.js';
import type { TurnClosing } from './conversation.js';
import { ResponseRenderer, spokenReply, templateVariables, type RenderedTurn } from './response-renderer.js';
import { heard, outcome, pressed } from './testing/fake-media.js';
import { botTurn, listenSpec, prompt, treeOf } from './testing/kit.js';

const tree = treeOf();
const state = { ...initialState(tree), variables: { phone: '1234', caller: 'alice' } };
const listen: TurnClosing = { type: 'listen', listen: listenSpec() };

function rendered(more: Partial<RenderedTurn> = {}): RenderedTurn {
  return {
    turn: botTurn({ closing: listen }),
    tree,
    state,
    outcome: null,
    sessionId: 's1',
    channelId: 's1@speechrecog',
    grammarUri: 'session:g',
    ...more,
  };
}

describe('the variables of a turn', () => {
  test('tell reply, place, identity, tags; slots are what the tree asks for, the rest are variables', () => {
    const turn = botTurn({
      closing: listen,
      prompts: [prompt('Tom & Jerry.'), prompt(''), prompt('Next?')],
      tags: ['billing', 'vip'],
      nodeId: 'phone',
    });
    expect(templateVariables(rendered({ turn }))).toEqual({
      reply: 'Tom & Jerry. Next?',
      replySsml:
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US">Tom &amp; Jerry. Next?</speak>',
      transcript: '',
      confidence: 0,
      inputMode: 'speech',
      nodeId: 'phone',
      branchId: '',
      score: null,
      action: 'continue',
      transferTo: '',
      sessionId: 's1',
      slots: { phone: '1234' },
      vars: { caller: 'alice' },
      tags: ['billing', 'vip'],
      channelId: 's1@speechrecog',
      grammar: 'session:g',
      language: 'en-US',
    });
  });

  test('silence has no SSML', () => {
    expect(templateVariables(rendered()).replySsml).toBe('');
  });

  test.each([
    ['speech', heard('my bill', 0.8), { transcript: 'my bill', confidence: 0.8, inputMode: 'speech' }],
    ['keys', pressed('12'), { transcript: '12', confidence: 1, inputMode: 'dtmf' }],
    ['nothing', outcome(), { transcript: '', confidence: 0, inputMode: 'speech' }],
  ])('input of %s', (_case, input, variables) => {
    expect(templateVariables(rendered({ outcome: input }))).toMatchObject(variables);
  });

  const handover = { queue: 'support', reason: 'wanted', summary: '' };
  const closings: readonly [TurnClosing, string, string][] = [
    [listen, 'continue', ''],
    [{ type: 'end' }, 'hangup', ''],
    [{ type: 'none' }, 'hangup', ''],
    [{ type: 'transfer', target: 'sip:x@y.test' }, 'transfer', 'sip:x@y.test'],
    [{ type: 'handover', handover }, 'transfer', 'support'],
  ];
  test.each(closings)('closing with %j', (closing, action, transferTo) => {
    const variables = templateVariables(rendered({ turn: botTurn({ closing }) }));
    expect(variables).toMatchObject({ action, transferTo });
  });

  test('the last decision gives branch and score', () => {
    const decided = (branchId: string, score: number | null) => ({
      nodeId: 'menu',
      nextNodeId: 'phone',
      branchId,
      score,
      zone: 'accept' as const,
      threshold: 0.5,
      scores: [],
      options: [],
    });
    const turn = botTurn({ closing: listen, decisions: [decided('fault', 0.4), decided('bill', 0.9)] });
    expect(templateVariables(rendered({ turn }))).toMatchObject({ branchId: 'bill', score: 0.9 });
  });
});

test('the spoken reply leaves empty prompts out', () => {
  expect(spokenReply(botTurn({ prompts: [prompt('a'), prompt(''), prompt('b')] }))).toBe('a b');
  expect(spokenReply(botTurn())).toBe('');
});

describe('ResponseRenderer', () => {
  test('renders the template in force, escaped, with its content type', () => {
    const { templates } = loadTemplates([bundledTemplates]);
    const turn = botTurn({ closing: listen, prompts: [prompt('a < b')] });
    const response = new ResponseRenderer((id) => templates.get(id) ?? null).render(
      'nlsml-dialogue',
      rendered({ turn }),
    );
    expect(response.contentType).toBe('application/nlsml+xml');
    expect(response.body).toContain('<reply>a &lt; b</reply>');
  });

  test('asks for the set at every turn and throws for an id that is not in it', () => {
    let { templates } = loadTemplates([bundledTemplates]);
    const renderer = new ResponseRenderer((id) => templates.get(id) ?? null);
    expect(() => renderer.render('nlsml', rendered())).not.toThrow();
    templates = new Map();
    expect(() => renderer.render('nlsml', rendered())).toThrow('there is no template "nlsml"');
  });
});
