import { logLimits } from '../../config/limits.js';
import type { NewMessage, SessionLog } from '../../gateway/ports/session-log.js';
import { breaches, type Rule } from './rule.js';
import {
  alpha,
  answered,
  claimedKeys,
  epochOf,
  equal,
  goodbye,
  jobOf,
  opened,
  range,
  refOf,
  refusal,
  said,
  seqOf,
  textsIn,
  textsOf,
  turnOf,
  type SessionLogFixture,
} from './session-log-fixture.js';

type Opening = Parameters<SessionLog['open']>[0];

function opening(sessionId: string, changes: Partial<Opening> = {}): Opening {
  return { tenant: 'shop', userId: 'ann', ingress: 'chat', tree: null, sessionId, ...changes };
}

async function opensOne({ log, other }: SessionLogFixture): Promise<readonly string[]> {
  const asked = range(1, 8).map((n) => (n % 2 ? log : other).open(opening(`try-${n}`, { tree: 'menu' })));
  const results = await Promise.all(asked);
  const ids = new Set(results.map(({ record }) => record.ref.sessionId));
  const first = results[0]?.record;
  const again = await other.open(opening('again'));
  const elsewhere = await log.open(opening('wechat', { ingress: 'wechat' }));
  const somebody = await log.open(opening('bob', { userId: 'bob' }));
  const taken = await refusal(log.open(opening('bob', { userId: 'carl' })));
  await log.end(again.record.ref, goodbye);
  const fresh = await log.open(opening('fresh'));
  return breaches(
    ['all who ask at once get one session', ids.size === 1],
    ['one of them made it', results.filter(({ created }) => created).length === 1],
    [
      'it is as it was asked for',
      first?.userId === 'ann' && first.ingress === 'chat' && first.tree === 'menu',
    ],
    ['it is open and empty', first?.state === 'open' && first.lastSeq === 0 && first.toType === 'bot'],
    ['asked for later it is the same', !again.created && equal(again.record, first)],
    ['another ingress has another session', elsewhere.created],
    ['another user has another session', somebody.created],
    ["another user's session id is refused", taken === 'LogError'],
    ['after its end there is a new one', fresh.created && fresh.record.ref.sessionId === 'fresh'],
  );
}

async function opensWithJobs({ log }: SessionLogFixture): Promise<readonly string[]> {
  for (const id of ['one', 'two']) await log.open(opening(id, { jobs: [jobOf(refOf(id), id)] }));
  return breaches(['only a session that was made makes its jobs', equal(await claimedKeys(log), ['one'])]);
}

async function numbers({ log, other }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const epoch = epochOf(await log.acquire(ref, alpha, null));
  const appends = range(1, 50).map((n) => (n % 2 ? log : other).append(ref, said(`said ${n}`)));
  const commits = range(1, 10).map((n) =>
    log.commit(ref, turnOf(epoch, { messages: [answered(`a${n}`), answered(`b${n}`)] })),
  );
  const [appended, committed] = await Promise.all([Promise.all(appends), Promise.all(commits)]);
  const kept = await other.read(ref, 0, 100);
  const seqs = kept.map(({ seq }) => seq);
  const told = appended.every((result, i) => kept[seqOf(result) - 1]?.body.text === `said ${i + 1}`);
  const pairs = committed.every(
    (result) =>
      result.outcome === 'committed' && result.messages[1]?.seq === (result.messages[0]?.seq ?? 0) + 1,
  );
  const head = await log.session(ref);
  return breaches(
    ['numbers go from 1 without a gap', equal(seqs, range(1, 70))],
    ['each caller is told the number that was kept', told],
    ['messages of one turn follow one another', pairs],
    ['the head tells the newest', head?.lastSeq === 70],
    [
      'the newest input is the newest of the user',
      head?.inputSeq === kept.findLast((m) => m.author === 'user')?.seq,
    ],
  );
}

