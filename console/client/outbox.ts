import { clientLimits } from './limits.js';
import { isRecord, parseRecord } from './safe-storage.js';
import type { SafeStorage } from './safe-storage.js';

export type EntryState = 'queued' | 'sending' | 'acknowledged' | 'failed';

/** `other-session`: it may be in a conversation that is over; the person decides whether it is sent again. */
export type EntryFailure = 'too-long' | 'ended' | 'full' | 'refused' | 'other-session';

/** An own message until it has come back with its number. */
export interface OutboxEntry {
  readonly id: string;
  readonly text: string;
  readonly value: string | null;
  readonly atMs: number;
  readonly state: EntryState;
  readonly failure: EntryFailure | null;
  /** Its number, once it is acknowledged. */
  readonly seq: number | null;
  /** It has been on a connection: the server may hold it. */
  readonly sent: boolean;
}

type StoredEntry = Pick<OutboxEntry, 'id' | 'text' | 'value' | 'atMs' | 'sent' | 'failure'>;

interface StoredBox {
  readonly user: string | null;
  readonly session: string | null;
  readonly savedMs: number;
  readonly entries: readonly StoredEntry[];
}

const prefix = 'parley.outbox.';

/**
 * Own messages in the order they were written, kept in storage until the server has them.
 *
 * What storage holds from before belongs to one user and session and is shown only after `adopt` has checked both.
 */
export class Outbox {
  readonly #storage: SafeStorage;
  readonly #epochMs: () => number;
  readonly #key: string;
  #entries: OutboxEntry[] = [];
  #user: string | null = null;
  #session: string | null = null;
  /** What this tab left before it was loaded again, until the first `adopt`. */
  #left: StoredBox | null;

  constructor(storage: SafeStorage, device: string, epochMs: () => number) {
    this.#storage = storage;
    this.#epochMs = epochMs;
    this.#key = prefix + device;
    this.#left = parseBox(storage.get(this.#key));
  }

  get entries(): readonly OutboxEntry[] {
    return this.#entries;
  }

