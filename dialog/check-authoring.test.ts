import { describe, expect, it } from 'vitest';
import { checkForAuthors } from './check-authoring.js';

const clean = `tree: shop
start: menu
fallback: human
no_match: { prompts: [Sorry I did not understand.] }
globals:
  - { id: operator, label: a person, dtmf: '#', go: human, examples: [talk to a person, an agent please, get me a human] }
  - { id: help_me, label: our tips, visit: tips, examples: [give me some tips, what do you recommend, any advice] }
nodes:
  menu:
    say: What can I do for you?
    listen:
      branches:
        - id: order
          label: your order
          go: ask_order
          examples: [where is my order, track my parcel, delivery status]
        - id: bill
          label: your bill
          go: look_up
          examples: [pay my invoice, how much do i owe, a question about money]
      dtmf: { '1': order, '2': bill }
  ask_order:
    ask: { slot: order, type: digits, min: 4, max: 6, prompts: [Which number?, Please say the number.], confirm: "{order}?" }
    go: sort
  sort:
    condition:
      - { if: order == "1234", go: old }
      - go: old
  old:
    say: Order {order} is on its way.
    go: check
  check:
    subtree: { name: survey, with: { topic: order }, into: { grade: grade } }
    go: bye
  look_up:
    call: { http: billing, path: /bill, output: { amount: result.amount }, on_error: human }
    go: tell_bill
  tell_bill:
    say: You owe {amount}.
    go: bye
  tips:
    say: Buy early.
    go: back
  back: { return: true }
  human:
    handover: { queue: support }
    resume: menu
  bye:
    end: { say: Goodbye. }
subtrees:
  survey:
    parameters: [topic]
    start: rate
    nodes:
      rate:
        ask: { slot: grade, type: number, prompts: ["How was {topic}, one to five?", One to five please.] }
        go: done
      done: { return: { results: { grade: = grade } } }
`;

function lines(text: string): string[] {
  return checkForAuthors(text, 'shop.yaml').problems.map(
    ({ line, code, message, fix }) => `${line} ${code}: ${message}. ${fix}`,
  );
}

/** The line of the first `part` in a text, from 1. */
function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

