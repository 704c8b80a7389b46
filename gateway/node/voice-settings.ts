import type { Config } from '../../config/schema.js';
import type { VoiceBotSettings } from '../session/voice-bot.js';
import type { SpeechTiers } from './speech-tiers.js';

/** After the last packet of a goodbye, before BYE or the closing of the socket. */
const goodbyePlayoutMs = 300;

/** How bots of one tier speak and listen, from the configuration. */
export function voiceSettings(
  { bot }: Config,
  tiers: Pick<SpeechTiers, 'recognizerFor'>,
  own: Pick<VoiceBotSettings, 'handoverTarget' | 'maxCallMs'> & { readonly tier: string },
): VoiceBotSettings {
  const { bargeIn, endpointing, handover } = bot;
  return {
    bargeIn,
    timing: {
      recognitionTimeoutMs: endpointing.recognitionMs,
      speechCompleteTimeoutMs: endpointing.speechCompleteMs,
      speechIncompleteTimeoutMs: endpointing.speechIncompleteMs,
      interdigitTimeoutMs: endpointing.dtmfInterdigitMs,
      termTimeoutMs: endpointing.dtmfInterdigitMs,
      bargeInMinSpeechMs: endpointing.bargeInMs,
      confidenceThreshold: endpointing.confidenceThreshold,
    },
    recognizerFor: (language) => tiers.recognizerFor(own.tier, language),
    handoverTarget: own.handoverTarget,
    unavailablePrompt: (language) => unavailableText(handover.unavailable, language),
    playoutDelayMs: goodbyePlayoutMs,
    maxCallMs: own.maxCallMs,
  };
}

/** The configured text for a language, by its tag or primary language, else English. */
export function unavailableText(texts: Readonly<Record<string, string>>, language: string): string {
  const primary = language.split('-')[0] ?? language;
  return texts[language] ?? texts[primary] ?? texts['en'] ?? '';
}
