import type { SynthesisRequest } from '../../media/speech/synthesizer.js';

/** Variants of the one voice that every language has. */
export const espeakVariants: readonly string[] = [
  'm1',
  'm2',
  'm3',
  'm4',
  'm5',
  'm6',
  'm7',
  'f1',
  'f2',
  'f3',
  'f4',
  'f5',
];

/** BCP 47 tags whose name in eSpeak is another; the rest are looked up as they are, then by their primary subtag. */
const languageNames: Readonly<Record<string, string>> = {
  zh: 'cmn',
  'zh-hk': 'yue',
  'zh-mo': 'yue',
  en: 'en-us',
  'en-au': 'en-gb',
  'en-ie': 'en-gb',
  'en-in': 'en-gb',
  'en-nz': 'en-gb',
  'en-za': 'en-gb',
  no: 'nb',
};

/** The name eSpeak has for a BCP 47 tag, or null when it is not among `installed` (lower-case). */
export function espeakLanguage(tag: string, installed: ReadonlySet<string>): string | null {
  const wanted = tag.toLowerCase().replaceAll('_', '-');
  const primary = wanted.split('-', 1)[0] ?? '';
  const names = [languageNames[wanted], wanted, languageNames[primary], primary];
  return names.find((name) => name !== undefined && installed.has(name)) ?? null;
}

/** The BCP 47 tags to announce for what is installed: eSpeak's own names, and `zh` for its `cmn`. */
export function announcedLanguages(installed: ReadonlySet<string>): readonly string[] {
  return installed.has('cmn') ? ['zh', ...installed] : [...installed];
}

/** Command line for one utterance; the text goes in through standard input, the WAV comes out of standard output. */
export function espeakArguments(language: string, request: SynthesisRequest): readonly string[] {
  const { voice, speed, pitch, volume } = request;
  return [
    ...['-v', voice === '' ? language : `${language}+${voice}`],
    // 175 words a minute is its normal speed, 80 to 450 what it takes.
    ...['-s', String(clamp(175 * speed, 80, 450))],
    // 0 to 99 in steps of about a twelfth of an octave each side; one octave moves it by half the range.
    ...['-p', String(clamp(50 + 49 * Math.log2(pitch), 0, 99))],
    ...['-a', String(clamp(100 * volume, 0, 200))],
    // UTF-8.
    ...['-b', '1'],
    '--stdin',
    '--stdout',
  ];
}

/** `[[...]]` would be read as phonemes, and a NUL as the end. */
export function espeakText(text: string): string {
  return text.replace(/\[(?=\[)/g, '[ ').replaceAll('\0', ' ');
}

function clamp(value: number, min: number, max: number): number {
  return Math.round(Math.min(max, Math.max(min, value)));
}
