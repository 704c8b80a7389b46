import { routingLimits } from '../../config/limits.js';
import type { NodeRecord, Route, UserKey } from '../../gateway/ports/router.js';
import type { RouteHolder, RoutingStore, StoredRenewal } from '../../gateway/ports/routing-store.js';
import type { NodeIdentity } from '../../gateway/ports/session-log.js';
import { waitFor, type Rule, type TimeKeeper } from './rule.js';

/** An opened and connected store, and what it has received. */
export interface OpenedStore {
  readonly store: RoutingStore;
  readonly received: readonly string[];
}

/** One server that was started empty, and stores that share it. */
export interface RoutingStoreFixture extends TimeKeeper {
  readonly open: () => Promise<OpenedStore>;
  /** The server forgets everything and goes on. */
  readonly loseEverything: () => Promise<void>;
  close(): Promise<void>;
}

const leaseMs = 60_000;
const ann: UserKey = { tenant: 'acme', userId: 'ann' };

function holder(nodeId: string, connectionId = `${nodeId}-c`): RouteHolder {
  return { nodeId, incarnation: `${nodeId}-1`, connectionId };
}

function node(nodeId: string, incarnation = `${nodeId}-1`): NodeRecord {
  return { nodeId, incarnation, address: `http://${nodeId}`, state: 'up', load: 3 };
}

function breaches(...claims: readonly (readonly [string, boolean])[]): readonly string[] {
  return claims.filter(([, holds]) => !holds).map(([claim]) => claim);
}

async function claim(store: RoutingStore, by: RouteHolder, device = 'web', user = ann): Promise<Route> {
  const { epoch } = await store.claim(user, device, by, leaseMs);
  return { ...by, device, epoch };
}

