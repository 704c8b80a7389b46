/** A place in the text, in UTF-16 code units from its start. */
export interface TextMark {
  readonly name: string;
  readonly textOffset: number;
}

export interface TextBreak {
  readonly textOffset: number;
  readonly durationMs: number;
}

const pausePattern = /[,，、;；:：.。!！?？…]$/;
const sentencePattern = /[.。!！?？…]$/;
/** A pause this long sounds like the end of a sentence. */
const sentenceBreakMs = 500;

/** Collects spoken text: white space collapsed, pauses written as punctuation, marks and breaks at their offsets. */
export class SpeechText {
  #text = '';
  readonly #marks: TextMark[] = [];
  readonly #breaks: TextBreak[] = [];

  get length(): number {
    return this.#text.length;
  }

  append(text: string): void {
    const collapsed = text.replace(/\s+/g, ' ');
    const joined = this.#text === '' || this.#text.endsWith(' ') ? collapsed.replace(/^ /, '') : collapsed;
    this.#text += joined;
  }

  mark(name: string): void {
    this.#marks.push({ name, textOffset: this.#text.length });
  }

  /** A pause of that length, written as a comma or a full stop for engines that know only text. */
  pause(durationMs: number, chinese: boolean): void {
    this.#punctuate(
      durationMs >= sentenceBreakMs ? sentencePattern : pausePattern,
      durationMs >= sentenceBreakMs,
      chinese,
    );
    this.#breaks.push({ textOffset: this.#text.length, durationMs });
  }

  /** The text so far is a sentence of its own. */
  endSentence(chinese: boolean): void {
    this.#punctuate(sentencePattern, true, chinese);
  }

  #punctuate(enough: RegExp, sentence: boolean, chinese: boolean): void {
    const trimmed = this.#text.trimEnd();
    if (trimmed === '') return;
    // A comma that turns out to end a sentence gives way to the full stop.
    if (enough.test(trimmed)) this.#text = trimmed;
    else
      this.#text =
        trimmed.replace(/[,，、;；:：]$/, '') + (sentence ? (chinese ? '。' : '.') : chinese ? '，' : ',');
    if (!chinese) this.#text += ' ';
  }

  finish(): { text: string; marks: readonly TextMark[]; breaks: readonly TextBreak[] } {
    const text = this.#text.trimEnd();
    const within = <T extends { textOffset: number }>(place: T): T => ({
      ...place,
      textOffset: Math.min(place.textOffset, text.length),
    });
    return { text, marks: this.#marks.map(within), breaks: this.#breaks.map(within) };
  }
}
