import type { Clock, Timer } from '../../config/clock.js';
import { chatLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Router } from '../ports/router.js';
import type { SessionLog } from '../ports/session-log.js';
import type { ChatHub } from './chat-hub.js';

export interface ChatPulseDeps {
  readonly log: Pick<SessionLog, 'beat' | 'retire'>;
  readonly router: Pick<Router, 'connected' | 'node' | 'onReconnected'>;
  readonly hub: Pick<ChatHub, 'look'>;
  readonly address: string;
  /** A node that has not beaten for so long has lost its sessions. */
  readonly deadAfterMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Keeps this node alive in the log, and looks there for what wake-ups have not told: seldom, and often while the wire
 * between nodes is away.
 */
export class ChatPulse {
  readonly #deps: ChatPulseDeps;
  #beatTimer: Timer | null = null;
  #lookTimer: Timer | null = null;
  #looking: Promise<void> | null = null;
  #state: 'up' | 'draining' = 'up';
  #closed = false;
  #lastBeatMs: number | null = null;

  constructor(deps: ChatPulseDeps) {
    this.#deps = deps;
    deps.router.onReconnected(() => this.#look());
  }

  /** Rejects with LogError when the log does not take the first beat. */
  async start(): Promise<void> {
    await this.#beat();
    this.#beatLater();
    this.#lookLater();
  }

  /** Milliseconds since the log last took a beat; null before the first. */
  get silentMs(): number | null {
    return this.#lastBeatMs === null ? null : this.#deps.clock.nowMs() - this.#lastBeatMs;
  }

  /** Others see that no new work should come here. Never rejects. */
  async drain(): Promise<void> {
    this.#state = 'draining';
    await this.#beat().catch((err: unknown) => this.#deps.logger.warn('the log took no beat', { err }));
  }

  /** The node is gone from the log, its sessions free. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#beatTimer?.cancel();
    this.#lookTimer?.cancel();
    await this.#looking;
    const { log, logger, router } = this.#deps;
    await log.retire(router.node).catch((err: unknown) => {
      // Its lease ends by itself.
      logger.warn('the node could not be signed off', { err });
    });
  }

  async #beat(): Promise<void> {
    const { address, clock, deadAfterMs, log, router } = this.#deps;
    await log.beat({ ...router.node, state: this.#state, address }, deadAfterMs);
    this.#lastBeatMs = clock.nowMs();
  }

  #beatLater(): void {
    if (this.#closed) return;
    const { clock, deadAfterMs, logger } = this.#deps;
    this.#beatTimer = clock.setTimer(() => {
      this.#beat()
        .catch((err: unknown) => logger.warn('the log took no beat', { err }))
        .finally(() => this.#beatLater());
    }, deadAfterMs / 4);
  }

  #lookLater(): void {
    if (this.#closed) return;
    const { clock, random, router } = this.#deps;
    const everyMs = router.connected ? chatLimits.lookMs : chatLimits.lookAloneMs;
    // Nodes that started together do not look together.
    const delayMs = everyMs * (0.75 + random.integer(500) / 1_000);
    this.#lookTimer = clock.setTimer(() => {
      this.#look();
      this.#lookLater();
    }, delayMs);
  }

  #look(): void {
    if (this.#closed || this.#looking) return;
    this.#looking = this.#deps.hub
      .look()
      .catch((err: unknown) => this.#deps.logger.warn('the log could not be looked through', { err }))
      .finally(() => {
        this.#looking = null;
      });
  }
}
