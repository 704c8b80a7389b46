import type { Clock, Timer } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import { readFrames } from '../frames/frame-outbox.js';
import { SpeechError } from '../speech/errors.js';
import type { StreamOptions, StreamStats } from './media-host.js';
import type {
  EngineState,
  FromWorker,
  StreamCommand,
  StreamEvent,
  WorkerSettings,
  WorkerSnapshot,
} from './protocol.js';
import { WorkerLink } from './worker-link.js';

export interface WorkerSlotDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: (event: StreamEvent) => void;
  /** A packet of a frame stream, of which nobody else has the memory. */
  readonly onFrame: (stream: number, packet: Uint8Array) => void;
  /** The thread ended without being asked; the slot starts another. */
  readonly onLost: (reason: string) => void;
}

/** Waits before a thread that died is started again: doubled each time, unless it had run for a while. */
const firstRestartMs = 100;
const longestRestartMs = 10_000;
const soundRunMs = 60_000;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: SpeechError) => void;
}

/**
 * A place for one worker thread, which is filled again whenever the thread dies.
 *
 * States: starting -> ready -> lost -> starting …; any -> closed. A thread that hangs is ended and so becomes lost.
 */
export class WorkerSlot {
  /** Streams that are open or being opened here; counted by the host. */
  load = 0;
  readonly #settings: WorkerSettings;
  readonly #deps: WorkerSlotDependencies;
  readonly #engines = new Map<string, EngineState>();
  #state: 'starting' | 'ready' | 'lost' | 'closed' = 'starting';
  #link: WorkerLink;
  #restartMs = firstRestartMs;
  #readyAtMs = 0;
  #silent = false;
  #restartTimer: Timer | null = null;
  #startWaiters: Waiter[] = [];
  #engineWaiters: Waiter[] = [];

  constructor(
    readonly index: number,
    settings: WorkerSettings,
    deps: WorkerSlotDependencies,
  ) {
    this.#settings = settings;
    this.#deps = deps;
    this.#link = this.#startThread();
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** It did not answer lately: new streams had better go elsewhere. */
  get silent(): boolean {
    return this.#silent;
  }

  get engines(): ReadonlyMap<string, EngineState> {
    return this.#engines;
  }

  /** Resolves when the thread takes requests; rejects when it died before. */
  async started(): Promise<void> {
    if (this.#state === 'ready') return;
    await new Promise<void>((resolve, reject) => this.#startWaiters.push({ resolve, reject }));
  }

  /** Resolves when no engine is loading any more; rejects when the thread died before. */
  async enginesSettled(): Promise<void> {
    if (this.#engines.size === 0 || ![...this.#engines.values()].includes('loading')) return;
    await new Promise<void>((resolve, reject) => this.#engineWaiters.push({ resolve, reject }));
  }

  async open(stream: number, options: StreamOptions): Promise<number> {
    const value = await this.#link.request({ type: 'open', stream, options });
    if (value.type !== 'opened')
      throw new SpeechError('internal', `media worker replied ${value.type} to open`);
    return value.localPort;
  }

  async closeStream(stream: number): Promise<StreamStats> {
    const value = await this.#link.request({ type: 'close', stream });
    if (value.type !== 'closed')
      throw new SpeechError('internal', `media worker replied ${value.type} to close`);
    return value.stats;
  }

  post(command: StreamCommand): void {
    this.#link.post(command);
  }

  /** See WorkerLink. */
  sendFrame(stream: number, packet: Uint8Array): boolean {
    return this.#link.sendFrame(stream, packet);
  }

  /** Null while the thread is gone or does not answer; whoever asks regularly makes this the watchdog of a hung thread. */
  async snapshot(): Promise<WorkerSnapshot | null> {
    if (!this.ready) return null;
    const link = this.#link;
    const wasSilent = this.#silent;
    try {
      const value = await link.request({ type: 'snapshot' });
      this.#silent = false;
      return value.type === 'snapshot' ? value.snapshot : null;
    } catch (error) {
      if (link === this.#link && this.ready) this.#missSnapshot(wasSilent, error);
      return null;
    }
  }

  /**
   * Ends a thread that owes two answers, the second of which was asked for after the first was given up: a machine that
   * slept makes all questions of one moment late, and that is no fault of the thread.
   */
  #missSnapshot(wasSilent: boolean, error: unknown): void {
    this.#silent = true;
    if (!wasSilent) return;
    this.#deps.logger.error('media worker hangs, it is terminated', { err: error });
    this.#link.terminate().catch((err: unknown) => this.#logStuck(err));
  }

  async close(): Promise<void> {
    const wasReady = this.#state === 'ready';
    this.#state = 'closed';
    this.#restartTimer?.cancel();
    this.#restartTimer = null;
    this.#settle(new SpeechError('unavailable', 'media host is closed'));
    if (wasReady)
      await this.#link.request({ type: 'shutdown' }).catch((error: unknown) => this.#logStuck(error));
    await this.#link.terminate();
  }

  #logStuck(error: unknown): void {
    this.#deps.logger.warn('media worker did not shut down, it is terminated', { err: error });
  }

  #startThread(): WorkerLink {
    this.#state = 'starting';
    this.#silent = false;
    for (const { name } of this.#settings.engines) this.#engines.set(name, 'loading');
    return new WorkerLink(this.#settings, this.#deps.clock, {
      onMessage: (message) => this.#take(message),
      onExit: (reason) => this.#exited(reason),
    });
  }

  #take(message: Exclude<FromWorker, { type: 'reply' }>): void {
    switch (message.type) {
      case 'ready':
        if (this.#state !== 'starting') return;
        this.#state = 'ready';
        this.#readyAtMs = this.#deps.clock.nowMs();
        for (const { resolve } of this.#startWaiters.splice(0)) resolve();
        return;
      case 'engine':
        this.#takeEngine(message);
        return;
      case 'frames':
        readFrames(message.batch, this.#deps.onFrame);
        return;
      case 'log':
        this.#deps.logger[message.level](message.message, message.fields);
        return;
      default:
        this.#deps.onEvent(message);
    }
  }

  #takeEngine(message: Extract<FromWorker, { type: 'engine' }>): void {
    this.#engines.set(message.name, message.state);
    if (message.error)
      this.#deps.logger.warn('recognizer is unavailable', {
        engine: message.name,
        reason: message.error.message,
      });
    if ([...this.#engines.values()].includes('loading')) return;
    for (const { resolve } of this.#engineWaiters.splice(0)) resolve();
  }

  #exited(reason: string): void {
    if (this.#state === 'closed') return;
    const ranMs = this.#state === 'ready' ? this.#deps.clock.nowMs() - this.#readyAtMs : 0;
    if (ranMs >= soundRunMs) this.#restartMs = firstRestartMs;
    this.#state = 'lost';
    this.#deps.logger.error('media worker exited', { reason, restartMs: this.#restartMs });
    this.#settle(new SpeechError('unavailable', reason));
    this.#restartTimer = this.#deps.clock.setTimer(() => {
      this.#restartTimer = null;
      this.#link = this.#startThread();
    }, this.#restartMs);
    this.#restartMs = Math.min(longestRestartMs, this.#restartMs * 2);
    this.#deps.onLost(reason);
  }

  #settle(error: SpeechError): void {
    for (const { reject } of [...this.#startWaiters.splice(0), ...this.#engineWaiters.splice(0)])
      reject(error);
  }
}
