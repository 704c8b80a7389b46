import { escapeXml } from '../../config/xml.js';
import type { Prompt } from '../../dialog/action.js';
import { flattenSsml } from '../../media/speech/ssml/flatten.js';
import type { SpeakOptions } from './prompt-speaker.js';

/** What an engine that knows only text is asked to say for a prompt, and what of its SSML that leaves out. */
export interface SpokenPrompt {
  readonly options: SpeakOptions;
  readonly warnings: readonly string[];
}

/**
 * A prompt as an author wrote it for the ear: its SSML where there is some that can be read, else its plain text.
 *
 * `treeLanguage` is that of prompts that name none (BCP 47). Never throws.
 */
export function spokenPrompt(prompt: Prompt, treeLanguage: string): SpokenPrompt {
  const language = prompt.language ?? treeLanguage;
  const plain = { text: prompt.voice, language };
  if (prompt.ssml === undefined) return { options: plain, warnings: [] };
  const reading = flattenSsml(speakElement(prompt.ssml, language), language);
  if (!reading.ok) return { options: plain, warnings: [reading.reason] };
  const { pitch, speed, text, voice, volume, warnings } = reading.speech;
  const options: SpeakOptions = {
    text,
    language: reading.speech.language ?? language,
    voice: voice ?? '',
    speed,
    pitch,
    volume,
  };
  return { options, warnings };
}

/** All prompts of a turn as one SSML document (SSML 1.1, 3.1.1), for platforms that speak it themselves; '' for nothing. */
export function speakDocument(prompts: readonly Prompt[], language: string): string {
  const parts = prompts.map(({ ssml, voice }) => ssml ?? escapeXml(voice)).filter((part) => part !== '');
  return parts.length === 0 ? '' : speakElement(parts.join(' '), language);
}

function speakElement(inner: string, language: string): string {
  const open = `<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="${escapeXml(language)}">`;
  return `${open}${inner}</speak>`;
}