async function renew(store: RoutingStore, route: Route, user = ann): Promise<StoredRenewal> {
  const [renewal] = await store.renew([{ user, route }], leaseMs);
  if (!renewal) throw new Error('renew answered nothing');
  return renewal;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** With the keys of objects in one order, and routes and nodes, too. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items: unknown[] = value.map(sorted);
    return items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function claimsAreSeen({ open }: RoutingStoreFixture): Promise<readonly string[]> {
  const [{ store: a }, { store: b }] = [await open(), await open()];
  const none = await b.lookup(ann);
  const web = await claim(a, holder('a'));
  const app = await claim(b, holder('b'), 'app');
  const found = await a.lookup(ann);
  const taken = await b.claim(ann, 'web', holder('b'), leaseMs);
  const after = await a.lookup(ann);
  return breaches(
    ['nobody is found before a claim', none.length === 0],
    ['every store finds every device', same(found, [web, app])],
    ['who had the device is told', same(taken.ousted, [web])],
    ['epochs rise', taken.epoch > web.epoch],
    ['a device is claimed once', same(after, [app, { ...holder('b'), device: 'web', epoch: taken.epoch }])],
  );
}

async function epochsFollowTime(fixture: RoutingStoreFixture) {
  const { open, loseEverything } = fixture;
  const { store } = await open();
  const { nowMs } = await store.beat(node('a'), leaseMs, true);
  const before = await claim(store, holder('a'));
  const burst = await Promise.all([1, 2, 3].map((n) => claim(store, holder('a', `c${n}`))));
  await fixture.wait(20);
  await loseEverything();
  const after = await claim(store, holder('b'));
  return breaches(
    ['an epoch is no less than the time of the server', before.epoch >= nowMs],
    ['nor does it run ahead of it', before.epoch < nowMs + 60_000],
    ['epochs rise when nothing else is known any more', burst.every(({ epoch }) => after.epoch > epoch)],
  );
}

async function renewsOwnClaims({ open, loseEverything }: RoutingStoreFixture) {
  const { store } = await open();
  const route = await claim(store, holder('a'));
  const kept = await renew(store, route);
  await loseEverything();
  const restored = await renew(store, route);
  const found = await store.lookup(ann);
  const again = await renew(store, route);
  const older = await renew(store, { ...route, epoch: route.epoch - 1 });
  return breaches(
    ['a claim that stands is kept', same(kept, { outcome: 'kept', epoch: route.epoch, ousted: null })],
    ['a claim that was forgotten is restored', restored.outcome === 'restored'],
    ['it is found again', same(found, [route])],
    ['and kept from then on', again.outcome === 'kept'],
    [
      'a claim of the same connection is adopted with its larger epoch',
      older.outcome === 'kept' && older.epoch === route.epoch,
    ],
  );
}

async function lateCallsChangeNothing({ open }: RoutingStoreFixture) {
  const [{ store: a }, { store: b }] = [await open(), await open()];
  const old = await claim(a, holder('a'));
  const young = await claim(b, holder('b'));
  const released = await a.release(ann, old);
  const renewed = await renew(a, old);
  const found = await a.lookup(ann);
  const given = await b.release(ann, young);
  const late = await renew(a, old);
  const empty = await b.lookup(ann);
  const twice = await b.release(ann, young);
  return breaches(
    ['a late release is refused', !released],
    ['a late renewal is lost', renewed.outcome === 'lost'],
    ['the younger claim stays', same(found, [young])],
    ['its own release is done', given],
    ['a lost claim stays lost when the younger one is gone', late.outcome === 'lost' && empty.length === 0],
    ['a second release does nothing', !twice],
  );
}

async function theYoungerWinsAfterLoss({ open, loseEverything }: RoutingStoreFixture) {
  const [{ store: a }, { store: b }] = [await open(), await open()];
  const old = await claim(a, holder('a'));
  const young = await claim(b, holder('b'));
  await loseEverything();
  const oldFirst = await renew(a, old);
  const youngSecond = await renew(b, young);
  const oldAgain = await renew(a, old);
  await loseEverything();
  const youngFirst = await renew(b, young);
  const oldSecond = await renew(a, old);
  const found = await a.lookup(ann);
  return breaches(
    ['the old one is restored while nobody else is known', oldFirst.outcome === 'restored'],
    ['the young one takes its place', youngSecond.outcome === 'restored'],
    ['and names whom it ousts', same(youngSecond.ousted, old)],
    ['the old one is lost then', oldAgain.outcome === 'lost'],
    ['the young one is restored when it comes first', youngFirst.outcome === 'restored'],
    ['and ousts nobody', youngFirst.ousted === null],
    ['the old one is lost when it comes second', oldSecond.outcome === 'lost'],
    ['the young one stands', same(found, [young])],
  );
}

async function devicesAreApart(fixture: RoutingStoreFixture) {
  const { open, loseEverything } = fixture;
  const [{ store: a }, { store: b }] = [await open(), await open()];
  const web = await claim(a, holder('a'), 'web');
  await fixture.wait(5);
  const app = await claim(b, holder('b'), 'app');
  const found: string[] = [];
  for (const order of [
    [web, app],
    [app, web],
  ]) {
    await loseEverything();
    const outcomes = [];
    for (const route of order) outcomes.push((await renew(a, route)).outcome);
    if (outcomes.join() !== 'restored,restored')
      found.push(`devices that come back in turn are ${outcomes.join()}`);
    if (!same(await b.lookup(ann), [web, app])) found.push('a device is missing after all came back');
  }
  return found;
}

async function concurrentClaimsFormAChain({ open }: RoutingStoreFixture) {
  const stores = [(await open()).store, (await open()).store, (await open()).store];
  const callers = Array.from({ length: 60 }, (_, i) => holder(`n${i % 3}`, `c${i}`));
  const claims = await Promise.all(
    callers.map(async (by, i) => {
      const stored = await (stores[i % 3] as RoutingStore).claim(ann, 'web', by, leaseMs);
      return { by, ...stored };
    }),
  );
  const byEpoch = claims.toSorted((one, other) => one.epoch - other.epoch);
  const last = byEpoch.at(-1);
  const standing = await (stores[0] as RoutingStore).lookup(ann);
  const chained = byEpoch.every(({ ousted }, i) => {
    const before = byEpoch[i - 1];
    return before
      ? same(ousted, [{ ...before.by, device: 'web', epoch: before.epoch }])
      : ousted.length === 0;
  });
  return breaches(
    ['every claim has an epoch of its own', new Set(claims.map(({ epoch }) => epoch)).size === 60],
    ['each ousts the one before', chained],
    ['the last one stands', standing.length === 1 && standing[0]?.connectionId === last?.by.connectionId],
  );
}

async function renewsManyInOrder({ open }: RoutingStoreFixture) {
  const { store } = await open();
  const users = Array.from({ length: 300 }, (_, i) => ({ tenant: 'acme', userId: `user${i}` }));
  const claimed = await Promise.all(
    users.map(async (user) => ({ user, route: await claim(store, holder('a'), 'web', user) })),
  );
  for (const { user } of claimed.filter((_, i) => i % 2 === 1)) await claim(store, holder('b'), 'web', user);
  const renewals = await store.renew(claimed, leaseMs);
  return breaches(
    ['there is one answer for each', renewals.length === 300],
    ['in their order', renewals.every(({ outcome }, i) => outcome === (i % 2 === 1 ? 'lost' : 'kept'))],
    ['nothing asked, nothing answered', (await store.renew([], leaseMs)).length === 0],
  );
}

async function leasesEnd(fixture: RoutingStoreFixture) {
  const { open } = fixture;
  const { store } = await open();
  const short = 300;
  const { epoch } = await store.claim(ann, 'web', holder('a'), short);
  await fixture.wait(200);
  await store.renew([{ user: ann, route: { ...holder('a'), device: 'web', epoch } }], short);
  await fixture.wait(200);
  const renewed = await store.lookup(ann);
  await fixture.wait(200);
  const ended = await store.lookup(ann);
  return breaches(
    ['a renewed claim outlives its first lease', renewed.length === 1],
    ['a claim that is not renewed ends', ended.length === 0],
  );
}

async function namesAreApart({ open }: RoutingStoreFixture) {
  const { store } = await open();
  const users: UserKey[] = [
    { tenant: 'a', userId: 'b:c' },
    { tenant: 'a:b', userId: 'c' },
    { tenant: 'a', userId: 'b%3ac' },
    { tenant: 'a', userId: '}{x}' },
    { tenant: 'a', userId: '' },
    { tenant: '', userId: 'a' },
    { tenant: 'a', userId: '用户 1\n' },
    { tenant: 'other', userId: 'ann' },
  ];
  const found: string[] = [];
  for (const [i, user] of users.entries()) {
    const by = holder('a', `connection ${i} of {many}`);
    const claimed = await claim(store, by, `web ${i}:{}`, user);
    if (!same(await store.lookup(user), [claimed])) found.push(`${JSON.stringify(user)} is mistaken`);
  }
  if ((await store.lookup(ann)).length > 0) found.push('tenants are not apart');
  return found;
}

async function devicesAreBounded({ open }: RoutingStoreFixture) {
  const { store } = await open();
  const routes: Route[] = [];
  for (let i = 0; i < routingLimits.devicesPerUser; i++)
    routes.push(await claim(store, holder('a', `c${i}`), `d${i}`));
  const [oldest] = routes;
  if (!oldest) throw new Error('no device is allowed');
  const more = await store.claim(ann, 'more', holder('a'), leaseMs);
  const all = await store.lookup(ann);
  const back = await renew(store, oldest);
  // Many devices one after another, as tabs that are opened and closed.
  for (let i = 0; i < routingLimits.marksPerUser + 10; i++)
    await store.release(ann, await claim(store, holder('a', 'tab'), `tab${i}`));
  const others = (await store.lookup(ann)).filter(({ device }) => device.startsWith('d'));
  return breaches(
    ['the oldest device makes room', same(more.ousted, [oldest])],
    ['there are no more than allowed', all.length === routingLimits.devicesPerUser],
    ['who had to go does not come back while all is full', back.outcome === 'lost'],
    ['many devices in turn cost others no more than one', others.length >= routingLimits.devicesPerUser - 2],
  );
}

async function nodesLiveWhileTheyBeat(fixture: RoutingStoreFixture) {
  const { open, loseEverything } = fixture;
  const [{ store: a }, { store: b }] = [await open(), await open()];
  const short = 400;
  await a.beat(node('a'), short, true);
  const both = await b.beat({ ...node('b'), state: 'draining' }, short, true);
  await fixture.wait(250);
  await b.beat(node('b'), short, false);
  await fixture.wait(250);
  const one = await b.beat(node('b'), short, false);
  await loseEverything();
  const back = await a.beat(node('a'), short, false);
  await a.retire({ ...node('a'), incarnation: 'other' } satisfies NodeIdentity);
  const stays = await b.beat(node('b'), short, false);
  await a.retire(node('a'));
  const gone = await b.beat(node('b'), short, false);
  return breaches(
    ['all that live are told', same(both.nodes, [node('a'), { ...node('b'), state: 'draining' }])],
    ['a node that does not beat is gone after its lease', same(one.nodes, [node('b')])],
    ['a beat after a loss counts', same(back.nodes, [node('a')])],
    ['another incarnation retires nobody', same(stays.nodes, [node('a'), node('b')])],
    ['a node that retires is gone at once', same(gone.nodes, [node('b')])],
  );
}

async function aNewStartTakesOver(fixture: RoutingStoreFixture) {
  const { open } = fixture;
  const [{ store: a }, { store: b }] = [await open(), await open()];
  const short = 400;
  await a.beat(node('a'), short, true);
  const taken = await b.beat(node('a', 'a-2'), short, true);
  const old = await a.beat(node('a'), short, false);
  await a.retire(node('a'));
  const again = await b.beat(node('a', 'a-2'), short, false);
  await fixture.wait(500);
  const back = await a.beat(node('a'), short, false);
  return breaches(
    ['a new start has the id at once', same(taken.nodes, [node('a', 'a-2')]) && !taken.superseded],
    ['the old one hears of it', old.superseded && same(old.nodes, [node('a', 'a-2')])],
    ['and cannot retire it', !again.superseded && same(again.nodes, [node('a', 'a-2')])],
    ['the old one is back when the new one is dead', !back.superseded && same(back.nodes, [node('a')])],
  );
}

async function publishes(fixture: RoutingStoreFixture) {
  const { open } = fixture;
  const [a, b] = [await open(), await open()];
  const early = await a.store.publish('b', null, 'early');
  await b.store.subscribe(node('b'));
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, i) => a.store.publish('b', i % 3 === 0 ? 'b-1' : null, `${i}`)),
  );
  const other = await a.store.publish('b', 'b-2', 'other');
  const nobody = await a.store.publish('c', null, 'nobody');
  await waitFor(fixture, () => b.received.length >= 200);
  await b.store.subscribe(node('b'));
  const again = await a.store.publish('b', 'b-1', 'again');
  await waitFor(fixture, () => b.received.length >= 201);
  await fixture.wait(fixture.quietMs);
  return breaches(
    ['before a subscription there is nobody', early === 'nobody'],
    ['what is published is delivered', outcomes.every((outcome) => outcome === 'delivered')],
    ['in order', b.received.slice(0, 200).every((text, i) => text === `${i}`)],
    ['another incarnation is nobody', other === 'nobody'],
    ['an unknown node is nobody', nobody === 'nobody'],
    ['a second subscription doubles nothing', again === 'delivered' && b.received.length === 201],
    ['others receive nothing', a.received.length === 0],
  );
}