describe('checkForAuthors', () => {
  it('finds nothing in a tree without problems', () => {
    expect(lines(clean)).toEqual([]);
  });

  /** What to replace in the clean file, by what, what marks the line of the finding, and the finding. */
  it.each<[string, string, string, string, string]>([
    [
      'few-examples',
      ', track my parcel, delivery status]',
      ']',
      '- id: order',
      'branch "order" has few examples',
    ],
    [
      'repeated-example',
      'delivery status',
      'track my parcel',
      '[where is',
      '"track my parcel" is there twice. Remove',
    ],
    [
      'global-example',
      'delivery status',
      'an agent please',
      '[where is',
      'also an example of the global "operator"',
    ],
    ['unreachable', '  bye:\n', '  island: { go: bye }\n  bye:\n', 'island', 'no way leads to "island"'],
    [
      'unknown-variable',
      'Order {order}',
      'Order {odrer}',
      'Order {odrer}',
      'sets "{odrer}". Write "{order}"',
    ],
    [
      'confirmation-without-value',
      '"{order}?"',
      'Right?',
      'slot: order',
      'does not say what was understood. Use "{order}"',
    ],
    [
      'unsupported-language',
      'start: menu',
      'start: menu\nlanguage: fr-FR',
      'language: fr',
      'not known in "fr-FR"',
    ],
    [
      'cycle',
      '- { if: order == "1234", go: old }',
      '- { if: order == "1234", go: sort }',
      '  sort:',
      'can go round',
    ],
    [
      'subtree-call',
      'with: { topic: order }, ',
      '',
      'subtree: {',
      'parameter "topic" of "survey" is not given. Add "topic:"',
    ],
    [
      'missing-label',
      '          label: your order\n',
      '',
      '- id: order',
      'read out the example "where is my order". Add "label:"',
    ],
    [
      'silent-no-match',
      'no_match: { prompts: [Sorry I did not understand.] }\n',
      '',
      'listen:',
      'hears the same question again',
    ],
    [
      'ambiguous-key',
      "dtmf: '#'",
      "dtmf: '0'",
      'slot: order',
      'key 0 is part of the answer here and does not mean "operator". Do not',
    ],
    [
      'slot-types',
      'slot: grade, type: number',
      'slot: topic, type: number, fill: { topic: date }',
      'slot: topic',
      '"topic" is a date here and a number at "survey/rate". Use the same type',
    ],
    [
      'no-fallback',
      'fallback: human\n',
      '',
      'start: menu',
      'who is not understood at "menu", "ask_order", "survey/rate" goes to the queue "default". Add "fallback: NODE"',
    ],
    [
      'handover-without-resume',
      '    resume: menu\n',
      '',
      'handover: {',
      'everything starts anew. Add "resume: NODE"',
    ],
    [
      'return-to-nowhere',
      'visit: tips',
      'go: tips',
      'back: { return',
      'there is nothing to return to. Lead here by "visit:"',
    ],
    [
      'never-returns',
      '        go: done\n',
      '        go: stop\n      stop: { end: true }\n',
      '  survey:',
      '"check" never goes on. Add a node with "return: true"',
    ],
    [
      'unset-variable',
      '  menu:\n',
      '  welcome: { say: "Hi {order}", go: menu }\n  menu:\n',
      'Hi {order}',
      'no path from where it is set ("ask_order") leads here. Set it before',
    ],
    [
      'constant-condition',
      'order == "1234"',
      '1 < 2',
      '- { if',
      'always holds: what follows is never looked at. Remove "if:"',
    ],
    ['constant-condition', 'order == "1234"', '2 < 1', '- { if', 'the condition never holds. Remove the arm'],
    [
      'constant-condition',
      '          go: ask_order',
      '          when: "1 == 2"\n          go: ask_order',
      'when:',
      'never holds. Remove the branch',
    ],
    [
      'unreachable-arm',
      '- { if: order == "1234", go: old }',
      '- { if: number(order) > 1, go: old }\n      - { if: number(order) > 1, go: bye }',
      'order) > 1, go: bye',
      'is never looked at: "number(order) > 1" comes first. Put the narrower',
    ],
    [
      'long-speech',
      'Buy early.',
      'Buy. '.repeat(130),
      'say: Buy',
      'are too long to listen to. Say it in several turns',
    ],
    [
      'unspeakable-text',
      'Buy early.',
      'See https://example.com/tips',
      'say: See',
      'holds an address of the web. Keep it in "chat:"',
    ],
    ['unspeakable-text', 'Buy early.', 'Buy **early**.', 'say: Buy', 'holds Markdown'],
    ['unspeakable-text', 'Buy early.', 'Buy early 🎁', 'say: Buy', 'holds a pictograph'],
    [
      'ssml',
      'say: Buy early.',
      'say: { voice: Buy, chat: Buy, ssml: Buy <break time="1s"> now }',
      'say: { voice: Buy',
      'not well-formed: <break> is not closed',
    ],
    [
      'chat-missing',
      'say: Buy early.',
      'say: { voice: Buy early., ssml: Buy <break/> early. }',
      'say: { voice: Buy',
      'written for the ear. Add "chat:"',
    ],
    [
      'speech-missing',
      'say: Buy early.',
      'say: { card: { title: Offers } }',
      'say: { card',
      'no text for the phone. Add "voice:"',
    ],
    [
      'language-missing',
      'start: menu',
      'start: menu\nlanguages: [zh-CN]',
      'say: What can',
      'no text in zh-CN: it is said in en-US. Add "zh-CN:" beside "en-US:"',
    ],
    [
      'unanswered-reply',
      'say: What can I do for you?',
      'say: { voice: What?, chat: What can I do?, quick_replies: [xylophone zebra] }',
      'quick_replies',
      'nothing understands "xylophone zebra" at "menu". Make it',
    ],
    [
      'confusable-examples',
      'a question about money',
      'where is my parcel now',
      'where is my parcel now',
      'of branch "bill" is taken for "order"',
    ],
    [
      'rejected-examples',
      '  ask_order:\n',
      '    thresholds: { accept: 0.99, confirm: 0.98 }\n  ask_order:\n',
      '[where is my',
      'is not understood when it is left out',
    ],
  ])('advises %s with its line and fix: %s', (code, from, to, mark, finding) => {
    const changed = clean.replace(from, to);
    expect(changed).not.toBe(clean);
    const found = lines(changed).filter((line) => line.includes(` ${code}: `) && line.includes(finding));
    expect({ found: found.length > 0, all: lines(changed) }).toMatchObject({ found: true });
    expect(found.map((line) => Number.parseInt(line, 10))).toContain(lineOf(changed, mark));
    const silenced = changed.replace('start: menu', `lint: { ignore: [${code}] }\nstart: menu`);
    expect(lines(silenced).filter((line) => line.includes(` ${code}: `))).toEqual([]);
  });

  it('tells the branches where one sentence of two compact examples meets', () => {
    const compact = clean
      .replace('where is my order', '(where|how) is my order')
      .replace('pay my invoice', 'how is my order');
    expect(lines(compact)).toContainEqual(
      expect.stringContaining(
        '20 invalid: "how is my order" is also an example of "order". Keep it in one branch',
      ),
    );
  });

  it('cannot be made to overlook an error', () => {
    const wrong = clean
      .replace('result.amount', '1 - channel')
      .replace('start: menu', 'lint: { ignore: [expression-type] }\nstart: menu');
    const { tree, problems } = checkForAuthors(wrong, 'shop.yaml');
    expect(tree).toBeNull();
    expect(problems.map(({ severity, code, message }) => `${severity} ${code}: ${message}`)).toEqual([
      expect.stringContaining('error invalid: 1 - channel: expected a number'),
    ]);
  });

  it('refuses a code that it does not know, and names those it does', () => {
    const wrong = clean.replace('start: menu', 'lint: { ignore: [few-exmaples] }\nstart: menu');
    expect(lines(wrong)).toEqual([
      expect.stringMatching(/^2 invalid: .*expected one of ambiguous-key, .*few-examples/),
    ]);
  });

  it.each([
    ['another name', 'biling', 'there is no service "biling". Write "billing"'],
    ['no name near', 'weather', 'there is no service "weather". Add "weather" under "services:"'],
    ['another type', 'stock', '"stock" is a service of type grpc. Write "grpc: stock"'],
  ])('refuses a call of a service with %s', (_name, service, finding) => {
    const services = [
      { name: 'billing', type: 'http' },
      { name: 'stock', type: 'grpc' },
    ] as const;
    expect(checkForAuthors(clean, 'shop.yaml', { services }).problems).toEqual([]);
    const { tree, problems } = checkForAuthors(clean.replace('billing', service), 'shop.yaml', { services });
    expect(tree).toBeNull();
    expect(problems.map(({ line, code, message, fix }) => `${line} ${code}: ${message}. ${fix}`)).toEqual([
      expect.stringContaining(`unknown-service: ${finding}`),
    ]);
  });

  it('follows calls without an error way, and questions without a way out', () => {
    const noWay = clean.replace(', on_error: human', '').replace('fallback: human\n', '');
    expect(lines(noWay)).toContainEqual(
      '35 call-without-error-way: when the service fails, the conversation goes to the queue "default". Add "on_error: NODE", or "fallback: NODE" to the tree',
    );
    const caught = `tree: t
start: a
fallback: z
nodes:
  a: { listen: { no_match: { prompts: [Sorry.] }, branches: [{ id: on, label: on, go: b, examples: [go on, further, next please] }] } }
  b: { say: Well., go: a }
  z: { end: true }
`;
    expect(lines(caught)).toEqual([
      '5 no-way-out: no answer at "a" leads to an end: only silence and misunderstandings do. Add a branch to an end, or a global such as "goodbye"',
    ]);
  });

  it.each([
    ['zh-CN', 'prompts: [抱歉，我没听懂。]'],
    ['en-GB', 'prompts: [Sorry, I did not understand.]'],
  ])('in %s a missing apology is shown as %s', (language, fix) => {
    const tree = `tree: t\nlanguage: ${language}\nstart: a\nfallback: b\nnodes:\n  a: { ask: { slot: s, type: number, prompts: [x] }, go: b }\n  b: { end: true }\n`;
    const { problems } = checkForAuthors(tree, 't.yaml');
    expect(problems.find(({ code }) => code === 'silent-no-match')?.fix).toContain(fix);
  });

  it.each([
    ['a > 1', 'a > 2', true],
    ['a > 2', 'a > 1', false],
    ['a >= 2', 'a > 2', true],
    ['a > 2', 'a >= 2', false],
    ['a < 5', 'a < 3', true],
    ['a < 3', 'a < 5', false],
    ['a < 3', 'b < 1', false],
    ['a < 3', 'a > 1', false],
  ])('after "%s", "%s" is never looked at: %s', (first, second, unreachable) => {
    const tree = `tree: t
start: c
fallback: e
variables: { a: 1, b: 1 }
nodes:
  c:
    condition:
      - { if: ${first}, go: e }
      - { if: ${second}, go: f }
      - go: e
  e: { end: true }
  f: { end: true }
`;
    expect(lines(tree).map((line) => line.split(':')[0])).toEqual(unreachable ? ['9 unreachable-arm'] : []);
  });
});