async function appendsOnce({ log, other }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const message: NewMessage = {
    ...said('hello', 'id-1'),
    body: { type: 'text', text: 'hello', value: 'v', quickReplies: [{ title: 'a', value: 'b' }] },
    jobs: [jobOf(ref, 'made')],
  };
  const turned: NewMessage = {
    ...message,
    body: { quickReplies: [{ value: 'b', title: 'a' }], value: 'v', text: 'hello', type: 'text' },
  };
  const all = await Promise.all(range(1, 6).map((n) => (n % 2 ? log : other).append(ref, message)));
  const jobs = await claimedKeys(log);
  await log.append(ref, message);
  const again = await other.append(ref, turned);
  const conflict = await log.append(ref, said('something else', 'id-1'));
  const byAgent = await log.append(ref, { ...message, author: 'agent' });
  const bob = await log.append(ref, said('hello', 'id-1', 'bob'));
  const nameless = [await log.append(ref, said('hello')), await log.append(ref, said('hello'))];
  await log.end(ref, goodbye);
  const late = await log.append(ref, message);
  return breaches(
    ['one of the same is appended', all.filter(({ outcome }) => outcome === 'appended').length === 1],
    ['the others are duplicates', all.filter(({ outcome }) => outcome === 'duplicate').length === 5],
    ['all are told one number', all.every((r) => 'message' in r && r.message.seq === 1)],
    ['its jobs are made once', equal(jobs, ['made']) && (await claimedKeys(log)).length === 0],
    ['the order of keys makes no other message', again.outcome === 'duplicate'],
    ['a duplicate is told as it was kept', 'message' in again && equal(again.message.body, message.body)],
    ['other content conflicts', equal(conflict, { outcome: 'conflict', seq: 1 })],
    ['another author conflicts', byAgent.outcome === 'conflict'],
    ["another sender's same id is new", seqOf(bob) === 2],
    ['without an id nothing is a duplicate', equal(nameless.map(seqOf), [3, 4])],
    ['a duplicate is one after the end, too', late.outcome === 'duplicate'],
  );
}

async function refuses({ log, bounds }: SessionLogFixture): Promise<readonly string[]> {
  const unknown = await log.append(refOf('nowhere'), said('hello'));
  const noEnd = await log.end(refOf('nowhere'), goodbye);
  const ref = await opened(log);
  const epoch = epochOf(await log.acquire(ref, alpha, null));
  await log.append(ref, said('first', 'id-1'));
  const messages = range(2, bounds.messagesPerSession - 1).map((n) => answered(`${n}`));
  await log.commit(ref, turnOf(epoch, { messages }));
  const tooMany = await log.commit(ref, turnOf(epoch, { messages: [answered('a'), answered('b')] }));
  const last = await log.append(ref, said('last'));
  const full = await log.append(ref, said('more'));
  const fullTurn = await log.commit(ref, turnOf(epoch, { messages: [answered('more')] }));
  const duplicate = await log.append(ref, said('first', 'id-1'));
  const end = await log.end(ref, goodbye);
  const ended = await log.append(ref, said('after'));
  const other = await opened(log, 'other');
  const otherEpoch = epochOf(await log.acquire(other, alpha, null));
  await log.commit(other, turnOf(otherEpoch, { messages: [...messages, answered('1'), answered('2')] }));
  const lastTurn = await log.commit(other, turnOf(otherEpoch, { messages: [answered('bye')], end: true }));
  return breaches(
    [
      'an unknown session is told',
      unknown.outcome === 'unknown-session' && noEnd.outcome === 'unknown-session',
    ],
    ['a turn that does not fit is refused whole', tooMany.outcome === 'full'],
    ['the last message has room', seqOf(last) === bounds.messagesPerSession],
    ['a full session is told', full.outcome === 'full' && fullTurn.outcome === 'full'],
    ['a duplicate is one in a full session', duplicate.outcome === 'duplicate'],
    ['its end has room', seqOf(end) === bounds.messagesPerSession + 1],
    ['the end of a turn has room', lastTurn.outcome === 'committed'],
    ['an ended session is told', ended.outcome === 'ended'],
  );
}

/** Texts that a careless store changes. */
const oddTexts = [
  '',
  'a\0b',
  '\ud800 half',
  '👩‍👩‍👧 网断了',
  `'; drop table x; --`,
  '"\\u0000\\"',
  '$1 ?1 :a',
  'x'.repeat(4_000),
];

