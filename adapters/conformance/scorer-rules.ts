import type { Candidate, CandidateSet, ScoredBranch, SimilarityScorer } from '../../dialog/scoring.js';
import { breaches, waitFor, type Rule, type TimeKeeper } from './rule.js';

/** Ways in which what a scorer depends on can fail it; a fixture names those that it can bring about. */
export type ScorerFault =
  | 'overloaded'
  | 'server-error'
  | 'hang'
  | 'garbage'
  | 'truncated'
  | 'disconnect'
  | 'wrong-dimension'
  | 'not-a-number'
  | 'zeros'
  | 'too-few'
  | 'bad-score'
  | 'forgotten';

/** A scorer under test and how to make it fail. */
export interface ScorerFixture extends TimeKeeper {
  readonly scorer: SimilarityScorer;
  /** The faults that can be brought about while a question is scored, and whether the question must still succeed. */
  readonly faults: readonly { readonly fault: ScorerFault; readonly survived: boolean }[];
  /** The next question to what the scorer depends on fails so. */
  failNext(fault: ScorerFault): void;
  close(): Promise<void>;
}

/** Two nodes of one tree; `operator` is open at both. */
export const scorerSets: readonly CandidateSet[] = [
  {
    setId: 'menu',
    candidates: [
      { id: 'bill', examples: ['i want to pay my bill', 'how much is my bill', '我要查账单'] },
      {
        id: 'fault',
        examples: ['my internet is down', 'the connection does not work', '网断了', '宽带坏了'],
      },
      { id: 'global:operator', examples: ['give me a human', 'operator please', '转人工'] },
    ],
  },
  {
    setId: 'router',
    candidates: [
      { id: 'red', examples: ['the light is red', 'a red light blinks', '红灯亮了'] },
      { id: 'green', examples: ['the light is green', 'it is green now', '绿灯亮了'] },
      { id: 'global:operator', examples: ['give me a human', 'operator please', '转人工'] },
    ],
  },
];

const never = (): AbortSignal => new AbortController().signal;
const idsOf = (candidates: readonly Candidate[]): string[] => candidates.map(({ id }) => id);

function idsAt(setId: string): string[] {
  return idsOf(scorerSets.find((set) => set.setId === setId)?.candidates ?? []);
}

async function prepared({ scorer }: ScorerFixture): Promise<SimilarityScorer> {
  if (scorer.prepareAll) await scorer.prepareAll(scorerSets);
  else for (const { setId, candidates } of scorerSets) await scorer.prepare(setId, candidates);
  return scorer;
}

function ask(
  scorer: SimilarityScorer,
  setId: string,
  text: string,
  ids = idsAt(setId),
  signal = never(),
): Promise<readonly ScoredBranch[]> {
  return scorer.score(setId, text, ids, signal);
}

/** What a promise came to within the fixture's patience. */
async function outcome(
  fixture: ScorerFixture,
  work: Promise<unknown>,
): Promise<'resolved' | 'rejected' | 'late'> {
  let ended: 'resolved' | 'rejected' | 'late' = 'late';
  work.then(
    () => (ended = 'resolved'),
    (err: unknown) => (ended = err instanceof Error ? 'rejected' : 'late'),
  );
  await waitFor(fixture, () => ended !== 'late');
  return ended;
}

/** 0 to 1, best first, each branch once and none that was not asked for. */
function wellFormed(scores: readonly ScoredBranch[], ids: readonly string[]): boolean {
  const inRange = scores.every(({ score }) => score >= 0 && score <= 1);
  const sorted = scores.every(({ score }, i) => i === 0 || score <= (scores[i - 1]?.score ?? 0));
  const once = new Set(idsIn(scores)).size === scores.length;
  return inRange && sorted && once && idsIn(scores).every((id) => ids.includes(id));
}

function idsIn(scores: readonly ScoredBranch[]): string[] {
  return scores.map(({ branchId }) => branchId);
}

