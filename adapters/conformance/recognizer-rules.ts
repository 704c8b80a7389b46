import type { SpeechError } from '../../media/speech/errors.js';
import type {
  RecognitionResult,
  RecognizeHandle,
  RecognizeRequest,
  Recognizer,
  RecognizerListener,
} from '../../media/speech/recognizer.js';
import { waitFor, type Rule, type TimeKeeper } from './rule.js';

/** A recogniser under test and what it is to be tried with. */
export interface RecognizerFixture extends TimeKeeper {
  readonly recognizer: Recognizer;
  readonly request: RecognizeRequest;
  /** Speech at the request's rate, in which `request` finds `expected`. */
  readonly speech: Int16Array;
  readonly expected: string;
  /** A request it has to refuse as `unsupported` (another language). */
  readonly unsupported: RecognizeRequest;
  /** How many recognitions it takes at the same time; null when there is no bound to reach. */
  readonly capacity: number | null;
  /** How many more it lets wait for a place, as its options say; 0 when it refuses them at once. */
  readonly queue: number;
  close(): Promise<void>;
}

/** Everything one recognition said. */
class Heard implements RecognizerListener {
  readonly partials: string[] = [];
  readonly finals: RecognitionResult[] = [];
  readonly errors: SpeechError[] = [];
  /** True while `recognize` runs: a call-back then is a breach. */
  inside = true;
  calledInside = false;
  calledAfterEnd = false;

  onPartial(text: string): void {
    this.#note();
    this.partials.push(text);
  }

  onFinal(result: RecognitionResult): void {
    this.#note();
    this.finals.push(result);
  }

  onError(error: SpeechError): void {
    this.#note();
    this.errors.push(error);
  }

  onWarning(): void {
    this.#note();
  }

  get endings(): number {
    return this.finals.length + this.errors.length;
  }

  get calls(): number {
    return this.endings + this.partials.length;
  }

  get text(): string {
    return this.finals[0]?.alternatives[0]?.text ?? '';
  }

  #note(): void {
    this.calledInside ||= this.inside;
    this.calledAfterEnd ||= this.endings > 0;
  }
}

interface Attempt {
  readonly heard: Heard;
  readonly handle: RecognizeHandle;
  readonly abort: AbortController;
}

function begin(
  fixture: RecognizerFixture,
  request = fixture.request,
  abort = new AbortController(),
): Attempt {
  const heard = new Heard();
  const handle = fixture.recognizer.recognize(request, heard, abort.signal);
  heard.inside = false;
  return { heard, handle, abort };
}

/** Feeds the speech as a stream does: frames of 20 ms in one buffer that is overwritten after each call. */
function feed(fixture: RecognizerFixture, handle: RecognizeHandle, part = 1): void {
  const { speech, request } = fixture;
  const frameSamples = request.sampleRateHz / 50;
  const buffer = new Int16Array(frameSamples);
  const end = Math.floor(speech.length * part);
  for (let offset = 0; offset < end; offset += frameSamples) {
    const samples = buffer.subarray(0, Math.min(frameSamples, end - offset));
    samples.set(speech.subarray(offset, offset + samples.length));
    handle.writeFrame({ samples, sampleRateHz: request.sampleRateHz, timestamp: offset });
    buffer.fill(12_345);
  }
}

const ended = (fixture: RecognizerFixture, ...attempts: Attempt[]): Promise<boolean> =>
  waitFor(fixture, () => attempts.every(({ heard }) => heard.endings > 0));

/** Each breach as a sentence: `[what must hold, whether it holds]`. */
function breaches(...claims: readonly (readonly [string, boolean])[]): readonly string[] {
  return claims.filter(([, holds]) => !holds).map(([claim]) => claim);
}

