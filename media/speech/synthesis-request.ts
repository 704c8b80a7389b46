import { speechLimits } from '../../config/limits.js';
import { SpeechError } from './errors.js';
import type { SynthesisRequest, SynthesizerCapabilities } from './synthesizer.js';

const ranges = { speed: [0.25, 4], pitch: [0.25, 4], volume: [0, 4], sampleRateHz: [8_000, 48_000] } as const;

/** Why `request` cannot be spoken by an engine of these capabilities, or null when nothing speaks against it. */
export function checkRequest(
  request: SynthesisRequest,
  capabilities: SynthesizerCapabilities,
): SpeechError | null {
  if (request.text.trim() === '') return new SpeechError('bad-input', 'text is empty');
  if (request.text.length > speechLimits.synthesisTextCharacters) {
    const limit = speechLimits.synthesisTextCharacters;
    return new SpeechError(
      'bad-input',
      `text has ${request.text.length} characters; at most ${limit} are spoken`,
    );
  }
  for (const [name, [min, max]] of Object.entries(ranges)) {
    const value = request[name as keyof typeof ranges];
    if (!(value >= min && value <= max)) {
      return new SpeechError('bad-input', `${name} is ${value}; it must be ${min} to ${max}`);
    }
  }
  if (request.format === 'ssml' && !capabilities.ssml) {
    return new SpeechError(
      'unsupported',
      `${capabilities.name} takes plain text only; flatten the SSML first`,
    );
  }
  if (capabilities.sampleRatesHz.length === 0) {
    return new SpeechError('unsupported', `${capabilities.name} names no sample rate`);
  }
  return null;
}

/**
 * The engine's rate to ask for: the wanted one, else the next higher (nothing audible is lost on the way down), else
 * the highest there is.
 */
export function nearestRate(ratesHz: readonly number[], wantedHz: number): number {
  const higher = ratesHz.filter((rate) => rate >= wantedHz);
  return higher.length > 0 ? Math.min(...higher) : Math.max(...ratesHz);
}

/** Whether BCP 47 `tag` is one of `languages`: `*`, the same tag, or the same primary subtag (RFC 4647 3.3.1). */
export function coversLanguage(languages: readonly string[], tag: string): boolean {
  const wanted = tag.toLowerCase();
  return languages.some((range) => {
    const offered = range.toLowerCase();
    return offered === '*' || offered === wanted || primarySubtag(offered) === primarySubtag(wanted);
  });
}

function primarySubtag(tag: string): string {
  return tag.split(/[-_]/, 1)[0] ?? tag;
}
