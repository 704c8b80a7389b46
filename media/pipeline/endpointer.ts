/** The timers of one recognition, in milliseconds of audio (RFC 6787 9.4.6, 9.4.7, 9.4.15, 9.4.16). */
export interface EndpointerTimeouts {
  /** 0 switches it off. */
  readonly noInputMs: number;
  /** 0 switches it off. */
  readonly recognitionMs: number;
  readonly speechCompleteMs: number;
  readonly speechIncompleteMs: number;
}

export type EndpointerEvent = 'speech-start' | 'speech-end' | 'no-input' | 'recognition-timeout';

/** Speech that lasts this long is speech and not a click. */
export const defaultOnsetMs = 60;
/** Speech within a pause must last this long to end the pause. */
const resumeMs = 40;
/** Silence shorter than this lies within words (closures of plosives): no timeout can be shorter. */
const minPauseMs = 120;

/**
 * Finds where speech begins and ends in a row of voice-activity decisions.
 *
 * States: waiting -> speaking -> ended; waiting -> ended on no-input. Counts audio, not wall time, so a late thread
 * decides the same. Each event is given once and nothing follows the end.
 */
export class Endpointer {
  readonly #timeouts: EndpointerTimeouts;
  #state: 'waiting' | 'speaking' | 'ended' = 'waiting';
  #timersRunning: boolean;
  #waitedMs = 0;
  /** Leaky sum of speech while waiting: frames without speech take away what frames with it added. */
  #onsetMs = 0;
  #speechMs = 0;
  #pauseMs = 0;
  #resumedMs = 0;

  constructor(timeouts: EndpointerTimeouts, startInputTimers: boolean) {
    this.#timeouts = timeouts;
    this.#timersRunning = startInputTimers;
  }

  get state(): 'waiting' | 'speaking' | 'ended' {
    return this.#state;
  }

  /** Starts the no-input timer (RFC 6787 9.13); without effect when it runs. */
  startInputTimers(): void {
    this.#timersRunning = true;
  }

  /**
   * Takes the decision on the next `frameMs` of audio. `onsetMs` is how much speech counts as its start;
   * `matches` says whether what was recognised so far matches a grammar, which picks the silence that ends it.
   */
  frame(speech: boolean, frameMs: number, onsetMs: number, matches: boolean): EndpointerEvent | null {
    if (this.#state === 'waiting') return this.#wait(speech, frameMs, onsetMs);
    if (this.#state === 'speaking') return this.#speak(speech, frameMs, matches);
    return null;
  }

  #wait(speech: boolean, frameMs: number, onsetMs: number): EndpointerEvent | null {
    this.#onsetMs = speech ? this.#onsetMs + frameMs : Math.max(0, this.#onsetMs - frameMs);
    if (this.#onsetMs >= onsetMs) {
      this.#state = 'speaking';
      this.#speechMs = this.#onsetMs;
      this.#resumedMs = resumeMs;
      return 'speech-start';
    }
    if (!this.#timersRunning) return null;
    this.#waitedMs += frameMs;
    const { noInputMs } = this.#timeouts;
    // Speech that just begins is input, although it is not certain yet.
    if (noInputMs === 0 || this.#waitedMs < noInputMs || this.#onsetMs > 0) return null;
    this.#state = 'ended';
    return 'no-input';
  }

  #speak(speech: boolean, frameMs: number, matches: boolean): EndpointerEvent | null {
    this.#speechMs += frameMs;
    this.#measurePause(speech, frameMs);
    const { speechCompleteMs, speechIncompleteMs, recognitionMs } = this.#timeouts;
    if (this.#pauseMs >= Math.max(minPauseMs, matches ? speechCompleteMs : speechIncompleteMs)) {
      this.#state = 'ended';
      return 'speech-end';
    }
    if (recognitionMs === 0 || this.#speechMs < recognitionMs) return null;
    this.#state = 'ended';
    return 'recognition-timeout';
  }
  /** Speech in a pause ends it after `resumeMs`; a shorter noise is counted into the pause. */
  #measurePause(speech: boolean, frameMs: number): void {
    if (speech) {
      this.#resumedMs += frameMs;
      if (this.#resumedMs >= resumeMs) this.#pauseMs = 0;
      return;
    }
    this.#pauseMs += frameMs + (this.#resumedMs < resumeMs ? this.#resumedMs : 0);
    this.#resumedMs = 0;
  }
}
