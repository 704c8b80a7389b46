import type { NodeBeat, NodeIdentity } from '../../gateway/ports/session-log.js';
import { breaches, type Rule } from './rule.js';
import {
  alpha,
  answered,
  beat,
  beta,
  claimedKeys,
  epochOf,
  equal,
  goodbye,
  jobOf,
  leaseMs,
  opened,
  range,
  refOf,
  refusal,
  said,
  textsIn,
  turnOf,
  type SessionLogFixture,
} from './session-log-fixture.js';

async function ownsOnce({ log, other }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const nodes = range(1, 8).map((n): NodeIdentity => ({ nodeId: `node ${n}`, incarnation: `i${n}` }));
  for (const node of nodes) await beat(log, node);
  const results = await Promise.all(nodes.map((node, n) => (n % 2 ? log : other).acquire(ref, node, null)));
  const won = results.find((result) => result.outcome === 'acquired');
  const owner = won?.outcome === 'acquired' ? won.record.owner : null;
  const held = results.filter((result) => result.outcome === 'held' && equal(result.owner, owner));
  const record = await log.session(ref);
  return breaches(
    ['one of many gets it', results.filter(({ outcome }) => outcome === 'acquired').length === 1],
    ['the others are told who', held.length === 7],
    ['the first epoch is 1', epochOf(won ?? { outcome: 'ended' }) === 1 && owner?.epoch === 1],
    ['the record says who', record !== null && equal(record.owner, owner) && record.ownerLives],
  );
}

async function passesOn(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log, other } = fixture;
  const ref = await opened(log);
  const unknown = await log.acquire(refOf('nowhere'), alpha, null);
  await beat(log, alpha);
  const first = await log.acquire(ref, alpha, null);
  const snapshot = { node: 'menu', list: [1, null, 'x'] };
  await log.commit(ref, turnOf(epochOf(first), { snapshot }));
  const own = await log.acquire(ref, alpha, null);
  const held = await other.acquire(ref, beta, null);
  const wrong = await other.acquire(ref, beta, 1);
  const even = await other.acquire(ref, beta, 2);
  await beat(log, { ...beta, incarnation: 'b2' });
  const dead = await log.session(ref);
  const restarted = await log.acquire(ref, { ...beta, incarnation: 'b2' }, null);
  await fixture.advance(leaseMs - 10_000);
  const living = await log.acquire(ref, alpha, null);
  await fixture.advance(10_000);
  const silent = await log.acquire(ref, alpha, null);
  await log.end(ref, goodbye);
  return breaches(
    ['an unknown session is told', unknown.outcome === 'unknown-session'],
    ['the first snapshot is null', first.outcome === 'acquired' && first.snapshot === null],
    [
      "one's own may be taken again, with the snapshot",
      own.outcome === 'acquired' && equal(own.snapshot, snapshot),
    ],
    ['a living owner keeps it', held.outcome === 'held' && held.owner.nodeId === 'alpha'],
    ['evidence counts for one epoch', wrong.outcome === 'held' && even.outcome === 'acquired'],
    ['an owner of an earlier start is dead', dead?.ownerLives === false && restarted.outcome === 'acquired'],
    ['until its lease ends it lives', living.outcome === 'held'],
    ['then somebody else may have it', silent.outcome === 'acquired'],
    ['the epoch rises each time', equal([first, own, even, restarted, silent].map(epochOf), [1, 2, 3, 4, 5])],
    ['an ended session is told', (await log.acquire(ref, alpha, null)).outcome === 'ended'],
  );
}

async function releases({ log }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  await beat(log, alpha);
  await beat(log, beta);
  const old = epochOf(await log.acquire(ref, alpha, null));
  const epoch = epochOf(await log.acquire(ref, alpha, null));
  await log.release(ref, old);
  const kept = (await log.session(ref))?.owner?.epoch;
  await log.release(ref, epoch);
  await log.release(refOf('nowhere'), 1);
  const released = await log.session(ref);
  const fenced = await log.commit(ref, turnOf(epoch, { messages: [answered('late')] }));
  const next = await log.acquire(ref, beta, null);
  return breaches(
    ['an old epoch gives nothing back', kept === epoch],
    ['the owner gives it back', released?.owner === null && !released.ownerLives],
    ['and may commit no more', equal(fenced, { outcome: 'fenced', owner: null })],
    ['the next epoch is larger', epochOf(next) === epoch + 1],
  );
}

