import type { SpeechError } from '../../media/speech/errors.js';
import type { SynthesisRequest, Synthesizer, SynthesizerListener } from '../../media/speech/synthesizer.js';
import { waitFor, type Rule, type TimeKeeper } from './rule.js';

/** A synthesizer under test and what it is to be tried with. */
export interface SynthesizerFixture extends TimeKeeper {
  readonly synthesizer: Synthesizer;
  readonly request: SynthesisRequest;
  /** Another text, that takes another time to say. */
  readonly otherText: string;
  /** A request it has to refuse as `unsupported` (another language, another voice). */
  readonly unsupported: SynthesisRequest;
  /** Whether the same request gives the same samples every time. */
  readonly deterministic: boolean;
  /** How many syntheses it takes at the same time, waiting ones included; null when there is no bound to reach. */
  readonly capacity: number | null;
  close(): Promise<void>;
}

/** Everything one synthesis said. */
class Spoken implements SynthesizerListener {
  readonly samples: number[] = [];
  readonly markOffsetsMs: number[] = [];
  readonly errors: SpeechError[] = [];
  ends = 0;
  calls = 0;
  inside = true;
  calledInside = false;
  calledAfterEnd = false;
  /** Called with the first audio, from inside the call-back. */
  onFirstAudio: (() => void) | null = null;

  onAudio(samples: Int16Array): void {
    this.#note();
    for (const sample of samples) this.samples.push(sample);
    const first = this.onFirstAudio;
    this.onFirstAudio = null;
    first?.();
  }

  onMark(_name: string, offsetMs: number): void {
    this.#note();
    this.markOffsetsMs.push(offsetMs);
  }

  onEnd(): void {
    this.#note();
    this.ends++;
  }

  onError(error: SpeechError): void {
    this.#note();
    this.errors.push(error);
  }

  get endings(): number {
    return this.ends + this.errors.length;
  }

  #note(): void {
    this.calls++;
    this.calledInside ||= this.inside;
    this.calledAfterEnd ||= this.endings > 0;
  }
}

interface Attempt {
  readonly spoken: Spoken;
  readonly abort: AbortController;
}

function begin(
  fixture: SynthesizerFixture,
  changes: Partial<SynthesisRequest> = {},
  abort = new AbortController(),
): Attempt {
  const spoken = new Spoken();
  fixture.synthesizer.speak({ ...fixture.request, ...changes }, spoken, abort.signal);
  spoken.inside = false;
  return { spoken, abort };
}

const ended = (fixture: SynthesizerFixture, ...attempts: Attempt[]): Promise<boolean> =>
  waitFor(fixture, () => attempts.every(({ spoken }) => spoken.endings > 0));

async function speak(fixture: SynthesizerFixture, changes: Partial<SynthesisRequest> = {}): Promise<Spoken> {
  const attempt = begin(fixture, changes);
  await ended(fixture, attempt);
  return attempt.spoken;
}

/** Each breach as a sentence: `[what must hold, whether it holds]`. */
function breaches(...claims: readonly (readonly [string, boolean])[]): readonly string[] {
  return claims.filter(([, holds]) => !holds).map(([claim]) => claim);
}

async function speaks(fixture: SynthesizerFixture): Promise<readonly string[]> {
  const spoken = await speak(fixture);
  await fixture.wait(fixture.quietMs);
  const again = await speak(fixture);
  return breaches(
    ['there is exactly one ending, onEnd', spoken.ends === 1 && spoken.errors.length === 0],
    ['there is audio', spoken.samples.some((sample) => sample !== 0)],
    ['nothing follows the ending', !spoken.calledAfterEnd],
    ['nothing is said from inside speak', !spoken.calledInside],
    ['marks are in order', spoken.markOffsetsMs.every((ms, i, all) => ms >= (all[i - 1] ?? 0))],
    ['the same request sounds the same', !fixture.deterministic || same(spoken.samples, again.samples)],
  );
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((sample, i) => sample === b[i]);
}

async function deliversItsRates(fixture: SynthesizerFixture): Promise<readonly string[]> {
  const found: string[] = [];
  const reference = await speak(fixture);
  const referenceMs = (reference.samples.length / fixture.request.sampleRateHz) * 1_000;
  for (const sampleRateHz of fixture.synthesizer.capabilities.sampleRatesHz) {
    const spoken = await speak(fixture, { sampleRateHz, voice: '' });
    const ms = (spoken.samples.length / sampleRateHz) * 1_000;
    // Half to double: another rate may mean another voice, but never the samples of a wrong rate times two.
    if (ms < referenceMs * 0.55 || ms > referenceMs * 1.8) found.push(`${sampleRateHz} Hz lasts ${ms} ms`);
  }
  return found;
}

async function followsSpeed(fixture: SynthesizerFixture): Promise<readonly string[]> {
  const slow = await speak(fixture, { speed: 0.7 });
  const fast = await speak(fixture, { speed: 1.6 });
  return breaches(
    ['all speeds end well', slow.ends === 1 && fast.ends === 1],
    ['a faster voice takes less time', fast.samples.length < slow.samples.length * 0.8],
  );
}