async function findsExamples(fixture: ScorerFixture): Promise<readonly string[]> {
  const scorer = await prepared(fixture);
  const found: string[] = [];
  for (const { setId, candidates } of scorerSets) {
    for (const { id, examples } of candidates) {
      for (const example of examples) {
        const scores = await ask(scorer, setId, example);
        if (!wellFormed(scores, idsOf(candidates)))
          found.push(`the answer for "${example}" is not well-formed`);
        if (scores.length !== candidates.length) found.push(`not every branch is scored for "${example}"`);
        if (scores[0]?.branchId !== id)
          found.push(`"${example}" is not an example of ${scores[0]?.branchId ?? 'nothing'}`);
      }
    }
  }
  return found;
}

async function answersForAsked(fixture: ScorerFixture): Promise<readonly string[]> {
  const scorer = await prepared(fixture);
  const text = 'how much is my bill';
  const all = await ask(scorer, 'menu', text);
  const some = await ask(scorer, 'menu', text, ['fault', 'nobody']);
  const none = await ask(scorer, 'menu', text, []);
  const alone = all.find(({ branchId }) => branchId === 'fault')?.score ?? Number.NaN;
  return breaches(
    ['only branches that were asked for and exist are scored', idsIn(some).join() === 'fault'],
    ['a branch scores the same whoever else is asked for', Math.abs((some[0]?.score ?? 0) - alone) < 1e-6],
    ['nothing asked, nothing answered', none.length === 0],
  );
}

async function isRepeatable(fixture: ScorerFixture): Promise<readonly string[]> {
  const scorer = await prepared(fixture);
  const texts = ['the internet is broken', '红灯', 'something else'];
  const askAll = () =>
    Promise.all(texts.flatMap((text) => [ask(scorer, 'menu', text), ask(scorer, 'router', text)]));
  const [first, second] = [await askAll(), await askAll()];
  const alone: (readonly ScoredBranch[])[] = [];
  for (const text of texts) alone.push(await ask(scorer, 'menu', text), await ask(scorer, 'router', text));
  return breaches(
    ['the same question has the same answer', JSON.stringify(first) === JSON.stringify(second)],
    ['questions at the same time do not disturb each other', JSON.stringify(first) === JSON.stringify(alone)],
  );
}

async function knowsItsSets(fixture: ScorerFixture): Promise<readonly string[]> {
  const scorer = await prepared(fixture);
  const unknown = await outcome(fixture, ask(scorer, 'other', 'my bill', ['bill']));
  scorer.release('menu');
  scorer.release('menu');
  scorer.release('never prepared');
  const released = await outcome(fixture, ask(scorer, 'menu', 'my bill'));
  const other = await outcome(fixture, ask(scorer, 'router', 'red'));
  const [menu] = scorerSets;
  await scorer.prepare('menu', [{ id: 'only', examples: ['my bill', 'the bill'] }]);
  const replaced = await ask(scorer, 'menu', 'my bill', ['only', ...idsOf(menu?.candidates ?? [])]);
  return breaches(
    ['an unknown set rejects', unknown === 'rejected'],
    ['a released set rejects', released === 'rejected'],
    ['other sets stay', other === 'resolved'],
    ['a set is replaced by preparing its id again', idsIn(replaced).join() === 'only'],
  );
}

async function heedsAbort(fixture: ScorerFixture): Promise<readonly string[]> {
  const scorer = await prepared(fixture);
  const beforehand = AbortSignal.abort(new Error('over'));
  const tooLate = await outcome(fixture, ask(scorer, 'menu', 'one', ['bill'], beforehand));
  let midway: string = 'rejected';
  if (fixture.faults.some(({ fault }) => fault === 'hang')) {
    const abort = new AbortController();
    fixture.failNext('hang');
    const asked = ask(scorer, 'menu', 'two', ['bill'], abort.signal);
    const ended = outcome(fixture, asked);
    await fixture.wait(fixture.quietMs);
    abort.abort(new Error('late'));
    midway = await ended;
  }
  const next = await outcome(fixture, ask(scorer, 'menu', 'three', ['bill']));
  return breaches(
    ['a signal aborted beforehand rejects', tooLate === 'rejected'],
    ['an abort in the middle rejects at once', midway === 'rejected'],
    ['the next question is not disturbed', next === 'resolved'],
  );
}

