import type { Clock } from '../../config/clock.js';
import { mediaLimits } from '../../config/limits.js';
import { SpeechError } from '../speech/errors.js';
import type {
  RecognitionAlternative,
  RecognitionCause,
  RecognitionResult,
  Recognizer,
} from '../speech/recognizer.js';
import type { ListenListener, ListenOutcome, ListenRequest } from '../worker/media-host.js';
import type { AudioFrame } from './audio.js';
import { DtmfCollector, type DtmfDecision } from './dtmf-collector.js';
import { defaultOnsetMs, Endpointer } from './endpointer.js';
import type { RulesGrammar } from '../speech/grammar/phrases.js';
import { matchGrammar, tokenize } from '../speech/grammar/match.js';
import { RecognizerFeed } from './recognizer-feed.js';

/** What one listen needs of its stream. */
export interface ListenDependencies {
  readonly clock: Clock;
  /** The decision on 10 to 30 ms of audio, asked for every frame until speech has ended. */
  readonly isSpeech: (samples: Int16Array) => boolean;
  /** The engine that the request names, or why it cannot be had; null when no recognition was asked for. */
  readonly recognizer: Recognizer | SpeechError | null;
  /** Whether a prompt is being heard now. */
  readonly isPlaying: () => boolean;
  /** Stops all prompts of the stream. */
  readonly bargeIn: () => void;
}

const emptyResult: RecognitionResult = { alternatives: [] };

/**
 * One LISTEN: watches a stream's frames and digits until there is a result, silence, or an error.
 *
 * States: waiting -> speech -> finishing -> done; waiting or speech -> digits -> done; any -> done. In `finishing` the
 * recogniser owes its final result. Driven by `frame` every 20 ms, which also is its only clock-work: it holds no timer.
 */
export class ListenOperation {
  readonly #request: ListenRequest;
  readonly #listener: ListenListener;
  readonly #deps: ListenDependencies;
  readonly #endpointer: Endpointer;
  readonly #collector: DtmfCollector | null;
  readonly #feed: RecognizerFeed | null;
  readonly #voiceGrammars: readonly RulesGrammar[];
  readonly #freeSpeech: boolean;
  #state: 'waiting' | 'speech' | 'finishing' | 'digits' | 'done' = 'waiting';
  #partialMatches = false;
  #timedOut = false;
  #inputStartedAtMs: number | null = null;
  #endpointAtMs: number | null = null;

  constructor(request: ListenRequest, listener: ListenListener, deps: ListenDependencies) {
    this.#request = request;
    this.#listener = listener;
    this.#deps = deps;
    this.#endpointer = new Endpointer(
      {
        noInputMs: request.noInputTimeoutMs,
        recognitionMs: request.recognitionTimeoutMs,
        speechCompleteMs: request.speechCompleteTimeoutMs,
        speechIncompleteMs: request.speechIncompleteTimeoutMs,
      },
      request.startInputTimers,
    );
    this.#collector = request.dtmf ? new DtmfCollector(request.dtmf) : null;
    const grammars = (request.recognition?.grammars ?? []).filter((grammar) => grammar.mode === 'voice');
    this.#voiceGrammars = grammars.filter((grammar) => grammar.kind === 'rules');
    this.#freeSpeech = grammars.length === 0 || grammars.some((grammar) => grammar.kind === 'transcribe');
    this.#feed = this.#createFeed();
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  startInputTimers(): void {
    this.#endpointer.startInputTimers();
  }

  /** Ends it with no outcome; idempotent. */
  stop(): void {
    this.#close();
  }

  /** Ends it with an outcome that is not the caller's doing (the stream closed); idempotent. */
  cancel(): void {
    if (!this.done) this.#complete('cancelled', null, emptyResult, null);
  }

