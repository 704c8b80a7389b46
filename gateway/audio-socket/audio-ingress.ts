import { WebSocketServer, type WebSocket } from 'ws';

import type { Clock, Timer } from '../../config/clock.js';
import { audioSocketLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { FrameHost, StreamStats } from '../../media/worker/media-host.js';
import type { UpgradeHandler, UpgradeRequest } from '../http/upgrade-router.js';
import type { CallBot } from '../session/phone-call.js';
import type { SessionTable } from '../session/session-table.js';
import type { AdmissionGuard } from './admission.js';
import { AudioSession, type AudioBotParts, type AudioSessionSettings } from './audio-session.js';
import type { AudioSocketStats, RefusalCause } from './audio-socket-stats.js';
import { LeakyBucket } from './flow-guard.js';
import { L16Protocol, l16RatesHz } from './l16-protocol.js';
import { MediaStreamsProtocol } from './media-streams-protocol.js';
import type { AudioProtocol } from './protocol.js';
import { WsPeer } from './socket-peer.js';

/** A conversation that begins. */
export interface AudioSessionFacts {
  readonly sessionId: string;
  readonly sourceAddress: string;
}

/** A bot and what to do when its session is over. */
export interface AudioBot {
  readonly bot: CallBot;
  onClosed(stats: StreamStats | null): void;
}

export interface AudioIngressDeps {
  readonly settings: AudioSessionSettings & { readonly maxSessions: number };
  readonly guard: AdmissionGuard;
  readonly host: FrameHost;
  readonly table: SessionTable;
  readonly stats: AudioSocketStats;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  createBot(facts: AudioSessionFacts, parts: AudioBotParts, logger: Logger): AudioBot;
}

/** Where audio sockets enter: admits an upgrade, picks its protocol and runs its session until nothing is left of it. */
export class AudioIngress {
  readonly #deps: AudioIngressDeps;
  readonly #sessions = new Map<string, AudioSession>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: audioSocketLimits.messageBytes,
  });
  readonly #opens = new LeakyBucket(audioSocketLimits.opensPerSecond / 1_000);
  #sweeping: Timer | null = null;

  constructor(deps: AudioIngressDeps) {
    this.#deps = deps;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** For the upgrade router. */
  readonly handle: UpgradeHandler = (upgrade) => {
    const { guard, settings, table } = this.#deps;
    if (table.draining) return this.#refuseFor(upgrade, 'draining', 'the node is stopping', 10);
    if (!table.admits || this.#sessions.size >= settings.maxSessions)
      return this.#refuseFor(upgrade, 'full', 'too many conversations', 10);
    const admission = guard.check(upgrade.request, upgrade.url);
    if (!admission.ok) {
      const { refused, status } = admission;
      this.#refused('unauthorized');
      if (status === 403) upgrade.refuse(403, 'forbidden', refused);
      else upgrade.refuse(401, 'unauthorized', refused, [['WWW-Authenticate', 'Bearer realm="Parley"']]);
      return;
    }
    const protocol = chooseProtocol(upgrade.url);
    if (typeof protocol === 'string') {
      this.#refused('bad-request');
      upgrade.refuse(400, 'bad-request', protocol);
      return;
    }
    const nowMs = this.#deps.clock.nowMs();
    if (this.#opens.levelAt(nowMs) >= audioSocketLimits.opensAtOnce)
      return this.#refuseFor(upgrade, 'rush', 'too many new conversations at once', 1);
    this.#opens.add(1, nowMs);
    this.#upgrade(upgrade, protocol);
  };

  #refuseFor(upgrade: UpgradeRequest, cause: RefusalCause, message: string, seconds: number): void {
    this.#refused(cause);
    upgrade.refuse(503, 'unavailable', message, [['Retry-After', String(seconds)]]);
  }

  #refused(cause: RefusalCause): void {
    this.#deps.stats.refused(cause);
    this.#deps.logger.debug('audio socket refused', { cause });
  }

  #upgrade(upgrade: UpgradeRequest, protocol: AudioProtocol): void {
    const { request, socket, head } = upgrade;
    if (!upgrade.accept()) return;
    // ws answers what is no handshake itself; the call-back comes at once or never.
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#run(webSocket, protocol, {
        sessionId: this.#deps.random.hex(8),
        sourceAddress: request.socket.remoteAddress ?? '',
      }),
    );
  }

  #run(webSocket: WebSocket, protocol: AudioProtocol, facts: AudioSessionFacts): void {
    const { clock, host, settings, stats, table } = this.#deps;
    const { sessionId, sourceAddress } = facts;
    const logger = this.#deps.logger.child({ sessionId });
    const peer = new WsPeer(webSocket);
    let audioBot: AudioBot | null = null;
    const session = new AudioSession({
      sessionId,
      peer,
      protocol,
      host,
      settings,
      clock,
      logger,
      stats,
      createBot: (parts) => {
        audioBot = this.#deps.createBot(facts, parts, logger);
        return audioBot.bot;
      },
      onClosed: (ending, streamStats) => {
        audioBot?.onClosed(streamStats);
        this.#sessions.delete(sessionId);
        if (this.#sessions.size === 0) this.#stopSweeping();
        logger.info('session ended', { kind: 'media', reason: ending });
        table.remove(sessionId);
      },
    });
    this.#sessions.set(sessionId, session);
    table.add({
      id: sessionId,
      kind: 'media',
      callId: sessionId,
      remote: sourceAddress,
      startedAtMs: clock.epochMs(),
      end: () => session.end(),
    });
    logger.info('session started', { kind: 'media', protocol: protocol.name, remote: sourceAddress });
    peer.listen(session);
    this.#sweeping ??= clock.setTimer(this.#sweep, audioSocketLimits.sweepMs);
  }

  readonly #sweep = (): void => {
    const nowMs = this.#deps.clock.nowMs();
    for (const session of [...this.#sessions.values()]) session.sweep(nowMs);
    this.#sweeping =
      this.#sessions.size > 0 ? this.#deps.clock.setTimer(this.#sweep, audioSocketLimits.sweepMs) : null;
  };

  #stopSweeping(): void {
    this.#sweeping?.cancel();
    this.#sweeping = null;
  }
}

/** The protocol that the query asks for, or what is wrong with it. */
function chooseProtocol({ searchParams }: URL): AudioProtocol | string {
  const mode = searchParams.get('mode') ?? 'media-streams';
  if (mode === 'media-streams') return new MediaStreamsProtocol();
  if (mode !== 'l16') return 'mode must be media-streams or l16';
  const rate = Number(searchParams.get('rate') ?? 16_000);
  const sampleRateHz = l16RatesHz.find((known) => known === rate);
  if (sampleRateHz === undefined) return `rate must be ${l16RatesHz.join(' or ')}`;
  const events = searchParams.get('events') ?? 'false';
  if (events !== 'true' && events !== 'false') return 'events must be true or false';
  return new L16Protocol({ sampleRateHz, events: events === 'true' });
}
