import type { RouteLease, Router, UserKey } from '../../ports/router.js';

interface Claim {
  readonly connectionId: string;
  readonly onLost: () => void;
}

/** The mapping of one node: of two claims of a device the later holds. */
export class FakeRouter implements Pick<Router, 'claim'> {
  readonly #claims = new Map<string, Claim>();
  #epoch = 0;
  #gate: Promise<void> = Promise.resolve();
  /** Claims reject, as after `close`. */
  closed = false;

  get size(): number {
    return this.#claims.size;
  }

  /** Claims wait until the returned function is called. */
  hold(): () => void {
    let open = (): void => undefined;
    this.#gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  async claim(user: UserKey, device: string, connectionId: string, onLost: () => void): Promise<RouteLease> {
    await this.#gate;
    if (this.closed) throw new Error('the router is closed');
    const key = `${user.tenant} ${user.userId} ${device}`;
    const before = this.#claims.get(key);
    const claim: Claim = { connectionId, onLost };
    this.#claims.set(key, claim);
    before?.onLost();
    const route = { nodeId: 'node-1', incarnation: 'a', device, connectionId, epoch: ++this.#epoch };
    return {
      route,
      shared: true,
      release: () => {
        if (this.#claims.get(key) === claim) this.#claims.delete(key);
        return Promise.resolve();
      },
    };
  }

  /** Another node has taken every device. */
  loseAll(): void {
    const lost = [...this.#claims.values()];
    this.#claims.clear();
    for (const { onLost } of lost) onLost();
  }
}