async function commitsWhole(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log, other } = fixture;
  const ref = await opened(log);
  await log.append(ref, said('hello'));
  const epoch = epochOf(await log.acquire(ref, alpha, null));
  await log.putJob(jobOf(ref, 'cancelled'));
  await log.putJob(jobOf(ref, 'again', { payload: 'old' }));
  const result = await log.commit(ref, {
    epoch,
    processedSeq: 1,
    snapshot: { at: 'menu' },
    messages: [{ ...answered('one'), jobs: [jobOf(ref, 'with one')] }, answered('two')],
    toType: 'human',
    jobs: [jobOf(ref, 'of the turn'), jobOf(ref, 'again', { payload: 'new' })],
    cancelJobs: [
      { kind: 'test', key: 'cancelled' },
      { kind: 'test', key: 'again' },
    ],
  });
  const record = await other.session(ref);
  const jobs = await log.claimJobs(['test'], { limit: 10, leaseMs: 1 });
  const seqs = Object.fromEntries(jobs.map(({ key, seq }) => [key, seq]));
  const again = await other.acquire(ref, alpha, null);
  const lower = await log.commit(ref, turnOf(epochOf(again), { processedSeq: 0 }));
  const past = await log.commit(ref, turnOf(epochOf(again), { processedSeq: 99 }));
  const last = await log.commit(ref, turnOf(epochOf(again), { messages: [answered('bye')], end: true }));
  return breaches(
    ['messages are told with their numbers', result.outcome === 'committed' && result.messages[1]?.seq === 3],
    ['the head is as after it', result.outcome === 'committed' && result.head.lastSeq === 3],
    ['messages are kept', equal(await textsIn(other, ref), ['hello', 'one', 'two', 'bye'])],
    ['what was answered is kept', record?.processedSeq === 1 && record.inputSeq === 1],
    ['to whom is kept', record?.toType === 'human'],
    ['the snapshot is kept', again.outcome === 'acquired' && equal(again.snapshot, { at: 'menu' })],
    ['jobs know their message', equal(seqs, { 'with one': 2, 'of the turn': null, again: null })],
    ['cancelling comes before making', jobs.find(({ key }) => key === 'again')?.payload === 'new'],
    ['what was answered never falls', lower.outcome === 'committed' && lower.head.processedSeq === 1],
    ['nor is it past the newest', past.outcome === 'committed' && past.head.processedSeq === 3],
    ['a turn may end it', last.outcome === 'committed' && last.head.state === 'ended'],
    ['to whom stays', last.outcome === 'committed' && last.head.toType === 'human'],
  );
}

async function fences({ log, other }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  await log.append(ref, said('hello'));
  const old = epochOf(await log.acquire(ref, alpha, null));
  await log.commit(ref, turnOf(old, { snapshot: 'before' }));
  await log.putJob(jobOf(ref, 'kept'));
  const next = await other.acquire(ref, beta, null);
  const all = {
    processedSeq: 1,
    snapshot: 'stale',
    messages: [{ ...answered('stale'), jobs: [jobOf(ref, 'stale 1')] }],
    jobs: [jobOf(ref, 'stale 2')],
    cancelJobs: [{ kind: 'test', key: 'kept' }],
    toType: 'human' as const,
    end: true,
  };
  const stale = await log.commit(ref, turnOf(old, all));
  const future = await log.commit(ref, turnOf(epochOf(next) + 1, all));
  const record = await log.session(ref);
  const untouched = record?.state === 'open' && record.processedSeq === 0 && record.toType === 'bot';
  const again = await other.acquire(ref, beta, null);
  const good = await other.commit(ref, turnOf(epochOf(again), { messages: [answered('good')] }));
  const owner = { ...beta, epoch: epochOf(next) };
  return breaches(
    ['an old epoch is fenced, and told by whom', equal(stale, { outcome: 'fenced', owner })],
    ['an epoch that nobody got is fenced', future.outcome === 'fenced'],
    ['nothing of it is kept', untouched && equal(await textsIn(log, ref), ['hello', 'good'])],
    ['the snapshot stays', again.outcome === 'acquired' && again.snapshot === 'before'],
    ['jobs are neither made nor cancelled', equal(await claimedKeys(log), ['kept'])],
    ['the owner goes on', good.outcome === 'committed'],
  );
}

async function commitsTooLate({ log }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const epoch = epochOf(await log.acquire(ref, alpha, null));
  await log.end(ref, goodbye);
  const late = await log.commit(
    ref,
    turnOf(epoch, { messages: [answered('late')], jobs: [jobOf(ref, 'late')] }),
  );
  const unknown = await log.commit(refOf('nowhere'), turnOf(1));
  return breaches(
    ['an ended session is told', equal(late, { outcome: 'ended' })],
    ['nothing is kept', equal(await textsIn(log, ref), ['over']) && (await claimedKeys(log)).length === 0],
    ['an unknown session is told', unknown.outcome === 'unknown-session'],
  );
}

async function repeats({ log, other }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  const epoch = epochOf(await log.acquire(ref, alpha, null));
  const messages = [
    { ...answered('one'), jobs: [jobOf(ref, 'once')] },
    answered('two', 'turn-1'),
    answered('three', 'turn-1b'),
  ];
  const turn = turnOf(epoch, { messages, end: true });
  const first = await log.commit(ref, turn);
  const jobs = await claimedKeys(log);
  const again = await other.commit(ref, turn);
  const foreign = { ...turn, messages: [answered('other', 'turn-1')] };
  const longer = { ...turn, messages: [...messages, answered('four')] };
  return breaches(
    ['it is kept once', equal(await textsIn(log, ref), ['one', 'two', 'three'])],
    ['the second is told the same', equal(again, first) && first.outcome === 'committed'],
    ['its jobs are made once', equal(jobs, ['once']) && (await claimedKeys(log)).length === 0],
    ['other messages under its ids are refused', (await refusal(log.commit(ref, foreign))) === 'LogError'],
    ['more messages are refused', (await refusal(log.commit(ref, longer))) === 'LogError'],
  );
}