async function recognizesSpeech(fixture: RecognizerFixture): Promise<readonly string[]> {
  const attempt = begin(fixture);
  feed(fixture, attempt.handle);
  attempt.handle.stop();
  await ended(fixture, attempt);
  await fixture.wait(fixture.quietMs);
  const { heard } = attempt;
  const alternatives = heard.finals[0]?.alternatives ?? [];
  const shares = alternatives.flatMap(({ confidence, words }) => [
    confidence,
    ...words.map((w) => w.confidence),
  ]);
  const words = alternatives[0]?.words ?? [];
  return breaches(
    [`the text is "${fixture.expected}", not "${heard.text}"`, heard.text === fixture.expected],
    ['there is exactly one ending', heard.endings === 1],
    ['nothing follows the ending', !heard.calledAfterEnd],
    ['nothing is said from inside recognize', !heard.calledInside],
    ['there are at most nBest alternatives', alternatives.length <= fixture.request.nBest],
    ['confidences are 0 to 1', shares.every((share) => share >= 0 && share <= 1)],
    [
      'words are in order',
      words.every((w, i) => w.startMs <= w.endMs && w.startMs >= (words[i - 1]?.startMs ?? 0)),
    ],
    ['partials come only when asked for', fixture.request.interimResults || heard.partials.length === 0],
  );
}

/** Times `quietMs` that something may take which has to come in the end. */
const patience = 20;

async function givesPartials(fixture: RecognizerFixture): Promise<readonly string[]> {
  if (!fixture.recognizer.capabilities.interimResults) return [];
  const attempt = begin(fixture, { ...fixture.request, interimResults: true });
  feed(fixture, attempt.handle);
  // An engine on a busy machine takes its time.
  for (let waits = 0; waits < patience && attempt.heard.partials.length === 0; waits++)
    await fixture.wait(fixture.quietMs);
  const before = attempt.heard.partials.length;
  attempt.handle.stop();
  await ended(fixture, attempt);
  return breaches(
    ['partials come while speech goes on', before > 0],
    ['nothing follows the ending', !attempt.heard.calledAfterEnd],
    ['nothing is said from inside recognize', !attempt.heard.calledInside],
  );
}

async function stopIsIdempotent(fixture: RecognizerFixture): Promise<readonly string[]> {
  const attempt = begin(fixture);
  feed(fixture, attempt.handle);
  attempt.handle.stop();
  attempt.handle.stop();
  feed(fixture, attempt.handle, 0.2);
  await ended(fixture, attempt);
  attempt.handle.stop();
  feed(fixture, attempt.handle, 0.2);
  attempt.abort.abort();
  await fixture.wait(fixture.quietMs);
  return breaches(
    ['there is exactly one ending', attempt.heard.endings === 1],
    ['audio after stop is ignored', attempt.heard.text === fixture.expected],
  );
}

async function endsWithoutAudio(fixture: RecognizerFixture): Promise<readonly string[]> {
  const attempt = begin(fixture);
  attempt.handle.stop();
  await ended(fixture, attempt);
  await fixture.wait(fixture.quietMs);
  return breaches(
    ['there is exactly one ending', attempt.heard.endings === 1],
    ['nothing is said from inside recognize', !attempt.heard.calledInside],
  );
}

async function abortSilences(fixture: RecognizerFixture): Promise<readonly string[]> {
  const attempt = begin(fixture);
  feed(fixture, attempt.handle, 0.5);
  attempt.abort.abort();
  const before = attempt.heard.calls;
  feed(fixture, attempt.handle, 0.5);
  attempt.handle.stop();
  const stopped = begin(fixture);
  feed(fixture, stopped.handle);
  stopped.handle.stop();
  stopped.abort.abort();
  const late = begin(fixture, fixture.request, abortedController());
  feed(fixture, late.handle);
  late.handle.stop();
  await fixture.wait(fixture.quietMs);
  return breaches(
    ['nothing follows abort', attempt.heard.calls === before],
    ['nothing follows abort after stop', stopped.heard.endings === 0],
    ['a signal aborted beforehand is silent from the start', late.heard.calls === 0],
  );
}

function abortedController(): AbortController {
  const controller = new AbortController();
  controller.abort();
  return controller;
}