  /** Takes the next frame of the stream: 10 to 30 ms. */
  frame(frame: AudioFrame): void {
    const nowMs = this.#deps.clock.nowMs();
    if (this.#deps.recognizer instanceof SpeechError) {
      if (!this.done) this.#fail(this.#deps.recognizer);
      return;
    }
    if (this.#state === 'waiting' || this.#state === 'speech') this.#hear(frame, nowMs);
    else this.poll(nowMs);
  }

  /** Tells the time when no frames come (the stream is on hold): for timers that do not count audio. */
  poll(nowMs: number): void {
    if (this.#state === 'digits') this.#decideDigits(this.#collector?.poll(nowMs) ?? null);
    const waitedMs = nowMs - (this.#endpointAtMs ?? nowMs);
    if (this.#state === 'finishing' && waitedMs >= mediaLimits.recognizerResultMs)
      this.#fail(
        new SpeechError('timeout', `recognizer gave no result within ${waitedMs} ms of the end of speech`),
      );
  }

  /** Takes a digit that the far end pressed. */
  digit(digit: string): void {
    if (this.done || this.#state === 'finishing') return;
    const { bargeIn } = this.#request;
    if (bargeIn === 'dtmf' || bargeIn === 'any') this.#deps.bargeIn();
    if (!this.#collector) return;
    const nowMs = this.#deps.clock.nowMs();
    if (this.#state !== 'digits') this.#startDigits(nowMs);
    this.#decideDigits(this.#collector.digit(digit, nowMs));
  }

  #createFeed(): RecognizerFeed | null {
    const { recognizer } = this.#deps;
    const { recognition } = this.#request;
    if (!recognition || !recognizer || recognizer instanceof SpeechError) return null;
    const sampleRateHz = heardRateHz(recognizer.capabilities.sampleRatesHz, recognition.sampleRateHz);
    return new RecognizerFeed(recognizer, { ...recognition, sampleRateHz }, mediaLimits.preRollMs, {
      onPartial: (text) => this.#hearPartial(text),
      onFinal: (result) => this.#takeResult(result),
      onError: (error) => {
        if (!this.done) this.#fail(error);
      },
      onWarning: (message, fields) => {
        if (!this.done) this.#listener.onWarning(message, fields);
      },
    });
  }

  #hear(frame: AudioFrame, nowMs: number): void {
    const frameMs = (frame.samples.length / frame.sampleRateHz) * 1_000;
    const speech = this.#feed !== null && this.#deps.isSpeech(frame.samples);
    if (this.#state === 'waiting') this.#feed?.hold(frame);
    else this.#feed?.write(frame);
    if (this.done) return;
    const onsetMs = this.#onsetMs();
    const event = this.#endpointer.frame(speech, frameMs, onsetMs, this.#matches());
    if (event === 'speech-start') this.#startSpeech(frame.sampleRateHz, nowMs - onsetMs);
    else if (event === 'no-input') this.#complete('no-input-timeout', null, emptyResult, null);
    else if (event !== null) this.#endSpeech(event === 'recognition-timeout', nowMs);
  }

  /** While a prompt could be barged in on, more is asked of speech, so that a cough does not cut it. */
  #onsetMs(): number {
    const { bargeIn, bargeInMinSpeechMs } = this.#request;
    const guarded = (bargeIn === 'speech' || bargeIn === 'any') && this.#deps.isPlaying();
    return guarded ? Math.max(defaultOnsetMs, bargeInMinSpeechMs) : defaultOnsetMs;
  }

  #matches(): boolean {
    return this.#freeSpeech || this.#partialMatches;
  }

  #startSpeech(sampleRateHz: number, startedAtMs: number): void {
    this.#state = 'speech';
    this.#inputStartedAtMs = startedAtMs;
    const { bargeIn } = this.#request;
    if (bargeIn === 'speech' || bargeIn === 'any') this.#deps.bargeIn();
    this.#listener.onStartOfInput('speech');
    this.#feed?.start(sampleRateHz);
  }

  #endSpeech(timedOut: boolean, nowMs: number): void {
    this.#state = 'finishing';
    this.#timedOut = timedOut;
    this.#endpointAtMs = nowMs;
    this.#feed?.stop();
  }

  #hearPartial(text: string): void {
    if (this.#state !== 'speech' && this.#state !== 'finishing') return;
    this.#partialMatches = this.#matchesVoice(text);
    if (this.#request.recognition?.interimResults) this.#listener.onPartial(text);
  }

  #matchesVoice(text: string): boolean {
    return this.#voiceGrammars.some(
      (grammar) => matchGrammar(grammar, tokenize(text, grammar.language)).outcome === 'match',
    );
  }

  #takeResult(result: RecognitionResult): void {
    if (this.#state !== 'speech' && this.#state !== 'finishing') return;
    // An engine may find the end of speech before we do.
    this.#endpointAtMs ??= this.#deps.clock.nowMs();
    const accepted = result.alternatives.filter((alternative) => this.#accepts(alternative));
    if (accepted.length > 0) {
      this.#complete(
        this.#timedOut ? 'success-maxtime' : 'success',
        'speech',
        { alternatives: accepted },
        null,
      );
      return;
    }
    // What was rejected stays in the result: callers show and log it, the cause says that it does not count.
    this.#complete(this.#timedOut ? 'no-match-maxtime' : 'no-match', 'speech', result, null);
  }

  #accepts({ text, confidence }: RecognitionAlternative): boolean {
    if (text.trim() === '' || confidence < this.#request.confidenceThreshold) return false;
    const { recognizer } = this.#deps;
    const checked = recognizer instanceof SpeechError || (recognizer?.capabilities.grammars ?? false);
    // An engine that transcribes freely hears more than the grammars allow (RFC 6787 9.4.11, no-match).
    return checked || this.#freeSpeech || this.#matchesVoice(text);
  }

  #startDigits(nowMs: number): void {
    this.#state = 'digits';
    // Keys win over speech: whoever types while talking means the keys.
    this.#feed?.abort();
    this.#inputStartedAtMs ??= nowMs;
    this.#listener.onStartOfInput('dtmf');
  }

  #decideDigits(decision: DtmfDecision | null): void {
    if (decision === null) return;
    this.#endpointAtMs = this.#deps.clock.nowMs();
    const digits = this.#collector?.digits ?? '';
    const alternatives = digits === '' ? [] : [{ text: digits, confidence: 1, words: [] }];
    this.#complete(decision === 'match' ? 'success' : 'no-match', 'dtmf', { alternatives }, null);
  }

  #fail(error: SpeechError): void {
    const mode = this.#state === 'waiting' ? null : 'speech';
    this.#complete('recognizer-error', mode, emptyResult, error);
  }

  #complete(
    cause: RecognitionCause,
    mode: ListenOutcome['mode'],
    result: RecognitionResult,
    error: SpeechError | null,
  ): void {
    this.#close();
    this.#listener.onComplete({
      cause,
      mode,
      result,
      digits: this.#collector?.digits ?? '',
      error,
      inputStartedAtMs: this.#inputStartedAtMs,
      endpointAtMs: this.#endpointAtMs,
      resultAtMs: this.#deps.clock.nowMs(),
    });
  }

  #close(): void {
    if (this.done) return;
    this.#state = 'done';
    this.#feed?.abort();
  }
}

/** The rate that an engine is fed at: the line's where it takes that, else the best it takes without inventing any. */
function heardRateHz(rates: readonly number[], lineRateHz: number): number {
  if (rates.length === 0 || rates.includes(lineRateHz)) return lineRateHz;
  const below = rates.filter((rate) => rate < lineRateHz);
  return below.length > 0 ? Math.max(...below) : Math.min(...rates);
}