async function waits(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log, other } = fixture;
  const names = ['answered', 'orphan', 'own', 'theirs', 'ended', 'silent', 'half'];
  for (const name of names) await opened(log, name);
  for (const node of [alpha, beta]) await beat(log, node);
  const owners: Readonly<Record<string, NodeIdentity>> = {
    own: alpha,
    theirs: beta,
    answered: alpha,
    half: alpha,
  };
  const epochs: Record<string, number> = {};
  for (const [name, node] of Object.entries(owners))
    epochs[name] = epochOf(await log.acquire(refOf(name), node, null));
  for (const name of ['half', 'own', 'theirs', 'answered', 'orphan', 'ended']) {
    await log.append(refOf(name), said('hello'));
    await fixture.advance(10);
  }
  await log.append(refOf('silent'), answered('not an input'));
  await log.append(refOf('half'), said('more'));
  await log.commit(refOf('answered'), turnOf(epochs['answered'] ?? 0, { processedSeq: 1 }));
  await log.commit(refOf('half'), turnOf(epochs['half'] ?? 0, { processedSeq: 1 }));
  await log.end(refOf('ended'), goodbye);
  const waiting = async (node: NodeIdentity, limit = 10): Promise<string> =>
    (await other.waiting(node, limit)).map(({ ref }) => ref.sessionId).join(' ');
  const found = [await waiting(alpha), await waiting(beta), await waiting(alpha, 2)];
  const heads = await log.waiting(alpha, 1);
  await log.append(refOf('own'), said('more'));
  const more = await waiting(alpha);
  await log.retire(beta);
  const retired = await waiting(alpha);
  await fixture.advance(leaseMs);
  return breaches(
    ['own and orphaned ones are found, oldest input first', found[0] === 'own orphan half'],
    ['not those of a living other', found[1] === 'theirs orphan'],
    ['not more than asked for', found[2] === 'own orphan'],
    ['further input makes nobody younger', more === 'own orphan half'],
    ['those of a retired node are found', retired === 'own theirs orphan half'],
    [
      'those of silent nodes, too',
      (await waiting({ nodeId: 'new', incarnation: 'n' })) === 'own theirs orphan half',
    ],
    ['heads tell what waits', heads[0]?.inputSeq === 1 && heads[0].processedSeq === 0 && heads[0].ownerLives],
  );
}

async function lives(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log, other } = fixture;
  const a: NodeBeat = { ...alpha, state: 'up', address: '10.0.0.1:8080' };
  const b: NodeBeat = { ...beta, state: 'draining', address: '' };
  const alone = await log.beat(a, leaseMs);
  await fixture.advance(leaseMs / 2);
  const both = await other.beat(b, leaseMs);
  await fixture.advance(leaseMs / 2);
  const later = await log.beat(b, leaseMs);
  const restarted = await log.beat({ ...b, incarnation: 'b2', state: 'up' }, leaseMs);
  await log.retire(beta);
  const kept = await log.beat(a, leaseMs);
  await log.retire({ ...beta, incarnation: 'b2' });
  await log.retire({ ...beta, incarnation: 'b2' });
  const gone = await log.beat(a, leaseMs);
  const crowd = await Promise.all(
    range(1, 8).map((n) => (n % 2 ? log : other).beat({ ...a, nodeId: `n${n}` }, leaseMs)),
  );
  return breaches(
    ['a node that beats lives', equal(alone, [a])],
    ['with all others, by name', equal(both, [a, b])],
    ['until its lease ends', equal(later, [b])],
    ['a restarted node is another', equal(restarted, [{ ...b, incarnation: 'b2', state: 'up' }])],
    ['an earlier start does not retire it', kept.length === 2],
    ['a retired node is gone at once', equal(gone, [a])],
    ['many may beat at once', crowd.length === 8 && (await log.beat(a, leaseMs)).length === 9],
  );
}

export const ownerRules: readonly Rule<SessionLogFixture>[] = [
  { name: 'gives a session to one of many', check: ownsOnce },
  { name: 'passes a session on when its owner is gone', check: passesOn },
  { name: 'takes a session back from its owner alone', check: releases },
  { name: 'keeps all of a turn', check: commitsWhole },
  { name: 'keeps nothing of a fenced turn', check: fences },
  { name: 'keeps nothing after the end', check: commitsTooLate },
  { name: 'keeps a repeated turn once', check: repeats },
  { name: 'finds sessions that wait for an answer', check: waits },
  { name: 'knows which nodes live', check: lives },
];
