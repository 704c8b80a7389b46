import type { Clock } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';
import type { Route, UserKey } from '../ports/router.js';
import type { RoutingStore, StoredRenewal } from '../ports/routing-store.js';
import type { DeviceTable, LocalDevice } from './device-table.js';
import type { RoutingCounts } from './readings.js';

/** Renews this node's claims in batches with pauses between them, so that a store that is back is not flooded. */
export class Renewal {
  readonly #devices: DeviceTable;
  readonly #store: RoutingStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #counts: RoutingCounts;
  readonly #onLost: (device: LocalDevice) => void;
  readonly #onOusted: (user: UserKey, route: Route, epoch: number) => void;
  readonly #pauses = new Set<() => void>();

  constructor(options: {
    readonly devices: DeviceTable;
    readonly store: RoutingStore;
    readonly clock: Clock;
    readonly random: Random;
    readonly counts: RoutingCounts;
    readonly onLost: (device: LocalDevice) => void;
    readonly onOusted: (user: UserKey, route: Route, epoch: number) => void;
  }) {
    this.#devices = options.devices;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#counts = options.counts;
    this.#onLost = options.onLost;
    this.#onOusted = options.onOusted;
  }

  /** Stops early when `wanted` says so. Rejects when the store does not answer. */
  async run(which: 'all' | 'unshared', wanted: () => boolean): Promise<void> {
    const devices = this.#devices.all(which);
    for (let i = 0; i < devices.length && wanted(); i += routingLimits.renewBatch) {
      if (i > 0) await this.#pause();
      if (wanted()) await this.#renew(devices.slice(i, i + routingLimits.renewBatch));
    }
  }

  /** Ends its pauses. */
  close(): void {
    for (const end of this.#pauses) end();
  }

  async #renew(batch: readonly LocalDevice[]): Promise<void> {
    const held = batch.filter((device) => this.#devices.holds(device));
    const routes = held.map((device) => this.#devices.toStore(device));
    const renewals = await this.#store.renew(routes, routingLimits.userLeaseMs);
    this.#counts.renewals += held.length;
    for (const [i, device] of held.entries()) {
      const renewal = renewals[i];
      if (renewal && this.#devices.holds(device)) this.#apply(device, renewal);
    }
  }

  #apply(device: LocalDevice, { outcome, epoch, ousted }: StoredRenewal): void {
    if (outcome === 'lost') {
      this.#onLost(device);
      return;
    }
    if (outcome === 'restored') this.#counts.restored++;
    device.epoch = epoch;
    device.shared = true;
    if (ousted) this.#onOusted(device.user, ousted, epoch);
  }

  #pause(): Promise<void> {
    const ms = this.#random.integer(routingLimits.renewPauseMs) + 1;
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const timer = this.#clock.setTimer(end, ms);
      this.#pauses.add(end);
    });
  }
}