async function takesAnyText(fixture: ScorerFixture): Promise<readonly string[]> {
  const scorer = await prepared(fixture);
  const ids = ['bill', 'fault', 'global:operator'];
  const found: string[] = [];
  const texts = [
    '',
    ' \n\t',
    'a\0b',
    '\ud800',
    '👩‍👩‍👧',
    '"}]',
    '../../etc',
    'ｆｕｌｌ',
    'x'.repeat(20_000),
    '账'.repeat(2_000),
  ];
  for (const text of texts) {
    const scores = await ask(scorer, 'menu', text, ids).catch(() => null);
    if (!scores || !wellFormed(scores, ids)) found.push(`${JSON.stringify(text.slice(0, 20))} is not scored`);
  }
  return found;
}

async function survivesFaults(fixture: ScorerFixture): Promise<readonly string[]> {
  const scorer = await prepared(fixture);
  const found: string[] = [];
  for (const { fault, survived } of fixture.faults) {
    if (fault === 'hang') continue;
    fixture.failNext(fault);
    const ended = await outcome(fixture, ask(scorer, 'menu', `said while ${fault}`));
    if (ended !== (survived ? 'resolved' : 'rejected')) found.push(`${fault}: the question ${ended}`);
    const scores = await ask(scorer, 'menu', `my bill after ${fault}`).catch(() => null);
    if (!scores || !wellFormed(scores, ['bill', 'fault', 'global:operator']))
      found.push(`${fault}: the next question fails as well`);
  }
  return found;
}

async function failsToPrepare(fixture: ScorerFixture): Promise<readonly string[]> {
  const { scorer } = fixture;
  const fault = fixture.faults.find((listed) => listed.fault === 'server-error')?.fault;
  if (!fault) return [];
  fixture.failNext(fault);
  const failed = await outcome(fixture, prepared(fixture));
  const unprepared = await outcome(fixture, ask(scorer, 'menu', 'my bill'));
  const again = await outcome(fixture, prepared(fixture));
  const scored = await outcome(fixture, ask(scorer, 'menu', 'my bill'));
  return breaches(
    ['a failed preparation rejects', failed === 'rejected'],
    ['a set that failed to be prepared rejects', unprepared === 'rejected'],
    ['preparing again works', again === 'resolved' && scored === 'resolved'],
  );
}

async function preparesEmptySets(fixture: ScorerFixture): Promise<readonly string[]> {
  const { scorer } = fixture;
  await scorer.prepare('empty', []);
  await scorer.prepare('single', [{ id: 'one', examples: ['only this'] }]);
  const empty = await ask(scorer, 'empty', 'x', ['one']).catch(() => null);
  const single = await ask(scorer, 'single', 'only this', ['one']).catch(() => null);
  return breaches(
    ['a set without candidates answers nothing', empty?.length === 0],
    ['a single candidate is scored', single !== null && single.length === 1 && (single[0]?.score ?? 0) > 0],
  );
}

/** Every rule that `dialog/scoring.ts` states. */
export const scorerRules: readonly Rule<ScorerFixture>[] = [
  { name: 'scores each example highest for its own branch', check: findsExamples },
  { name: 'answers for the branches asked for', check: answersForAsked },
  { name: 'gives the same answer again, and at the same time', check: isRepeatable },
  { name: 'knows prepared sets and no others', check: knowsItsSets },
  { name: 'rejects when its signal aborts', check: heedsAbort },
  { name: 'takes any text', check: takesAnyText },
  { name: 'turns a fault into one rejection and goes on', check: survivesFaults },
  { name: 'rejects a failed preparation, and can be prepared again', check: failsToPrepare },
  { name: 'prepares sets of no and of one candidate', check: preparesEmptySets },
];
