import type { Route, UserKey } from '../ports/router.js';
import type { UserRoute } from '../ports/routing-store.js';
import type { NodeIdentity } from '../ports/session-log.js';

/** A user as a key of maps. */
export function keyOfUser({ tenant, userId }: UserKey): string {
  return `${tenant}\0${userId}`;
}

/** A device that a connection of this node has. */
export interface LocalDevice {
  readonly user: UserKey;
  readonly key: string;
  readonly device: string;
  readonly connectionId: string;
  readonly onLost: () => void;
  epoch: number;
  /** The store knows of it. */
  shared: boolean;
}

/** Devices of this node's connections. */
export class DeviceTable {
  readonly #node: NodeIdentity;
  readonly #users = new Map<string, Map<string, LocalDevice>>();
  /** Users for whom a claim is under way: its device, and the largest epoch it was kicked with meanwhile. */
  readonly #claiming = new Map<string, { readonly device: string; kickedBy: number }>();
  #size = 0;

  constructor(node: NodeIdentity) {
    this.#node = node;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string, device: string): LocalDevice | null {
    return this.#users.get(key)?.get(device) ?? null;
  }

  routesOf(key: string): Route[] {
    return [...(this.#users.get(key)?.values() ?? [])].map((device) => this.routeOf(device));
  }

  routeOf({ device, connectionId, epoch }: LocalDevice): Route {
    return { ...this.#node, device, connectionId, epoch };
  }

  /** Puts a device; gives back the one that was there. */
  hold(device: LocalDevice): LocalDevice | null {
    const devices = this.#users.get(device.key) ?? new Map<string, LocalDevice>();
    const before = devices.get(device.device) ?? null;
    devices.set(device.device, device);
    this.#users.set(device.key, devices);
    if (!before) this.#size++;
    return before;
  }

  /** Only if it is exactly this one that is there. */
  remove(device: LocalDevice): boolean {
    const devices = this.#users.get(device.key);
    if (devices?.get(device.device) !== device) return false;
    devices.delete(device.device);
    if (devices.size === 0) this.#users.delete(device.key);
    this.#size--;
    return true;
  }

  holds(device: LocalDevice): boolean {
    return this.get(device.key, device.device) === device;
  }

  /** A claim begins; kicks that overtake its answer are kept for it. */
  claiming(key: string, device: string): void {
    this.#claiming.set(key, { device, kickedBy: 0 });
  }

  /** The claim has ended; the largest epoch that it was kicked with. */
  claimed(key: string): number {
    const kickedBy = this.#claiming.get(key)?.kickedBy ?? 0;
    this.#claiming.delete(key);
    return kickedBy;
  }

  /** The device that a kick of this epoch ends; null when there is none, or a younger one. */
  kicked(key: string, device: string, epoch: number): LocalDevice | null {
    const claim = this.#claiming.get(key);
    if (claim?.device === device) claim.kickedBy = Math.max(claim.kickedBy, epoch);
    const there = this.get(key, device);
    return there && there.epoch < epoch ? there : null;
  }

  /** All devices of this moment, or those that the store does not know of. */
  all(which: 'all' | 'unshared'): LocalDevice[] {
    const all: LocalDevice[] = [];
    for (const devices of this.#users.values())
      for (const device of devices.values()) if (which === 'all' || !device.shared) all.push(device);
    return all;
  }

  toStore(device: LocalDevice): UserRoute {
    return { user: device.user, route: this.routeOf(device) };
  }
}