async function abortSilences(fixture: SynthesizerFixture): Promise<readonly string[]> {
  const beforehand = new AbortController();
  beforehand.abort();
  const never = begin(fixture, {}, beforehand);
  const atOnce = begin(fixture);
  atOnce.abort.abort();
  const midway = begin(fixture);
  let callsAtAbort = 0;
  midway.spoken.onFirstAudio = () => {
    midway.abort.abort();
    callsAtAbort = midway.spoken.calls;
  };
  await waitFor(fixture, () => callsAtAbort > 0);
  await fixture.wait(fixture.quietMs);
  const next = await speak(fixture);
  return breaches(
    ['a signal aborted beforehand is silent from the start', never.spoken.calls === 0],
    ['nothing follows abort', atOnce.spoken.calls === 0],
    ['nothing follows abort in the middle of a call-back', midway.spoken.calls === callsAtAbort],
    ['the next request is not disturbed', next.ends === 1],
  );
}

async function keepsConcurrentApart(fixture: SynthesizerFixture): Promise<readonly string[]> {
  const alone = await speak(fixture);
  const otherAlone = await speak(fixture, { text: fixture.otherText });
  const both = [begin(fixture), begin(fixture, { text: fixture.otherText }), begin(fixture)] as const;
  both[2].abort.abort();
  await ended(fixture, both[0], both[1]);
  const matches = (spoken: Spoken, reference: Spoken) =>
    spoken.ends === 1 && (!fixture.deterministic || same(spoken.samples, reference.samples));
  return breaches(
    ['the two texts last differently', alone.samples.length !== otherAlone.samples.length],
    ['the first sounds as it does alone', matches(both[0].spoken, alone)],
    ['the second sounds as it does alone', matches(both[1].spoken, otherAlone)],
  );
}

async function refusesBeyondCapacity(fixture: SynthesizerFixture): Promise<readonly string[]> {
  if (fixture.capacity === null) return [];
  const running = Array.from({ length: fixture.capacity }, () => begin(fixture));
  const refused = begin(fixture);
  await ended(fixture, refused);
  running.forEach(({ abort }) => abort.abort());
  await fixture.wait(fixture.quietMs);
  const next = await speak(fixture);
  return breaches(
    ['one too many is refused with capacity', refused.spoken.errors[0]?.code === 'capacity'],
    ['the refusal does not come from inside speak', !refused.spoken.calledInside],
    ['those that run are not refused', running.every(({ spoken }) => spoken.errors.length === 0)],
    ['aborted ones give their places back', next.ends === 1],
  );
}

async function refusesUnsupported(fixture: SynthesizerFixture): Promise<readonly string[]> {
  const attempt = begin(fixture, fixture.unsupported);
  const blank = begin(fixture, { text: ' ' });
  await ended(fixture, attempt, blank);
  await fixture.wait(fixture.quietMs);
  return breaches(
    ['what it cannot do is refused as unsupported', attempt.spoken.errors[0]?.code === 'unsupported'],
    ['blank text is refused as bad-input', blank.spoken.errors[0]?.code === 'bad-input'],
    ['there is exactly one ending', attempt.spoken.endings === 1 && blank.spoken.endings === 1],
    [
      'the refusal does not come from inside speak',
      !attempt.spoken.calledInside && !blank.spoken.calledInside,
    ],
  );
}

async function takesAnyText(fixture: SynthesizerFixture): Promise<readonly string[]> {
  const texts = [
    '-h $(id) `id` ; rm -rf /',
    '--version',
    '<speak>5 < 6 & 7</speak>',
    'a\0b',
    '"quoted" \\ %s %n',
    '\ud800 x',
  ];
  const found: string[] = [];
  for (const text of texts) {
    const spoken = await speak(fixture, { text });
    if (spoken.ends !== 1 || spoken.samples.length === 0) found.push(`${JSON.stringify(text)} is not spoken`);
  }
  return found;
}

async function closes(fixture: SynthesizerFixture): Promise<readonly string[]> {
  const running = begin(fixture);
  await fixture.synthesizer.close();
  const late = begin(fixture);
  await ended(fixture, running, late);
  await fixture.synthesizer.close();
  await fixture.wait(fixture.quietMs);
  return breaches(
    ['what runs at close ends once', running.spoken.endings === 1],
    ['a request after close is refused as unavailable', late.spoken.errors[0]?.code === 'unavailable'],
    ['the refusal does not come from inside speak', !late.spoken.calledInside],
  );
}

/** Every rule that `media/speech/synthesizer.ts` states. */
export const synthesizerRules: readonly Rule<SynthesizerFixture>[] = [
  { name: 'speaks and ends exactly once', check: speaks },
  { name: 'delivers the rates it names', check: deliversItsRates },
  { name: 'follows speed', check: followsSpeed },
  { name: 'is silent after abort', check: abortSilences },
  { name: 'keeps concurrent syntheses apart', check: keepsConcurrentApart },
  { name: 'refuses one more than its capacity', check: refusesBeyondCapacity },
  { name: 'refuses what it cannot do', check: refusesUnsupported },
  { name: 'takes any text as text', check: takesAnyText },
  { name: 'ends what runs on close and refuses afterwards', check: closes },
];
