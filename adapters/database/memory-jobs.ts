import type { Random } from '../../config/random.js';
import type { DeadJob, Job, Json, SessionRef } from '../../gateway/ports/session-log.js';
import type { PreparedJob } from './prepared.js';

interface KeptJob extends Omit<Job, 'claim'> {
  claim: string | null;
  leaseUntilMs: number;
}

/** The jobs of a `MemorySessionLog`, live and dead. */
export class MemoryJobs {
  readonly #random: Random;
  readonly #live = new Map<string, KeptJob>();
  readonly #dead = new Map<number, DeadJob>();
  #lastId = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  put(job: PreparedJob, seq: number | null, nowMs: number): void {
    const { tenant, sessionId, kind, key } = job;
    const name = nameOf(tenant, kind, key);
    this.#live.delete(name);
    this.#live.set(name, {
      id: ++this.#lastId,
      kind,
      key,
      ref: { tenant, sessionId },
      seq,
      payload: JSON.parse(job.payload) as Json,
      dueAtMs: nowMs + job.delayMs,
      createdAtMs: nowMs,
      attempts: 0,
      claim: null,
      leaseUntilMs: 0,
    });
  }

  cancel(tenant: string, kind: string, key: string): void {
    this.#live.delete(nameOf(tenant, kind, key));
  }

  claim(kinds: readonly string[], limit: number, leaseMs: number, nowMs: number): readonly Job[] {
    const due = [...this.#live.values()]
      .filter((job) => kinds.includes(job.kind) && job.dueAtMs <= nowMs && job.leaseUntilMs <= nowMs)
      .sort((a, b) => freeAtMs(a) - freeAtMs(b) || a.id - b.id)
      .slice(0, limit);
    return due.map((job) => {
      const claim = this.#random.hex(8);
      const attempts = job.attempts + 1;
      this.#replace({ ...job, claim, attempts, leaseUntilMs: nowMs + leaseMs });
      return { ...withoutClaim(job), attempts, claim };
    });
  }

  finish(job: Pick<Job, 'id' | 'claim'>): void {
    const kept = this.#claimed(job);
    if (kept) this.#live.delete(nameOf(kept.ref.tenant, kept.kind, kept.key));
  }

  retry(job: Pick<Job, 'id' | 'claim'>, dueAtMs: number): void {
    const kept = this.#claimed(job);
    if (kept) this.#replace({ ...kept, dueAtMs, claim: null, leaseUntilMs: 0 });
  }

  bury(job: Pick<Job, 'id' | 'claim'>, error: string, nowMs: number): void {
    const kept = this.#claimed(job);
    if (!kept) return;
    this.#live.delete(nameOf(kept.ref.tenant, kept.kind, kept.key));
    this.#dead.set(kept.id, { ...withoutClaim(kept), error, diedAtMs: nowMs });
  }

  /** Those that died last first. */
  dead(tenant: string, kind: string, limit: number): readonly DeadJob[] {
    return [...this.#dead.values()]
      .filter((job) => job.ref.tenant === tenant && job.kind === kind)
      .sort((a, b) => b.diedAtMs - a.diedAtMs || b.id - a.id)
      .slice(0, limit);
  }

  revive(tenant: string, id: number, nowMs: number): boolean {
    const found = this.#dead.get(id);
    if (found?.ref.tenant !== tenant || this.#live.has(nameOf(tenant, found.kind, found.key))) return false;
    this.#dead.delete(id);
    const { error: _error, diedAtMs: _diedAtMs, ...job } = found;
    this.#replace({ ...job, dueAtMs: nowMs, attempts: 0, claim: null, leaseUntilMs: 0 });
    return true;
  }

  removeOf(ref: SessionRef): void {
    for (const [name, job] of this.#live) if (isOf(job, ref)) this.#live.delete(name);
    for (const [id, job] of this.#dead) if (isOf(job, ref)) this.#dead.delete(id);
  }

  #replace(job: KeptJob): void {
    this.#live.set(nameOf(job.ref.tenant, job.kind, job.key), job);
  }

  #claimed({ id, claim }: Pick<Job, 'id' | 'claim'>): KeptJob | null {
    for (const job of this.#live.values()) if (job.id === id) return job.claim === claim ? job : null;
    return null;
  }
}

/** When it was due, or when the lease of its claim ended. */
function freeAtMs({ dueAtMs, leaseUntilMs }: KeptJob): number {
  return Math.max(dueAtMs, leaseUntilMs);
}

function withoutClaim({ claim: _claim, leaseUntilMs: _leaseUntilMs, ...job }: KeptJob): Omit<Job, 'claim'> {
  return job;
}

function isOf({ ref }: Pick<Job, 'ref'>, { tenant, sessionId }: SessionRef): boolean {
  return ref.tenant === tenant && ref.sessionId === sessionId;
}

function nameOf(tenant: string, kind: string, key: string): string {
  return `${tenant}\0${kind}\0${key}`;
}