  /** False: there is no room. */
  add(id: string, text: string, value: string | null): boolean {
    if (this.#entries.length >= clientLimits.outboxMessages) return false;
    let characters = text.length + (value?.length ?? 0);
    for (const entry of this.#entries) characters += entry.text.length + (entry.value?.length ?? 0);
    if (characters > clientLimits.outboxCharacters) return false;
    this.#entries.push(queuedEntry({ id, text, value, atMs: this.#epochMs(), sent: false, failure: null }));
    this.#save();
    return true;
  }

  find(id: string): OutboxEntry | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  next(): OutboxEntry | undefined {
    return this.#entries.find((entry) => entry.state === 'queued');
  }

  markSending(id: string): void {
    this.#update(id, { state: 'sending', failure: null, sent: true });
  }

  markQueued(id: string): void {
    this.#update(id, { state: 'queued', failure: null });
  }

  markAcknowledged(id: string, seq: number): void {
    this.#update(id, { state: 'acknowledged', failure: null, seq });
  }

  markFailed(id: string, failure: EntryFailure): void {
    this.#update(id, { state: 'failed', failure });
  }

  remove(id: string): boolean {
    const index = this.#entries.findIndex((entry) => entry.id === id);
    if (index < 0) return false;
    this.#entries.splice(index, 1);
    this.#save();
    return true;
  }

  /** Removes acknowledged messages up to `seq`, which have come back. */
  removeUpTo(seq: number): boolean {
    return this.#keep((entry) => entry.seq === null || entry.seq > seq);
  }

  /** Everything that is waiting goes again when the connection is back. */
  requeue(): void {
    for (const { id, state } of this.#entries) if (state === 'sending') this.markQueued(id);
  }

  /**
   * Says whose conversation this is: takes what this and closed tabs left unsent for the same user, drops another
   * user's, and marks what may already be in another session as failed.
   */
  adopt(user: string, session: string): void {
    if (this.#user !== null && this.#user !== user) this.#entries = [];
    if (this.#session !== null && this.#session !== session) this.#leaveSession();
    const left = [...(this.#left === null ? [] : [this.#left]), ...this.#takeOrphans()];
    const taken = left.flatMap((box) =>
      box.user === null || box.user === user ? entriesFor(session, box) : [],
    );
    this.#entries = [...taken, ...this.#entries].slice(0, clientLimits.outboxMessages);
    this.#left = null;
    this.#user = user;
    this.#session = session;
    this.#save();
  }

  #leaveSession(): void {
    this.#entries = this.#entries
      .filter((entry) => entry.state !== 'acknowledged')
      .map((entry) => (entry.sent && entry.failure === null ? failedElsewhere(entry) : entry));
  }

  /** What tabs that are closed left behind. Another device may send it: the server knows every id once. */
  #takeOrphans(): readonly StoredBox[] {
    const keys = this.#storage.keys(prefix).filter((key) => key !== this.#key);
    const boxes: StoredBox[] = [];
    for (const key of keys.slice(0, clientLimits.outboxOrphans)) {
      const box = parseBox(this.#storage.get(key));
      if (box !== null && this.#epochMs() - box.savedMs < clientLimits.outboxOrphanMs) continue;
      this.#storage.remove(key);
      if (box !== null) boxes.push(box);
    }
    return boxes;
  }

  #keep(wanted: (entry: OutboxEntry) => boolean): boolean {
    const kept = this.#entries.filter(wanted);
    if (kept.length === this.#entries.length) return false;
    this.#entries = kept;
    this.#save();
    return true;
  }

  #update(id: string, change: Partial<OutboxEntry>): void {
    const index = this.#entries.findIndex((entry) => entry.id === id);
    const entry = this.#entries[index];
    if (entry === undefined) return;
    this.#entries[index] = { ...entry, ...change };
    this.#save();
  }

  #save(): void {
    const own = this.#entries.filter((entry) => entry.state !== 'acknowledged').map(storedEntry);
    const entries = [...(this.#left?.entries ?? []), ...own];
    if (entries.length === 0) {
      this.#storage.remove(this.#key);
      return;
    }
    const user = this.#user ?? this.#left?.user ?? null;
    const session = this.#session ?? this.#left?.session ?? null;
    const box: StoredBox = { user, session, savedMs: this.#epochMs(), entries };
    this.#storage.set(this.#key, JSON.stringify(box));
  }
}

function entriesFor(session: string, box: StoredBox): readonly OutboxEntry[] {
  return box.entries.map((stored) => {
    const entry = queuedEntry(stored);
    return stored.sent && box.session !== session ? failedElsewhere(entry) : entry;
  });
}

function failedElsewhere(entry: OutboxEntry): OutboxEntry {
  return { ...entry, state: 'failed', failure: 'other-session' };
}

function queuedEntry(stored: StoredEntry): OutboxEntry {
  return { ...stored, state: stored.failure === null ? 'queued' : 'failed', seq: null };
}

function storedEntry({ id, text, value, atMs, sent, failure }: OutboxEntry): StoredEntry {
  return { id, text, value, atMs, sent, failure };
}

function parseBox(text: string | null): StoredBox | null {
  const record = parseRecord(text);
  if (record === null || !Array.isArray(record['entries'])) return null;
  const { user, session, savedMs } = record;
  return {
    user: typeof user === 'string' ? user : null,
    session: typeof session === 'string' ? session : null,
    savedMs: typeof savedMs === 'number' ? savedMs : 0,
    entries: record['entries'].filter(isStoredEntry).slice(0, clientLimits.outboxMessages),
  };
}

const failures: readonly unknown[] = [null, 'too-long', 'ended', 'full', 'refused', 'other-session'];

function isStoredEntry(value: unknown): value is StoredEntry {
  if (!isRecord(value)) return false;
  const { id, text, value: button, atMs, sent, failure } = value;
  if (typeof id !== 'string' || !/^[\w.-]{1,64}$/.test(id) || typeof text !== 'string') return false;
  if (button !== null && typeof button !== 'string') return false;
  return typeof atMs === 'number' && typeof sent === 'boolean' && failures.includes(failure);
}
