import type { Job } from '../../gateway/ports/session-log.js';
import { logLimits } from '../../config/limits.js';
import { breaches, type Rule } from './rule.js';
import {
  claimAll,
  claimedKeys,
  equal,
  jobOf,
  leaseMs,
  opened,
  range,
  said,
  type SessionLogFixture,
} from './session-log-fixture.js';

async function comesDue(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log } = fixture;
  const ref = await opened(log);
  await log.putJob(jobOf(ref, 'later', { delayMs: 20_000 }));
  await log.putJob(jobOf(ref, 'soon', { delayMs: 10_000, payload: { deep: ['x', null, 1.5, true] } }));
  await log.putJob(jobOf(ref, 'other', { kind: 'other', delayMs: 5_000 }));
  const early = await claimAll(log);
  await fixture.advance(10_000);
  const [job] = await claimAll(log);
  await fixture.advance(10_000);
  const rest = await claimedKeys(log, ['other', 'test', 'nothing']);
  return breaches(
    ['nothing comes before its time', early.length === 0],
    ['what is due comes', job?.key === 'soon' && job.kind === 'test' && equal(job.ref, ref)],
    ['with its payload', equal(job?.payload, { deep: ['x', null, 1.5, true] })],
    ['with its times', (job?.dueAtMs ?? 0) - (job?.createdAtMs ?? 0) === 10_000 && job?.seq === null],
    ['for the first time', job?.attempts === 1],
    ['longest due first, of the kinds asked for', equal(rest, ['other', 'later'])],
    ['no kinds, no jobs', (await claimAll(log, [])).length === 0],
  );
}

async function replaces(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log } = fixture;
  const ref = await opened(log);
  await log.putJob(jobOf(ref, 'one', { payload: 'old' }));
  const [claimed] = await claimAll(log);
  await log.putJob(jobOf(ref, 'one', { payload: 'new', delayMs: 10_000 }));
  await log.putJob(jobOf(ref, 'one', { kind: 'other' }));
  if (claimed) await log.finishJob(claimed);
  const early = await claimedKeys(log);
  await fixture.advance(10_000);
  const [job] = await claimAll(log);
  await log.putJob(jobOf(ref, 'two'));
  await log.cancelJob('shop', 'test', 'two');
  await log.cancelJob('shop', 'test', 'nothing');
  return breaches(
    ['a claimed job is replaced, too', claimed?.payload === 'old' && job?.payload === 'new'],
    ['the new one has its own time', early.length === 0],
    ['and its own attempts', job?.attempts === 1],
    ['another kind has its own', (await claimedKeys(log, ['other'])).length === 1],
    ['a cancelled job never comes', (await claimedKeys(log)).length === 0],
  );
}

async function knowsItsMessage({ log }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  await log.append(ref, said('first'));
  await log.append(ref, { ...said('second'), jobs: [jobOf(ref, 'a'), jobOf(ref, 'b', { delayMs: 60_000 })] });
  const [job] = await claimAll(log);
  return breaches(['a job made with a message knows its number', job?.key === 'a' && job.seq === 2]);
}

async function claimsOnce({ log, other }: SessionLogFixture): Promise<readonly string[]> {
  const ref = await opened(log);
  for (const n of range(1, 40)) await log.putJob(jobOf(ref, `${n}`));
  const claims = range(1, 12).map((n) => (n % 2 ? log : other).claimJobs(['test'], { limit: 5, leaseMs }));
  const all = (await Promise.all(claims)).flat();
  const left = await claimAll(log);
  const keys = new Set([...all, ...left].map(({ key }) => key));
  return breaches(
    ['no job is given to two', all.length + left.length === keys.size],
    ['every job is given', keys.size === 40],
    [
      'each claim has a name of its own',
      new Set(all.map(({ claim, id }) => `${claim} ${id}`)).size === all.length,
    ],
  );
}

