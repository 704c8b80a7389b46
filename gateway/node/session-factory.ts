import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { PlatformRules } from '../../config/platform-rules.js';
import type { Random } from '../../config/random.js';
import type { Config } from '../../config/schema.js';
import { gatewayLimits } from '../../config/limits.js';
import type { StreamStats } from '../../media/worker/media-host.js';
import type { RecogRequest } from '../mrcp/backend.js';
import type { MrcpServer } from '../mrcp/server.js';
import type { AnswerPlan, AnswerPolicy } from '../sip/offer-answer.js';
import type { ServiceCaller } from '../services/service-caller.js';
import type { CallFacts, IncomingSession, IncomingSessionParts } from '../session/call-ingress.js';
import { Conversation } from '../session/conversation.js';
import type { ConversationTable } from '../session/conversation-table.js';
import { callVariables, DialogueSession, sessionFacts } from '../session/dialogue-session.js';
import { MrcpCall } from '../session/mrcp-call.js';
import { PhoneCall } from '../session/phone-call.js';
import { ListeningBackend } from '../session/recog-backend.js';
import type { ResponseRenderer } from '../session/response-renderer.js';
import type { SnapshotStore } from '../session/snapshot-store.js';
import { SpeakingBackend } from '../session/synth-backend.js';
import type { TurnMetrics } from '../session/turn-metrics.js';
import { VoiceBot, type VoiceBotSettings } from '../session/voice-bot.js';
import type { TurnSink } from '../turns/turn-log.js';
import type { TreeLease } from '../trees/tree-shelf.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import type { CallerPresence } from './caller-presence.js';
import type { MediaWatch } from './media-watch.js';
import type { SpeechTiers } from './speech-tiers.js';
import { voiceSettings } from './voice-settings.js';

export interface SessionFactoryDeps {
  readonly config: Config;
  readonly bots: TreeLibrary;
  readonly tiers: SpeechTiers;
  readonly conversations: ConversationTable;
  readonly snapshots: SnapshotStore | null;
  readonly mrcp: MrcpServer;
  readonly watch: MediaWatch;
  readonly rules: PlatformRules;
  readonly renderer: ResponseRenderer;
  readonly services: ServiceCaller;
  /** Keeps decided turns; null: none are kept. */
  readonly turns: TurnSink | null;
  readonly presence: CallerPresence;
  readonly random: Random;
  readonly metrics: TurnMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Makes the sessions behind accepted offers out of the configuration. */
export class SessionFactory {
  readonly policy: AnswerPolicy;
  readonly #deps: SessionFactoryDeps;
  readonly #settings: VoiceBotSettings;

  constructor(deps: SessionFactoryDeps) {
    this.#deps = deps;
    this.policy = {
      encodings: ['PCMU', 'PCMA', 'L16'],
      ownPreference: false,
      resources: ['speechsynth', 'speechrecog'],
    };
    const { config, tiers } = deps;
    this.#settings = voiceSettings(config, tiers, {
      tier: config.bot.tier,
      handoverTarget: config.bot.handover.target,
      maxCallMs: gatewayLimits.callMs,
    });
  }

  createCall(plan: AnswerPlan | null, parts: IncomingSessionParts): IncomingSession {
    const { bots, clock, config, metrics, services, tiers, turns } = this.#deps;
    const { facts, logger, media } = parts;
    const { sessionId } = facts;
    let lease: TreeLease | null = null;
    let present: ReturnType<CallerPresence> | null = null;
    return new PhoneCall(plan, {
      media,
      policy: this.policy,
      ptimeMs: config.rtp.ptimeMs,
      logger,
      variables: callVariables(facts),
      onClosed: (reason, stats) => {
        lease?.release();
        present?.leave();
        this.#ended(parts, reason, stats);
      },
      createBot: (stream, codec, call) => {
        lease = bots.lease(null, sessionFacts(facts));
        present = this.#deps.presence(facts.fromUser, `call.${sessionId}`);
        const { tree, scorers } = lease.version;
        return new VoiceBot({
          sessionId,
          settings: this.#settings,
          call,
          stream,
          codec,
          conversation: new Conversation({ sessionId, tree, scorers, services, turns, clock, logger }),
          speaker: tiers.speaker(config.bot.tier),
          clock,
          logger,
          metrics,
        });
      },
    });
  }

  createMrcp(plan: AnswerPlan, parts: IncomingSessionParts): IncomingSession {
    const { clock, config, mrcp, tiers } = this.#deps;
    const { facts, logger, media } = parts;
    const speaker = tiers.speaker(config.mrcp.tier);
    const { language } = this.#deps.bots.default.tree;
    return new MrcpCall(plan, {
      media,
      server: mrcp,
      policy: this.policy,
      logger,
      onClosed: (reason, stats) => this.#ended(parts, reason, stats),
      backends: {
        synth: ({ line }) =>
          new SpeakingBackend({
            media,
            lineIndex: line.index,
            speaker,
            language,
            playoutDelayMs: config.mrcp.playoutDelayMs,
            metrics: this.#deps.metrics,
            clock,
            logger,
          }),
        recog: ({ line }) =>
          new ListeningBackend({
            sessionId: facts.sessionId,
            media,
            lineIndex: line.index,
            choose: (request) => this.#choose(facts, request),
            recognizerFor: (wanted) => tiers.recognizerFor(config.mrcp.tier, wanted),
            dialogue: new DialogueSession({ ...this.#deps, facts, speaker, logger }),
            metrics: this.#deps.metrics,
            language,
            logger,
          }),
      },
    });
  }

  #ended(parts: IncomingSessionParts, reason: string, stats: readonly StreamStats[]): void {
    for (const stream of stats) this.#deps.watch.streamEnded(stream);
    parts.onClosed(reason);
  }

  #choose(facts: CallFacts, request: RecogRequest): ReturnType<PlatformRules['choose']> {
    return this.#deps.rules.choose(sessionFacts(facts, request.vendorParameters));
  }
}
