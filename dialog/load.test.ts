import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { dialogLimits } from '../config/limits.js';
import { SeededRandom } from '../config/random.js';
import { loadTree } from './load.js';
import { formatProblem, nearestName } from './tree-problem.js';

const good = `tree: shop
start: menu
globals:
  - id: operator
    dtmf: 0
    go: human
    examples: [talk to a person, an agent please, get me a human]
nodes:
  menu:
    say: { voice: What can I do?, chat: How can I help?, bargein: false }
    listen:
      branches:
        - id: order
          label: your order
          go: ask_order
          tags: [order]
          examples: [where is my order, track my parcel, delivery status]
      dtmf: { '1': order }
      no_input: { after: 1.5s, prompts: [Hello?], then: bye, max: 1 }
  ask_order:
    ask: { slot: order, type: digits, min: 4, max: 6, prompts: [Which number?], confirm: "{order}?" }
    go: keep
  keep:
    set: { note: "order {order}" }
    go: bye
  human:
    handover: { queue: support }
    resume: menu
  bye:
    end: { say: Goodbye. }
`;

describe('loadTree', () => {
  it('makes an immutable tree of a good file, without a problem', () => {
    const { tree, problems } = loadTree(good, 'shop.yaml');
    expect(problems).toEqual([]);
    expect(tree).toMatchObject({ id: 'shop', version: 1, language: 'en-US', start: 'menu' });
    const menu = tree?.nodes.get('menu');
    expect(menu).toMatchObject({
      kind: 'listen',
      noInput: { max: 1, then: 'bye' },
      noInputMs: 1_500,
      noMatch: { prompts: [], max: 2, then: null },
      thresholds: { source: 'calibrated' },
    });
    expect(menu?.kind === 'listen' && Object.fromEntries(menu.dtmf)).toEqual({
      0: 'global:operator',
      1: 'order',
    });
    expect(tree?.nodes.get('ask_order')).toMatchObject({ noInputMs: 5_000, go: 'keep', goNo: 'keep' });
    expect([...(tree?.slotTypes.keys() ?? [])]).toEqual(['order']);
    const said = menu?.say?.renditions.get('en-US');
    expect([said?.voice.source, said?.chat.source, menu?.say?.bargeIn]).toEqual([
      'What can I do?',
      'How can I help?',
      false,
    ]);
  });

  it('takes thresholds from the node, then the tree', () => {
    const atTree = good.replace('start: menu', 'start: menu\nthresholds: { accept: 0.5, confirm: 0.4 }');
    const atNode = atTree.replace(
      '  ask_order:',
      '    thresholds: { accept: 0.6, confirm: 0.1 }\n  ask_order:',
    );
    expect(loadTree(atTree, 'f').tree?.nodes.get('menu')).toMatchObject({
      thresholds: { accept: 0.5, confirm: 0.4, source: 'tree' },
    });
    expect(loadTree(atNode, 'f').tree?.nodes.get('menu')).toMatchObject({
      thresholds: { accept: 0.6, confirm: 0.1, source: 'node' },
    });
  });

  /** What to replace in the good file, by what, and the line of the problem that has to follow. */
  it.each<[string, string, string, string]>([
    ['unknown key', 'start: menu', 'strat: menu', '2:1: error: strat: unknown key "strat". Write "start".'],
    ['missing start', 'start: menu\n', '', '1:1: error: start: "start" is missing. Add "start:" here.'],
    [
      'a key that belongs elsewhere',
      'listen:',
      'prompts: [Bill or fault?]\n    listen:',
      'error: nodes.menu.prompts: "prompts" does not belong here. Move it into ask or no_match or no_input, or remove it.',
    ],
    [
      'unknown key in a node',
      'resume: menu',
      'resme: menu',
      ':5: error: nodes.human.resme: unknown key "resme"',
    ],
    [
      'dangling start',
      'start: menu',
      'start: menus',
      '2:1: error: start: there is no node "menus". Write "menu".',
    ],
    [
      'dangling go',
      'go: ask_order',
      'go: ask_oder',
      '15:11: error: nodes.menu.listen.branches.0.go: there is no',
    ],
    [
      'dangling then',
      'then: bye',
      'then: by',
      '19:51: error: nodes.menu.listen.no_input.then: there is no node "by"',
    ],
    [
      'dangling resume',
      'resume: menu',
      'resume: nowhere',
      'there is no node "nowhere". Add a node "nowhere".',
    ],
    ['dangling key', "'1': order", "'1': ordr", 'dtmf.1: there is no branch "ordr" here. Write "order".'],
    ['bad key', "'1': order", "'12': order", '"12" is not a telephone key. Use one of 0-9, * and #.'],
    [
      'duplicate branch',
      '      dtmf:',
      '        - { id: order, go: bye, examples: [x] }\n      dtmf:',
      'duplicate branch id',
    ],
    ['global taken', 'id: order', 'id: operator', '"operator" is also a global. Rename the branch.'],
    [
      'duplicate example',
      '      dtmf:',
      '        - { id: two, go: bye, examples: ["Track my PARCEL!"] }\n      dtmf:',
      'nodes.menu.listen.branches.1.examples.0: "Track my PARCEL!" is also an example of "order"',
    ],
    [
      'example of a global',
      'delivery status',
      'an agent please',
      'warning: nodes.menu.listen.branches.0.examples.2',
    ],
    ['example without words', 'delivery status', "'...'", 'the example has no words'],
    [
      'few examples',
      'track my parcel, delivery status',
      'track it',
      'warning: nodes.menu.listen.branches.0: branch',
    ],
    ['dead end', '    go: bye', '', 'error: nodes.keep: dead end: the node does not say where to go'],
    [
      'branch to nowhere',
      '          go: ask_order\n',
      '',
      'branch "order" needs one of "go", "visit" and "do"',
    ],
    ['two kinds', '    say: {', '    end: {}\n    say: {', 'a node is one of listen, end, not several'],
    ['misplaced go', '    resume: menu', '    go: menu', '"go" has no effect beside "handover"'],
    ['misplaced resume', '    go: bye', '    go: bye\n    resume: bye', '"resume" belongs to a handover'],
    ['text missing', 'say: Goodbye.', "say: ' '", 'error: nodes.bye.end.say: the text is empty'],
    ['prompts missing', 'prompts: [Which number?], ', '', '"prompts" is missing'],
    ['wrong type', 'prompts: [Which number?]', 'prompts: Which', '"prompts" is not valid'],
    ['number as text', 'say: Goodbye.', 'say: 5', '"say" is not valid: expected a text, or voice:, chat:'],
    ['bad duration', 'after: 1.5s', 'after: 5', 'a duration is written 5s or 500ms'],
    [
      'duration over the bound',
      'after: 1.5s',
      'after: 5000s',
      'a duration is written 5s or 500ms, 100ms to 600s',
    ],
    ['min above max', 'min: 4', 'min: 7', 'min: is above max; exchange them'],
    [
      'two ways from digits',
      '    go: keep',
      '    go: { yes: keep, no: bye }',
      'only an ask of type yes_no goes two ways',
    ],
    ['bad slot', 'slot: order', 'slot: 1st', 'a variable is a letter'],
    ['bad set', '{ note:', '{ 1st:', 'a variable is a letter'],
    [
      'confirm above accept',
      'start: menu',
      'start: menu\nthresholds: { accept: 0.2, confirm: 0.3 }',
      '"confirm" is above',
    ],
    [
      'threshold over 1',
      'start: menu',
      'start: menu\nthresholds: { accept: 2, confirm: 0 }',
      '"accept" is not valid',
    ],
    ['fallback that asks', 'start: menu', 'start: menu\nfallback: menu', '"menu" asks the user again'],
    [
      'cycle',
      '  bye:\n    end: { say: Goodbye. }',
      '  bye:\n    go: keep',
      '"keep" > "bye" > "keep" never waits',
    ],
    [
      'unreachable',
      '  bye:\n',
      '  island:\n    go: bye\n  bye:\n',
      'warning: nodes.island: no way leads to "island"',
    ],
    [
      'unknown variable',
      'order {order}',
      'order {odrer}',
      'nothing in the tree sets "{odrer}". Write "{order}".',
    ],
    [
      'mute confirm',
      'start: menu',
      'start: menu\nconfirm: What?',
      'warning: confirm: the question does not say',
    ],
    ['mute read-back', '"{order}?"', 'Right?', 'Use "{order}" in it.'],
    ['unknown language', 'start: menu', 'start: menu\nlanguage: fr-FR', 'not known in "fr-FR"'],
    [
      'bad language',
      'start: menu',
      'start: menu\nlanguage: "?"',
      'a language is written like en-US or zh-CN',
    ],
    [
      'nothing to listen for',
      '        - id: order',
      '        - id: other',
      'there is no branch "order" here',
    ],
    ['duplicate node', '  bye:\n', '  keep:\n    go: bye\n  bye:\n', 'Map keys must be unique'],
    ['bad YAML', 'tree: shop', 'tree: [shop', 'error: '],
    ['bad id', 'id: order', 'id: "a:b"', 'an id is 1 to 64 letters, digits, "_" or "-"'],
  ])('names %s with its place and fix', (_name, from, to, line) => {
    const changed = good.replace(from, to);
    expect(changed).not.toBe(good);
    const { tree, problems } = loadTree(changed, 'shop.yaml');
    const lines = problems.map(formatProblem);
    expect(lines.join('\n')).toContain(line);
    expect(tree === null).toBe(problems.some(({ severity }) => severity === 'error'));
    for (const problem of problems) {
      expect(problem.file).toBe('shop.yaml');
      expect(problem.fix).not.toBe('');
    }
  });

  it('wants examples or a key of every branch', () => {
    const noKey = good.replace(/ +examples: \[where.*\n/, '').replace(/ +dtmf: \{ '1'.*\n/, '');
    expect(loadTree(noKey, 'f').problems.map(formatProblem)).toEqual([
      expect.stringContaining('branch "order" has no examples. Add "examples:" or a DTMF key.'),
    ]);
  });

  it('places a problem at the line of its key', () => {
    const changed = good.replace('go: keep', 'go: kept');
    const line = changed.split('\n').findIndex((text) => text.includes('go: kept')) + 1;
    expect(loadTree(changed, 'f').problems[0]).toMatchObject({ line, column: 5, path: 'nodes.ask_order.go' });
  });

  it('refuses a file over the bound unread', () => {
    const { tree, problems } = loadTree(' '.repeat(dialogLimits.treeBytes + 1), 'f');
    expect(tree).toBeNull();
    expect(problems).toMatchObject([
      { message: `the file is longer than ${dialogLimits.treeBytes} characters` },
    ]);
  });

  it('refuses YAML that grows by aliases', () => {
    const bomb = Array.from(
      { length: 9 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i ? `*a${i - 1}` : 'x')
          .join()}]`,
    );
    expect(loadTree(bomb.join('\n'), 'f')).toMatchObject({ tree: null, problems: [{ severity: 'error' }] });
  });

  it('never throws on a file cut anywhere, and loads it only without an error', () => {
    for (let end = 0; end < good.length; end += 3) {
      const { tree, problems } = loadTree(good.slice(0, end), 'f');
      expect(tree === null).toBe(problems.some(({ severity }) => severity === 'error'));
    }
  });

  it('never throws on a file with random characters changed', () => {
    const random = new SeededRandom(7);
    const signs = ' :{}[]-&*!|>\'"%@`#,?\n\t0aé网\u0000';
    for (let round = 0; round < 150; round++) {
      const characters = [...good];
      for (let edits = 0; edits < 4; edits++)
        characters[random.integer(characters.length)] = signs[random.integer(signs.length)] ?? '';
      expect(() => loadTree(characters.join(''), 'f')).not.toThrow();
    }
  });
});

describe('nearestName', () => {
  it.each([
    ['strat', 'start'],
    ['exmaples', 'examples'],
    ['GO', 'go'],
    ['zzzzzz', null],
  ])('of %j is %j', (wrong, near) => expect(nearestName(wrong, ['start', 'examples', 'go'])).toBe(near));

  it('finds any name with one letter changed', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,10}$/), fc.nat(9), (name, at) => {
        const i = at % name.length;
        expect(nearestName(name.slice(0, i) + 'X' + name.slice(i + 1), [name])).toBe(name);
      }),
    );
  });
});
