import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { ServerFixture } from './testing/server-fixture.js';

type Headers = Readonly<Record<string, string>>;

function pick<T>(random: SeededRandom, choices: readonly [T, ...T[]]): T {
  return choices[random.integer(choices.length)] ?? choices[0];
}

/** One session with a client and backends that do anything they may do, in any order, `steps` times. */
class RandomExchange {
  readonly #random: SeededRandom;
  readonly #fixture = new ServerFixture();
  readonly #opened = this.#fixture.openSession();
  readonly peer = this.#fixture.connect();

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#opened.synth.onSpeak = ({ listener }) => {
      if (this.#random.integer(10) === 0) listener.onComplete('error');
      else if (this.#random.integer(20) === 0) throw new Error('defect');
    };
    this.#opened.recog.onRecognize = ({ listener }) => {
      if (this.#random.integer(10) === 0) listener.onComplete({ cause: 'recognizer-error' });
    };
  }

  step(): void {
    switch (this.#random.integer(6)) {
      case 0:
      case 1:
        return this.#requestSynth();
      case 2:
      case 3:
        return this.#requestRecog();
      case 4:
        return this.#backendSpeaks();
      default:
        return this.#backendHears();
    }
  }

  /** Lets every backend finish whatever it still has; returns how many requests have not ended. */
  drain(): number {
    this.#opened.synth.onSpeak = () => undefined;
    this.#opened.recog.onRecognize = () => undefined;
    const { synth, recog } = this.#opened;
    for (let i = 0; i < synth.speaks.length; i++) synth.speaks[i]?.listener.onComplete('normal');
    for (let i = 0; i < recog.recognitions.length; i++)
      recog.recognitions[i]?.listener.onComplete({ cause: 'success', body: '<result/>' });
    return this.peer.openRequests;
  }

  close(): number {
    this.#opened.session.close();
    this.peer.connection.close('peer-closed');
    return this.#fixture.clock.pendingTimers;
  }

  #requestSynth(): void {
    const method = pick(this.#random, [
      'SPEAK',
      'SPEAK',
      'SPEAK',
      'STOP',
      'PAUSE',
      'RESUME',
      'BARGE-IN-OCCURRED',
      'FLY',
    ]);
    const kill = { 'Kill-On-Barge-In': pick(this.#random, ['true', 'false']) };
    if (method === 'SPEAK')
      this.#send(this.#opened.synthId, method, { 'Content-Type': 'text/plain', ...kill }, '你好');
    else this.#send(this.#opened.synthId, method, this.#selection(method));
  }

  #requestRecog(): void {
    const method = pick(this.#random, [
      'RECOGNIZE',
      'RECOGNIZE',
      'STOP',
      'START-INPUT-TIMERS',
      'GET-RESULT',
      'DEFINE-GRAMMAR',
    ]);
    const grammar = { 'Content-Type': 'application/srgs+xml', 'Content-ID': `g${this.#random.integer(3)}` };
    const body = pick(this.#random, ['<grammar/>', '<grammar/>', '<grammar/>', 'BROKEN', 'THROW']);
    const cancel = { 'Cancel-If-Queue': pick(this.#random, ['true', 'false', 'false']) };
    if (method === 'RECOGNIZE') this.#send(this.#opened.recogId, method, { ...grammar, ...cancel }, body);
    else if (method === 'DEFINE-GRAMMAR') this.#send(this.#opened.recogId, method, grammar, body);
    else this.#send(this.#opened.recogId, method, this.#selection(method));
  }

  #selection(method: string): Headers {
    if (method !== 'STOP' || this.#random.integer(2) === 0) return {};
    return { 'Active-Request-Id-List': `${1 + this.#random.integer(60)},${1 + this.#random.integer(60)}` };
  }

  #send(channelId: string, method: string, headers: Headers, body?: string): void {
    this.peer.request({ method, channelId, headers, ...(body !== undefined && { body }) });
  }

  /** Any SPEAK that was ever started may call back, also one that is long over. */
  #backendSpeaks(): void {
    const { speaks } = this.#opened.synth;
    const speak = speaks[speaks.length - 1 - this.#random.integer(Math.min(3, speaks.length || 1))];
    if (this.#random.integer(3) === 0) speak?.listener.onMark('m');
    else speak?.listener.onComplete(pick(this.#random, ['normal', 'error', 'parse-failure']));
  }

  #backendHears(): void {
    const { recognitions } = this.#opened.recog;
    const recognition =
      recognitions[recognitions.length - 1 - this.#random.integer(Math.min(3, recognitions.length || 1))];
    if (this.#random.integer(3) === 0) recognition?.listener.onStartOfInput('speech');
    else
      recognition?.listener.onComplete({
        cause: pick(this.#random, ['success', 'no-match', 'no-input-timeout']),
      });
  }
}

describe('random exchanges', () => {
  it('break no rule the strict client knows, and every accepted request ends exactly once (RFC 6787 5.3, 5.5, 6.2.3)', () => {
    let answered = 0;
    for (let seed = 0; seed < 150; seed++) {
      const exchange = new RandomExchange(seed);
      for (let i = 0; i < 80; i++) exchange.step();
      expect(exchange.drain(), `seed ${seed}`).toBe(0);
      answered += exchange.peer.take().length;
      expect(exchange.close(), `seed ${seed}`).toBe(0);
    }
    expect(answered).toBeGreaterThan(1_000);
  });
});
