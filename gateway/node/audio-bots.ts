import { AddressSet } from '../../config/cidr.js';
import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Config } from '../../config/schema.js';
import type { AudioBot, AudioSessionFacts } from '../audio-socket/audio-ingress.js';
import type { AudioBotParts } from '../audio-socket/audio-session.js';
import type { ServiceCaller } from '../services/service-caller.js';
import { Conversation } from '../session/conversation.js';
import type { Speaker } from '../session/prompt-speaker.js';
import type { TurnMetrics } from '../session/turn-metrics.js';
import { VoiceBot, type VoiceBotSettings } from '../session/voice-bot.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import type { TurnSink } from '../turns/turn-log.js';
import type { CallerPresence } from './caller-presence.js';
import type { SpeechTiers } from './speech-tiers.js';
import { voiceSettings } from './voice-settings.js';

export interface AudioBotsDeps {
  readonly config: Config;
  readonly bots: Pick<TreeLibrary, 'lease'>;
  readonly tiers: Pick<SpeechTiers, 'recognizerFor' | 'speaker'>;
  readonly services: ServiceCaller;
  readonly metrics: TurnMetrics;
  /** Keeps decided turns; null: none are kept. */
  readonly turns: TurnSink | null;
  readonly presence: CallerPresence;
  readonly clock: Clock;
}

interface Choice {
  readonly tree: string | null;
  readonly tier: string;
}

type Rule = Config['audioSocket']['rules'][number];
type Applies = (sourceAddress: string, parameters: Readonly<Record<string, string>>) => boolean;

/** Makes the bots of audio sockets, each with the tree and the tier that `audioSocket.rules` give it. */
export class AudioBots {
  readonly #deps: AudioBotsDeps;
  readonly #rules: readonly { readonly rule: Rule; readonly applies: Applies }[];
  readonly #settings = new Map<string, VoiceBotSettings>();

  constructor(deps: AudioBotsDeps) {
    this.#deps = deps;
    this.#rules = deps.config.audioSocket.rules.map((rule) => ({ rule, applies: condition(rule.when) }));
  }

  /** Tree (null: the default one) and tier of a conversation. */
  choose(sourceAddress: string, parameters: Readonly<Record<string, string>>): Choice {
    const { tier, tree } = this.#deps.config.audioSocket;
    const rule = this.#rules.find(({ applies }) => applies(sourceAddress, parameters))?.rule;
    return { tree: rule?.tree ?? tree, tier: rule?.tier ?? tier };
  }

  create({ sessionId, sourceAddress }: AudioSessionFacts, parts: AudioBotParts, logger: Logger): AudioBot {
    const { bots, clock, metrics, presence, services, tiers, turns } = this.#deps;
    const { call, codec, start, stream } = parts;
    const { parameters } = start;
    const { tier, tree: treeId } = this.choose(sourceAddress, parameters);
    const lease = bots.lease(treeId, {
      sessionId,
      source: sourceAddress,
      fromUser: parameters['caller'] ?? '',
      toUser: parameters['called'] ?? '',
      callHeader: () => undefined,
      vendorParameters: new Map(Object.entries(parameters)),
    });
    const { tree, scorers } = lease.version;
    const bot = new VoiceBot({
      sessionId,
      settings: this.#settingsOf(tier),
      call,
      stream,
      codec,
      conversation: new Conversation({ sessionId, tree, scorers, services, turns, clock, logger }),
      speaker: toldSpeaker(tiers.speaker(tier), parts),
      clock,
      logger,
      metrics,
    });
    const present = presence(parameters['caller'] ?? '', `media.${sessionId}`);
    const onClosed = (): void => {
      present.leave();
      lease.release();
    };
    return { bot, onClosed };
  }

  /** There is no phone network to transfer to: handovers say the unavailable prompt and go on. */
  #settingsOf(tier: string): VoiceBotSettings {
    const known = this.#settings.get(tier);
    if (known) return known;
    const { config, tiers } = this.#deps;
    const maxCallMs = config.audioSocket.maxSeconds * 1_000;
    const settings = voiceSettings(config, tiers, { tier, handoverTarget: null, maxCallMs });
    this.#settings.set(tier, settings);
    return settings;
  }
}

/** Tells the client each prompt when its first audio leaves. */
function toldSpeaker(speaker: Speaker, { onSaid }: Pick<AudioBotParts, 'onSaid'>): Speaker {
  return {
    speak: (stream, format, options, listener) =>
      speaker.speak(stream, format, options, {
        onStarted: (atMs) => {
          onSaid(options.text);
          listener.onStarted(atMs);
        },
        onEnded: (reason, playedMs, error) => listener.onEnded(reason, playedMs, error),
      }),
  };
}

function condition({ parameter, source }: Rule['when']): Applies {
  const addresses = source === null ? null : new AddressSet([source]);
  return (sourceAddress, parameters) => {
    if (addresses && !addresses.has(sourceAddress)) return false;
    return parameter === null || parameters[parameter.name] === parameter.value;
  };
}