async function keepsConcurrentApart(fixture: RecognizerFixture): Promise<readonly string[]> {
  if (fixture.capacity !== null && fixture.capacity < 2) return [];
  const kept = begin(fixture);
  const aborted = begin(fixture);
  feed(fixture, aborted.handle, 0.3);
  feed(fixture, kept.handle);
  aborted.abort.abort();
  kept.handle.stop();
  await ended(fixture, kept);
  return breaches(
    ['the other one is not disturbed by an abort', kept.heard.text === fixture.expected],
    ['the aborted one is silent', aborted.heard.endings === 0],
  );
}

/** A recognition whose audio is complete. */
function beginComplete(fixture: RecognizerFixture): Attempt {
  const attempt = begin(fixture);
  feed(fixture, attempt.handle);
  attempt.handle.stop();
  return attempt;
}

async function refusesBeyondCapacity(fixture: RecognizerFixture): Promise<readonly string[]> {
  if (fixture.capacity === null) return [];
  const running = Array.from({ length: fixture.capacity }, () => begin(fixture));
  const waiting = Array.from({ length: fixture.queue }, () => beginComplete(fixture));
  const refused = begin(fixture);
  await ended(fixture, refused);
  await fixture.wait(fixture.quietMs);
  const waitedInSilence = waiting.every(({ heard }) => heard.calls === 0);
  const [first, ...others] = running;
  first?.abort.abort();
  await fixture.wait(fixture.quietMs);
  const next = beginComplete(fixture);
  await ended(fixture, ...waiting, next);
  const othersEnded = others.some(({ heard }) => heard.endings > 0);
  others.forEach(({ abort }) => abort.abort());
  return breaches(
    ['one too many is refused with capacity', refused.heard.errors[0]?.code === 'capacity'],
    ['capacity is retryable', refused.heard.errors[0]?.retryable === true],
    ['the refusal does not come from inside recognize', !refused.heard.calledInside],
    ['those that run are not disturbed', !othersEnded],
    ['those that wait do so until a place is free', waitedInSilence],
    ['and lose no audio by it', waiting.every(({ heard }) => heard.text === fixture.expected)],
    ['an aborted one gives its place back', next.heard.text === fixture.expected],
  );
}

async function refusesUnsupported(fixture: RecognizerFixture): Promise<readonly string[]> {
  const attempt = begin(fixture, fixture.unsupported);
  attempt.handle.stop();
  await ended(fixture, attempt);
  await fixture.wait(fixture.quietMs);
  return breaches(
    ['what it cannot do is refused as unsupported', attempt.heard.errors[0]?.code === 'unsupported'],
    ['there is exactly one ending', attempt.heard.endings === 1],
    ['the refusal does not come from inside recognize', !attempt.heard.calledInside],
  );
}

async function closes(fixture: RecognizerFixture): Promise<readonly string[]> {
  const running = begin(fixture);
  feed(fixture, running.handle, 0.3);
  await fixture.recognizer.close();
  const late = begin(fixture);
  late.handle.stop();
  running.handle.stop();
  await ended(fixture, running, late);
  await fixture.recognizer.close();
  await fixture.wait(fixture.quietMs);
  return breaches(
    [
      'what runs at close ends once, with an error',
      running.heard.errors.length === 1 && running.heard.endings === 1,
    ],
    ['a request after close is refused as unavailable', late.heard.errors[0]?.code === 'unavailable'],
    ['the refusal does not come from inside recognize', !late.heard.calledInside],
  );
}

/** Every rule that `media/speech/recognizer.ts` states. */
export const recognizerRules: readonly Rule<RecognizerFixture>[] = [
  { name: 'recognises speech and ends exactly once', check: recognizesSpeech },
  { name: 'gives partial results when asked and able', check: givesPartials },
  { name: 'takes stop twice and ignores audio after it', check: stopIsIdempotent },
  { name: 'ends without audio', check: endsWithoutAudio },
  { name: 'is silent after abort', check: abortSilences },
  { name: 'keeps concurrent recognitions apart', check: keepsConcurrentApart },
  { name: 'refuses one more than its capacity and queue', check: refusesBeyondCapacity },
  { name: 'refuses what it cannot do', check: refusesUnsupported },
  { name: 'ends what runs on close and refuses afterwards', check: closes },
];
