import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { prepareTree } from '../../dialog/candidates.js';
import type { TurnRecord } from '../../dialog/turn-record.js';
import type { DialogTree } from '../../dialog/tree.js';
import type { ScorerChain } from '../session/ask-scorers.js';
import { loadTree } from '../../dialog/load.js';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import { runChat } from './chat.js';

const { tree } = loadTree(
  `tree: tiny
start: menu
nodes:
  menu:
    say: Bill or fault?
    listen:
      branches:
        - { id: bill, go: bye, tags: [money], examples: [my bill, pay the bill, what do i owe] }
        - { id: news, go: news, examples: [any news, tell me the news, news today] }
        - { id: fault, go: human, examples: [it is broken, nothing works, a fault] }
      dtmf: { '1': bill }
      no_input: { prompts: [Hello?] }
  news: { say: None., go: menu }
  human: { handover: { queue: support }, resume: menu }
  bye: { end: { say: Bye. } }
`,
  'tiny.yaml',
);
if (!tree) throw new Error('the tree of this test does not load');
const tiny = tree;

const chainOf =
  (primary: SimilarityScorer, fallback: SimilarityScorer | null = null) =>
  async (tree: DialogTree): Promise<ScorerChain> => {
    for (const scorer of [primary, fallback]) if (scorer) await prepareTree(scorer, tree);
    return { primary, fallback, timeoutMs: 1_000 };
  };

async function chat(
  lines: string[],
  scorer: SimilarityScorer = new NgramScorer(),
  fallback: SimilarityScorer | null = null,
) {
  const records: TurnRecord[] = [];
  const turns = { sink: { record: (turn: TurnRecord) => void records.push(turn) }, session: 'chat-1' };
  const clock = new FakeClock();
  let text = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const input = Readable.from([lines.map((line) => line + '\n').join('')]);
  const code = await runChat({ tree: tiny, scorers: chainOf(scorer, fallback), turns, input, output, clock });
  expect(clock.pendingTimers).toBe(0);
  return { code, lines: text.split('\n'), records };
}

describe('runChat', () => {
  it('talks until the tree ends, showing scores, and releases the scorer', async () => {
    const scorer = new NgramScorer();
    const { code, lines } = await chat(['i want to pay the bill', 'not read any more'], scorer);
    expect(code).toBe(0);
    expect(lines).toEqual(
      expect.arrayContaining([
        'bot: Bill or fault?',
        'you: i want to pay the bill',
        expect.stringMatching(/^ {2}\| menu -> bye: accept bill 0\.\d\d \(threshold 0\.\d\d, calibrated\)$/),
        expect.stringMatching(/^ {2}\| {3}fault 0\.\d\d/),
        '  | tags: money',
        'bot: Bye.',
      ]),
    );
    expect(lines.at(-2)).toBe('[the conversation is over]');
    expect(scorer.size).toBe(0);
  });

  it('sends #1 as a key and an empty line as silence', async () => {
    const { lines } = await chat(['', '#1']);
    expect(lines).toContain('you: (silence)');
    expect(lines).toContain('bot: Hello?');
    expect(lines).toContain('  | menu -> bye: dtmf bill');
  });

  it('lets the human hand the conversation back', async () => {
    const { lines } = await chat(['it is broken', 'are you there', '/resume', '/quit']);
    expect(lines).toContain('[handed over to queue "support": asked]');
    expect(lines).toContain('[nothing happens; /resume hands the conversation back]');
    expect(lines.filter((line) => line === 'bot: Bill or fault?')).toHaveLength(2);
  });

  it('shows the path through nodes that need no user', async () => {
    expect((await chat(['any news'])).lines).toContain('  | path: news > menu');
  });

  it('ends with the input', async () => expect((await chat([])).code).toBe(0));

  it('says when a scorer fails, and goes on as with no match', async () => {
    const broken: SimilarityScorer = {
      name: 'broken',
      prepare: () => Promise.resolve(),
      score: () => Promise.reject(new Error('no answer')),
      release: () => undefined,
    };
    const { code, lines } = await chat(['my bill'], broken);
    expect(code).toBe(0);
    expect(lines).toContain('[the broken scorer failed: no answer]');
    expect(lines).toContainEqual(
      expect.stringMatching(/menu -> menu: reject \(threshold 0\.\d\d, calibrated\)/),
    );
  });

  it('says who scores, and is decided by the second when the first fails', async () => {
    const away: SimilarityScorer = {
      name: 'away',
      prepare: () => Promise.resolve(),
      score: () => Promise.reject(new Error('not there')),
      release: () => undefined,
    };
    const { lines, records } = await chat(['i want to pay the bill'], away, new NgramScorer());
    expect(lines).toContain('[scored by away, by ngram when it does not answer]');
    expect(lines).toContain('[the away scorer failed: not there]');
    expect(lines).toContain('bot: Bye.');
    expect(records).toMatchObject([{ scorer: 'ngram', degraded: true }]);
  });

  it('hands every decided turn to a log', async () => {
    const { records } = await chat(['purple cactus', '', '#1']);
    expect(records).toMatchObject([
      { session: 'chat-1', channel: 'chat', node: 'menu', decision: { zone: 'reject' }, scorer: 'ngram' },
      { input: { type: 'no-input' } },
      { input: { type: 'dtmf', digits: '1' }, next: 'bye', scorer: null },
    ]);
  });

  it('exits with 1 when the scorer cannot be prepared', async () => {
    const broken: SimilarityScorer = {
      name: 'broken',
      prepare: () => Promise.reject(new Error('no model')),
      score: () => Promise.resolve([]),
      release: () => undefined,
    };
    expect(await chat([], broken)).toMatchObject({
      code: 1,
      lines: ['cannot prepare the scorer: no model', ''],
    });
  });
});