async function reads({ log }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const card = { title: 't', text: 'x', image: null, url: 'https://example.com', buttons: [] };
  for (const text of oddTexts) await log.append(ref, { ...said(text), body: { type: 'text', text, card } });
  const count = oddTexts.length;
  const all = await log.read(ref, 0, 500);
  const pages = [await log.read(ref, 0, 3), await log.read(ref, 3, 3), await log.read(ref, 6, 500)];
  const times = all.map(({ atMs }) => atMs);
  return breaches(
    ['texts come back as they were', equal(textsOf(all), oddTexts)],
    [
      'bodies come back as they were',
      all.every(({ body }) => body.type === 'text' && equal(body.card, card)),
    ],
    ['pages join', equal(pages.flat(), all) && pages[0]?.length === 3],
    ['after the newest there is nothing', (await log.read(ref, count, 10)).length === 0],
    ['far after it neither', (await log.read(ref, 1_000_000, 10)).length === 0],
    ['an unknown session has none', (await log.read(refOf('nowhere'), 0, 10)).length === 0],
    [
      'times are whole and do not fall',
      times.every((ms, i) => Number.isInteger(ms) && ms >= (times[i - 1] ?? 0)),
    ],
  );
}

async function marks({ log, other, bounds }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  for (const n of range(1, 5)) await log.append(ref, said(`${n}`));
  const first = await log.mark(ref, 'ann', { delivered: 3 });
  const lower = await other.mark(ref, 'ann', { delivered: 1, read: 2 });
  await Promise.all(
    range(1, 5).map((n) => (n % 2 ? log : other).mark(ref, 'ann', { delivered: n, read: n - 1 })),
  );
  const future = await log.mark(ref, 'bob', { read: 99 });
  const unknown = await log.mark(refOf('nowhere'), 'ann', { read: 1 });
  const all = await other.marks(ref);
  for (const n of range(3, bounds.readersPerSession)) await log.mark(ref, `reader ${n}`, { read: 1 });
  const tooMany = await refusal(log.mark(ref, 'one too many', { read: 1 }));
  const known = await log.mark(ref, 'ann', { read: 5 });
  return breaches(
    ['marks begin at 0', equal(first, { delivered: 3, read: 0 })],
    ['marks never fall', equal(lower, { delivered: 3, read: 2 })],
    ['the largest of many at once stays', equal(all.get('ann'), { delivered: 5, read: 4 })],
    ['no mark is past the newest message', equal(future, { delivered: 0, read: 5 })],
    ['each reader has its own', all.size === 2],
    ['an unknown session has none', unknown === null && (await log.marks(refOf('nowhere'))).size === 0],
    [
      'readers are bounded',
      tooMany === 'RangeError' && (await log.marks(ref)).size === bounds.readersPerSession,
    ],
    ['a known reader goes on', equal(known, { delivered: 5, read: 5 })],
  );
}

async function ends({ log, other }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const last: NewMessage = { ...goodbye, clientId: 'bye', jobs: [jobOf(ref, 'told')] };
  const both = await Promise.all([log.end(ref, { ...last, clientId: null }), other.end(ref, last)]);
  const outcomes = both.map(({ outcome }) => outcome).sort();
  const won = both.find((result) => result.outcome === 'appended');
  const record = await log.session(ref);
  return breaches(
    ['one of two ends it', equal(outcomes, ['appended', 'ended'])],
    ['it has one last message', equal(await textsIn(log, ref), ['over'])],
    ['the head says so', won?.outcome === 'appended' && won.head.state === 'ended' && won.head.lastSeq === 1],
    ['the record says when', record?.state === 'ended' && record.endedAtMs === record.lastAtMs],
    ['jobs are made with it', equal(await claimedKeys(log), ['told'])],
  );
}