async function closes(fixture: RoutingStoreFixture) {
  const [a, b] = [await fixture.open(), await fixture.open()];
  await b.store.subscribe(node('b'));
  await b.store.close();
  await b.store.close();
  await fixture.wait(fixture.quietMs);
  const nobody = await a.store.publish('b', null, 'late');
  const refused = await b.store.lookup(ann).then(
    () => false,
    () => true,
  );
  return breaches(
    ['a closed store receives nothing', nobody === 'nobody' && b.received.length === 0],
    ['and is asked for nothing', refused],
  );
}

/** Every rule that `gateway/ports/routing-store.ts` states. */
export const routingStoreRules: readonly Rule<RoutingStoreFixture>[] = [
  { name: 'lets every store see every claim', check: claimsAreSeen },
  { name: 'gives epochs that rise with the time of the server', check: epochsFollowTime },
  { name: 'keeps and restores claims that are renewed', check: renewsOwnClaims },
  { name: 'lets late calls change nothing', check: lateCallsChangeNothing },
  { name: 'lets the younger claim win after a loss, in any order', check: theYoungerWinsAfterLoss },
  { name: 'keeps the devices of a user apart', check: devicesAreApart },
  { name: 'gives claims at the same time one order', check: concurrentClaimsFormAChain },
  { name: 'renews many at once', check: renewsManyInOrder },
  { name: 'ends claims with their lease', check: leasesEnd },
  { name: 'takes any name for itself', check: namesAreApart },
  { name: 'bounds the devices of a user', check: devicesAreBounded },
  { name: 'lets nodes live while they beat', check: nodesLiveWhileTheyBeat },
  { name: 'lets a new start take a node id over', check: aNewStartTakesOver },
  { name: 'publishes in order, and says when there is nobody', check: publishes },
  { name: 'is silent after close', check: closes },
];