async function leaseEnds(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log, other } = fixture;
  const ref = await opened(log);
  await log.putJob(jobOf(ref, 'one'));
  const [first] = await claimAll(log);
  const held = await claimAll(other);
  await fixture.advance(leaseMs);
  const [second] = await claimAll(other);
  if (first) {
    await log.finishJob(first);
    await log.retryJob(first, 0, 'late');
    await log.buryJob(first, 'late');
  }
  await fixture.advance(leaseMs);
  const [third] = await claimAll(log);
  if (third) await log.finishJob(third);
  await fixture.advance(leaseMs);
  return breaches(
    ['until then nobody else gets it', held.length === 0],
    ['then another does', second?.key === 'one' && second.attempts === 2],
    ['under another claim', second?.claim !== first?.claim && second?.id === first?.id],
    ['what the first one says is ignored', third?.attempts === 3],
    ['what the last one says is not', (await claimAll(log)).length === 0],
    ['nothing was buried', (await log.deadJobs({ tenant: 'shop', kind: 'test', limit: 10 })).length === 0],
  );
}

async function triesAgain(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log } = fixture;
  const ref = await opened(log);
  await log.putJob(jobOf(ref, 'one'));
  const [first] = await claimAll(log);
  if (first) await log.retryJob(first, 30_000, 'no answer');
  const early = await claimAll(log);
  await fixture.advance(30_000);
  const [second] = await claimAll(log);
  return breaches(
    ['not before its time', early.length === 0],
    ['then with its attempts', second?.attempts === 2 && second.createdAtMs <= second.dueAtMs],
  );
}

async function buries(fixture: SessionLogFixture): Promise<readonly string[]> {
  const { log } = fixture;
  const ref = await opened(log);
  for (const key of ['one', 'two', 'three']) {
    await log.putJob(jobOf(ref, key, { payload: { of: key } }));
    const [job] = await claimAll(log);
    if (job)
      await log.buryJob(job, key === 'one' ? 'e'.repeat(logLimits.jobErrorCharacters + 1) : 'refused\0');
    await fixture.advance(10_000);
  }
  const list = (limit: number) => log.deadJobs({ tenant: 'shop', kind: 'test', limit });
  const dead = await list(10);
  const [three, two, one] = dead;
  const page = await list(1);
  const revived = await log.reviveJob('shop', two?.id ?? 0);
  const twice = await log.reviveJob('shop', two?.id ?? 0);
  await log.putJob(jobOf(ref, 'one'));
  const taken = await log.reviveJob('shop', one?.id ?? 0);
  const jobs = new Map<string, Job>((await claimAll(log)).map((job) => [job.key, job]));
  return breaches(
    [
      'dead jobs are listed, last first',
      equal(
        dead.map(({ key }) => key),
        ['three', 'two', 'one'],
      ),
    ],
    ['a page of them', equal(page, dead.slice(0, 1))],
    ['of the kind', (await log.deadJobs({ tenant: 'shop', kind: 'other', limit: 10 })).length === 0],
    [
      'as they were',
      equal(three?.payload, { of: 'three' }) && three?.attempts === 1 && equal(three.ref, ref),
    ],
    [
      'with why and when',
      two?.error.trim() === 'refused' && Math.abs((three?.diedAtMs ?? 0) - two.diedAtMs - 10_000) < 5_000,
    ],
    ['long errors are cut', one?.error.length === logLimits.jobErrorCharacters],
    ['a revived job is due', revived && equal(jobs.get('two')?.payload, { of: 'two' })],
    ['with no attempts counted', jobs.get('two')?.attempts === 1 && jobs.get('two')?.id === two?.id],
    ['once', !twice],
    [
      'not over a live one',
      !taken &&
        equal(
          (await list(10)).map(({ key }) => key),
          ['three', 'one'],
        ),
    ],
  );
}

export const jobRules: readonly Rule<SessionLogFixture>[] = [
  { name: 'gives jobs when they are due', check: comesDue },
  { name: 'replaces a job that is put again, and cancels', check: replaces },
  { name: 'tells a job the number of its message', check: knowsItsMessage },
  { name: 'gives each job to one of many', check: claimsOnce },
  { name: 'gives a job to another when its lease ends', check: leaseEnds },
  { name: 'tries a job again later', check: triesAgain },
  { name: 'buries and revives jobs', check: buries },
];