async function lists(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log } = fixture;
  for (const n of range(1, 5)) await log.open(opening(`s${n}`, { userId: n === 3 ? 'bob' : `user ${n}` }));
  await log.open(opening('else', { tenant: 'bank' }));
  await fixture.advance(1_000);
  await log.end(refOf('s2'), goodbye);
  const ids = async (query: Partial<Parameters<SessionLog['sessions']>[0]>): Promise<string> =>
    (await log.sessions({ tenant: 'shop', limit: 200, ...query })).map(({ ref }) => ref.sessionId).join(' ');
  const heads = await log.heads([refOf('s4'), refOf('nowhere'), refOf('s2'), refOf('else'), refOf('s4')]);
  return breaches(
    ['all are listed, newest first', (await ids({})) === 's5 s4 s3 s2 s1'],
    [
      'a page goes on',
      (await ids({ limit: 2 })) === 's5 s4' && (await ids({ before: 's4', limit: 2 })) === 's3 s2',
    ],
    ['of one user', (await ids({ userId: 'bob' })) === 's3' && (await ids({ userId: 'nobody' })) === ''],
    [
      'of one state',
      (await ids({ state: 'ended' })) === 's2' && (await ids({ state: 'open' })) === 's5 s4 s3 s1',
    ],
    ['of all at once', (await ids({ before: 's3', state: 'open', userId: 'user 1' })) === 's1'],
    ['nothing is before an unknown one', (await ids({ before: 'else' })) === ''],
    [
      'heads come in order, unknown ones left out',
      equal(
        heads.map(({ ref }) => ref.sessionId),
        ['s4', 's2', 's4'],
      ),
    ],
    ['no heads of nothing', (await log.heads([])).length === 0],
  );
}

async function separates(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log } = fixture;
  const [shop, bank] = [await opened(log, 'same'), await opened(log, 'same', 'bank')];
  await log.append(shop, said('in the shop', 'id-1'));
  const inBank = await log.append(bank, said('in the bank', 'id-1'));
  await log.mark(shop, 'ann', { read: 1 });
  await log.acquire(shop, alpha, null);
  for (const ref of [shop, bank]) await log.putJob(jobOf(ref, 'same', { delayMs: 50_000 }));
  await log.cancelJob('shop', 'test', 'same');
  await fixture.advance(50_000);
  const [job] = await log.claimJobs(['test'], { limit: 10, leaseMs: 60_000 });
  if (job) await log.buryJob(job, 'broken');
  const stranger = await log.reviveJob('shop', job?.id ?? 0);
  await log.end(shop, goodbye);
  await log.remove(shop);
  const record = await log.session(bank);
  return breaches(
    ['messages are apart', seqOf(inBank) === 1 && equal(await textsIn(log, bank), ['in the bank'])],
    ['marks are apart', (await log.marks(bank)).size === 0],
    ['owners and ends are apart', record?.owner === null && record.state === 'open'],
    ['jobs are apart', equal(job?.ref, bank)],
    ['dead jobs are apart', (await log.deadJobs({ tenant: 'shop', kind: 'test', limit: 10 })).length === 0],
    ["another tenant's dead job is not revived", !stranger && (await log.reviveJob('bank', job?.id ?? 0))],
  );
}

async function keepsBounds({ log }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const epoch = epochOf(await log.acquire(ref, alpha, null));
  const sized = (bytes: number): string => 'é'.repeat(bytes / 2);
  const twice = [answered('a', 'same'), answered('b', 'same')];
  const many = range(0, logLimits.pageItems).map((n) => answered(`${n}`));
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    body: () => log.append(ref, said(sized(logLimits.bodyBytes))),
    snapshot: () => log.commit(ref, turnOf(epoch, { snapshot: sized(logLimits.snapshotBytes) })),
    'payload of a job': () => log.putJob(jobOf(ref, 'k', { payload: sized(logLimits.jobPayloadBytes) })),
    'payload of a job of a message': () =>
      log.append(ref, {
        ...said('x'),
        jobs: [jobOf(ref, 'k', { payload: sized(logLimits.jobPayloadBytes) })],
      }),
    'messages of a turn': () => log.commit(ref, turnOf(epoch, { messages: many })),
    'one client id twice': () => log.commit(ref, turnOf(epoch, { messages: twice })),
    'jobs of a message': () =>
      log.append(ref, { ...said('x'), jobs: many.map((_, n) => jobOf(ref, `${n}`)) }),
    'empty session id': () => log.open(opening('')),
    'long user id': () => log.open(opening('new', { userId: 'u'.repeat(logLimits.nameCharacters + 1) })),
    'control character': () => log.append(ref, said('x', 'a\0b')),
    'half a character': () => log.append(ref, said('x', '\udc00')),
    'page of messages': () => log.read(ref, 0, logLimits.pageItems + 1),
    'page of nothing': () => log.read(ref, 0, 0),
    'page of sessions': () => log.sessions({ tenant: 'shop', limit: logLimits.sessionItems + 1 }),
    'negative place': () => log.read(ref, -1, 10),
    'half a mark': () => log.mark(ref, 'ann', { read: 0.5 }),
    'delay without end': () => log.putJob(jobOf(ref, 'k', { delayMs: Infinity })),
    'page of jobs': () => log.claimJobs(['test'], { limit: logLimits.pageItems + 1, leaseMs: 1 }),
    'lease that is none': () => log.claimJobs(['test'], { limit: 1, leaseMs: NaN }),
  };
  const found: string[] = [];
  for (const [what, call] of Object.entries(calls))
    if ((await refusal(call())) !== 'RangeError') found.push(`${what} is not refused`);
  const most = await refusal(log.append(ref, said(sized(logLimits.bodyBytes - 100))));
  const after = await log.session(ref);
  return [
    ...found,
    ...breaches(
      ['what is just within the bound is kept', most === '' && after?.lastSeq === 1],
      ['what is refused leaves nothing', (await claimedKeys(log)).length === 0],
    ),
  ];
}

