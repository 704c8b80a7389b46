import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import createModule, { type Decoder, type Segment, type SoundSwallowerModule } from 'soundswallower';
import { SeededRandom } from '../../config/random.js';
import type { RecognizedWord } from '../../media/speech/recognizer.js';
import { tokenOfName, type CompiledJsgf } from './jsgf.js';
import { guessPronunciation } from './letter-to-sound.js';
import { decoderRateHz } from './protocol.js';

/**
 * Wider than the library's own beams, which lose the right path in telephone speech; measured over 100 phrases: 78
 * right with the defaults, 90 with these, 98 with comfort noise as well.
 */
const settings = { samprate: decoderRateHz, beam: 1e-80, pbeam: 1e-80, wbeam: 1e-60, loglevel: 'FATAL' };

/** Full scale 1. Digital silence, as gateways and synthesizers send it, breaks the model's noise estimate. */
const comfortNoise = 0.003;

/** Words added to a decoder's dictionary stay there: after so many it is replaced by a fresh one. */
const maxAddedWords = 5_000;

/** Loads the engine and its model's place, once a thread. */
export function loadEngine(): Promise<SoundSwallowerModule> {
  const entry = createRequire(import.meta.url).resolve('soundswallower');
  const modelBase = join(dirname(entry), 'model/');
  const silent = () => undefined;
  // The engine's own reports come as errors of its calls; what it prints beside them is for its developers.
  return createModule({ modelBase, print: silent, printErr: silent } as Partial<SoundSwallowerModule>);
}

/** One decoder of the engine with the grammar it was last given; synchronous, one utterance at a time. */
export class GrammarDecoder {
  readonly #decoder: Decoder;
  readonly #noise = new SeededRandom(1);
  #floats = new Float32Array(decoderRateHz / 10);
  #grammar = '';
  #line = '';
  #addedWords = 0;

  private constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  static async create(engine: SoundSwallowerModule): Promise<GrammarDecoder> {
    const decoder = new engine.Decoder(settings);
    await decoder.initialize();
    return new GrammarDecoder(decoder);
  }

  get grammar(): string {
    return this.#grammar;
  }

  /** Whose speech it heard last; it is still adapted to that line. */
  get line(): string {
    return this.#line;
  }

  get isWorn(): boolean {
    return this.#addedWords > maxAddedWords;
  }

  /** Begins an utterance on `line` (a session's id); returns the words whose pronunciation had to be guessed from their spelling. */
  start(line: string, grammar: CompiledJsgf): readonly string[] {
    this.#line = line;
    const guessed: string[] = [];
    if (grammar.text !== this.#grammar) {
      this.#grammar = '';
      for (const [name, forms] of grammar.words) this.#learn(name, forms, guessed);
      this.#decoder.set_grammar(grammar.text);
      this.#grammar = grammar.text;
    }
    this.#decoder.start();
    return guessed;
  }

  /** 16-bit samples at `decoderRateHz`. */
  process(samples: Int16Array): void {
    if (this.#floats.length < samples.length) this.#floats = new Float32Array(samples.length);
    const floats = this.#floats.subarray(0, samples.length);
    for (let i = 0; i < samples.length; i++) {
      floats[i] = (samples[i] ?? 0) / 32_768 + (this.#noise.next() * 2 - 1) * comfortNoise;
    }
    this.#decoder.process_audio(floats);
  }

  /** The best guess so far. */
  partial(): string {
    return this.#decoder.get_text().split(' ').filter(isWord).map(tokenOf).join(' ');
  }

  /** Ends the utterance; no words when what was heard does not match the grammar. */
  stop(): readonly RecognizedWord[] {
    this.#decoder.stop();
    if (this.#decoder.get_text() === '') return [];
    const segments = this.#decoder.get_alignment().w ?? [];
    return segments.filter(({ t }) => isWord(t)).map(wordOf);
  }

  /** Ends the utterance without asking what it was. */
  cancel(): void {
    this.#decoder.stop();
  }

  delete(): void {
    this.#decoder.delete();
  }

  #learn(name: string, forms: readonly (readonly string[])[], guessed: string[]): void {
    if (this.#knows(name)) return;
    forms.forEach((form, i) => {
      const phones = form.map((word) => this.#pronunciation(word, guessed)).join(' ');
      // The dictionary's way to write another pronunciation of the same word is a number behind it.
      this.#decoder.add_words([i === 0 ? name : `${name}(${i + 1})`, phones]);
      this.#addedWords++;
    });
  }

  #pronunciation(word: string, guessed: string[]): string {
    const known: string | null = this.#decoder.lookup_word(word);
    if (known !== null) return known;
    guessed.push(word);
    return guessPronunciation(word);
  }

  #knows(name: string): boolean {
    // The library's types promise a string; for a word it does not know it returns null.
    const phones: string | null = this.#decoder.lookup_word(name);
    return phones !== null;
  }
}

/** Fillers come as `<sil>`, `[NOISE]` and `(NULL)`. */
function isWord(text: string): boolean {
  return text !== '' && !/^[<[(+]/.test(text);
}

/** `read(2)` is a pronunciation of `read`. */
function tokenOf(name: string): string {
  return tokenOfName(name.replace(/\(\d+\)$/, ''));
}

function wordOf({ t, b, d, p }: Segment): RecognizedWord {
  return {
    text: tokenOf(t),
    startMs: Math.round(b * 1_000),
    endMs: Math.round((b + d) * 1_000),
    confidence: Math.min(1, Math.max(0, p)),
  };
}
