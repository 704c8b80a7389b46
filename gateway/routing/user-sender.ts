import type { Route, SendOutcome, UserKey } from '../ports/router.js';
import type { Json, NodeIdentity } from '../ports/session-log.js';
import { keyOfUser } from './device-table.js';
import { serializeEnvelope, type UserMessage } from './envelope.js';
import { KeyedQueue } from './keyed-queue.js';
import type { Membership } from './membership.js';
import type { Found, UserFinder } from './user-finder.js';
import type { Wire } from './wire.js';

/** Sends to every other node that holds a device of a user; what one caller sends to one user goes in order. */
export class UserSender {
  readonly #node: NodeIdentity;
  readonly #finder: UserFinder;
  readonly #members: Membership;
  readonly #wire: Wire;
  /** Messages that wait for a look-up, so that later ones do not overtake them. */
  readonly #locating = new KeyedQueue();

  constructor(options: {
    readonly node: NodeIdentity;
    readonly finder: UserFinder;
    readonly members: Membership;
    readonly wire: Wire;
  }) {
    this.#node = options.node;
    this.#finder = options.finder;
    this.#members = options.members;
    this.#wire = options.wire;
  }

  async send(user: UserKey, topic: string, payload: Json): Promise<SendOutcome> {
    const key = keyOfUser(user);
    const message: UserMessage = { user, topic, payload, again: false, others: [] };
    const cached = this.#locating.has(key) ? null : this.#finder.cached(key);
    if (cached) return this.#deliver(message, cached, []);
    const { delivered } = await this.#locating.run(key, async () => {
      const found = await this.#finder.find(user, key);
      // Wrapped, so that the next message waits for the look-up and not for the outcome.
      return { delivered: this.#deliver(message, found, []) };
    });
    return delivered;
  }

  /** After `absent` has said that the user is not there: looks anew, and leaves out who has got it. */
  async sendAgain(message: UserMessage, absent: NodeIdentity): Promise<void> {
    const found = await this.#finder.findAnew(message.user, keyOfUser(message.user));
    const done = message.others.filter((nodeId) => nodeId !== absent.nodeId);
    await this.#deliver({ ...message, again: true, others: [] }, found, done);
  }

  async #deliver(message: UserMessage, found: Found, done: readonly string[]): Promise<SendOutcome> {
    const targets = this.#targets(found.routes, done);
    const [only] = targets;
    if (!only) return found.fresh && !this.#members.settling ? 'no-node' : 'deferred';
    const others = targets.length > 1 ? targets.map(({ nodeId }) => nodeId) : [];
    const text = serializeEnvelope({ kind: 'user', from: this.#node, ...message, others });
    const sent = targets.map(({ nodeId, incarnation }) => this.#wire.post(nodeId, incarnation, text));
    const outcomes = await Promise.all(sent);
    if (message.again || !outcomes.includes('no-node')) return worst(outcomes);
    const reached = targets.filter((_, i) => outcomes[i] !== 'no-node').map(({ nodeId }) => nodeId);
    const anew = await this.#finder.findAnew(message.user, keyOfUser(message.user));
    const second = await this.#deliver({ ...message, again: true }, anew, [...done, ...reached]);
    return worst([...outcomes.filter((outcome) => outcome !== 'no-node'), second]);
  }

  /** The living nodes among the routes, once each, this one and those that have got the message left out. */
  #targets(routes: readonly Route[], done: readonly string[]): readonly NodeIdentity[] {
    const targets: NodeIdentity[] = [];
    for (const route of routes) {
      const { nodeId } = route;
      if (nodeId === this.#node.nodeId || done.includes(nodeId)) continue;
      if (this.#members.table.lives(route) && !targets.some((target) => target.nodeId === nodeId))
        targets.push(route);
    }
    return targets;
  }
}

/** Deferred when a part was; sent when somebody has got it. */
function worst(outcomes: readonly SendOutcome[]): SendOutcome {
  if (outcomes.includes('deferred')) return 'deferred';
  return outcomes.includes('sent') ? 'sent' : 'no-node';
}