async function archives(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log } = fixture;
  for (const id of ['a', 'b', 'c', 'open']) await opened(log, id);
  await log.append(refOf('a'), said('hello', 'id-1'));
  await log.mark(refOf('a'), 'ann', { read: 1 });
  for (const id of ['c', 'a', 'b']) {
    await log.end(refOf(id), { ...goodbye, jobs: [jobOf(refOf(id), id)] });
    await fixture.advance(10_000);
  }
  const [first] = await log.claimJobs(['test'], { limit: 1, leaseMs: 60_000 });
  if (first) await log.buryJob(first, 'broken');
  const ids = async (olderThanMs: number, limit = 10): Promise<string> =>
    (await log.expired(olderThanMs, limit)).map(({ ref }) => ref.sessionId).join(' ');
  const found = [await ids(0), await ids(15_000), await ids(0, 2), await ids(600_000)];
  await log.remove(refOf('open'));
  for (const id of ['c', 'a', 'a', 'nowhere']) await log.remove(refOf(id));
  return breaches(
    ['those that ended first come first', equal(found, ['c a b', 'c a', 'c a', ''])],
    ['removed ones are gone', (await ids(0)) === 'b' && (await log.session(refOf('a'))) === null],
    ['with their messages and marks', (await textsIn(log, refOf('a'))).length === 0],
    ['with their jobs', equal(await claimedKeys(log), ['b'])],
    ['with their dead jobs', (await log.deadJobs({ tenant: 'shop', kind: 'test', limit: 10 })).length === 0],
    ['an open session stays', (await log.session(refOf('open')))?.state === 'open'],
    ['the id may be used again', (await refusal(log.open(opening('a', { userId: 'new' })))) === ''],
    ['and begins anew', seqOf(await log.append(refOf('a'), said('hello', 'id-1'))) === 1],
    ['marks begin anew', (await log.marks(refOf('a'))).size === 0],
  );
}

async function closes({ log }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const before = await log.health();
  await log.close();
  await log.close();
  const after = await log.health();
  return breaches(
    ['it is well while it is open', before.ok],
    ['closed, it is not', !after.ok],
    ['closed, it refuses', (await refusal(log.append(ref, said('late')))) === 'LogError'],
  );
}

export const messageRules: readonly Rule<SessionLogFixture>[] = [
  { name: 'opens one session for all who ask at once', check: opensOne },
  { name: 'makes the jobs of an opening only with a new session', check: opensWithJobs },
  { name: 'numbers messages from 1 without a gap, whoever writes', check: numbers },
  { name: 'appends a client id once', check: appendsOnce },
  { name: 'refuses what is unknown, ended or full', check: refuses },
  { name: 'reads messages as they were, page by page', check: reads },
  { name: 'only raises marks', check: marks },
  { name: 'ends a session once', check: ends },
  { name: 'lists sessions and heads', check: lists },
  { name: 'keeps tenants apart', check: separates },
  { name: 'refuses what is past a bound', check: keepsBounds },
  { name: 'finds and removes ended sessions', check: archives },
  { name: 'refuses after close', check: closes },
];
