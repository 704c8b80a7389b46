import type { Writable } from 'node:stream';

import type { Clock } from '../../config/clock.js';
import type { Random } from '../../config/random.js';
import type { Grammar } from '../../media/speech/grammar/grammar.js';
import { phraseGrammar } from '../../media/speech/grammar/phrases.js';
import type { ListenOutcome, MediaHost, MediaStream, RtpCodec } from '../../media/worker/media-host.js';
import { createAudioOffer, readAudioAnswer } from '../sip/descriptions.js';
import { SipError } from '../sip/errors.js';
import { parseSdp, SdpError, serializeSdp, type SessionDescription } from '../sip/sdp.js';
import type { UserAgent } from '../sip/user-agent.js';
import type { SipResponse } from '../sip/message.js';
import type { SipSession } from '../sip/user-agent-api.js';
import type { Speaker } from '../session/prompt-speaker.js';

export interface CallOptions {
  /** `sip:user@host:port`. */
  readonly target: string;
  /** What the caller says, in order; `#12` presses keys. */
  readonly lines: readonly string[];
  readonly language: string;
  /** What the bot may say, so that the caller's recogniser can write it down; null shows only when it spoke. */
  readonly expected: Grammar | null;
  readonly localAddress: string;
  /** The call is ended after this. */
  readonly maxMs: number;
}

export interface CallDeps {
  readonly host: MediaHost;
  readonly userAgent: Pick<UserAgent, 'invite'>;
  readonly speaker: Speaker;
  readonly recognizer: string;
  readonly output: Writable;
  readonly clock: Clock;
  readonly random: Random;
}

/** Stands in where nothing is known of what the bot may say: its speech is timed, not written down. */
const anything = phraseGrammar('session:anything', ['hello'], 'en-US');

/** Silence that ends a turn of the bot: longer than the pauses between its sentences. */
const botTurnSilenceMs = 1_200;
/** How long the caller waits for the bot to say something. */
const botPatienceMs = 15_000;

/**
 * Places one call with a synthetic caller and prints the transcript; resolves with the exit code.
 *
 * 0: every line was said; 1: the call failed, was refused, or ended before the last line.
 */
export async function runCall(options: CallOptions, deps: CallDeps): Promise<number> {
  let caller: SyntheticCaller | null = null;
  const stream = await deps.host.openStream(
    {
      sessionId: 'caller',
      localAddress: options.localAddress,
      codec: null,
      remote: null,
      direction: 'sendrecv',
      continuous: true,
    },
    (reason) => caller?.fail(`media lost: ${reason}`),
  );
  try {
    caller = new SyntheticCaller(options, deps, stream);
    return await caller.run();
  } finally {
    await stream.close();
  }
}

/** One call: waits for the bot to finish, says the next line, and so on until one side hangs up. */
class SyntheticCaller {
  readonly #options: CallOptions;
  readonly #deps: CallDeps;
  readonly #stream: MediaStream;
  readonly #pending: string[];
  #codec: RtpCodec | null = null;
  #sip: SipSession | null = null;
  #answeredAtMs = 0;
  #spokeUntilMs = 0;
  /** What the bot has said of a turn that is not over; empty while it is silent. */
  #unfinished = '';
  #over = false;
  #resolve: (code: number) => void = () => undefined;

  constructor(options: CallOptions, deps: CallDeps, stream: MediaStream) {
    this.#options = options;
    this.#deps = deps;
    this.#stream = stream;
    this.#pending = [...options.lines];
  }

  async run(): Promise<number> {
    const { clock } = this.#deps;
    const ended = new Promise<number>((resolve) => {
      this.#resolve = resolve;
    });
    const deadline = clock.setTimer(
      () => this.fail(`no end after ${seconds(this.#options.maxMs)}`),
      this.#options.maxMs,
    );
    try {
      this.#invite();
      return await ended;
    } catch (err) {
      if (!(err instanceof SipError)) throw err;
      this.#print(err.message);
      return 1;
    } finally {
      deadline.cancel();
    }
  }

  /** Ends the call with exit code 1; nothing more happens when it is over already. */
  fail(what: string): void {
    if (this.#over) return;
    this.#print(what);
    this.#finish(1);
    this.#sip?.end();
  }

  #invite(): void {
    const { clock, random, userAgent } = this.#deps;
    const { target, localAddress } = this.#options;
    const offer = createAudioOffer({
      origin: { sessionId: String(random.integer(2 ** 40)), version: '1' },
      address: localAddress,
      port: this.#stream.localPort,
      encodings: ['PCMU', 'PCMA'],
      direction: 'sendrecv',
      ptimeMs: 20,
    });
    const startedAtMs = clock.nowMs();
    this.#print(`calling ${target}`);
    this.#sip = userAgent.invite(target, serializeSdp(offer), {
      onProvisional: (response) => this.#print(`  ${response.status} ${response.reason}`),
      onAnswered: (sdp) => {
        this.#answeredAtMs = clock.nowMs();
        this.#print(`  answered after ${seconds(this.#answeredAtMs - startedAtMs)}`);
        this.#answered(offer, sdp);
      },
      onRejected: (response) => this.#rejected(response),
      onConfirmed: () => undefined,
      onReinvite: () => ({ accept: false, status: 488 }),
      onEnded: (reason) => this.#ended(reason),
    });
  }

  #answered(offer: SessionDescription, sdp: string): void {
    if (this.#over) return;
    let answer: SessionDescription;
    try {
      answer = parseSdp(sdp);
    } catch (err) {
      if (!(err instanceof SdpError)) throw err;
      this.fail(`unusable answer: ${err.message}`);
      return;
    }
    const agreement = readAudioAnswer(offer, answer);
    if (!agreement.ok) {
      this.fail(`unusable answer: ${agreement.reason}`);
      return;
    }
    const { codec, remote, direction } = agreement;
    this.#codec = codec;
    this.#stream.update({ codec, remote, direction });
    this.#spokeUntilMs = this.#deps.clock.nowMs();
    this.#hear();
  }

  /** Waits for one turn of the bot. */
  #hear(): void {
    const expected = this.#options.expected ?? anything;
    this.#stream.listen(
      {
        recognizer: this.#deps.recognizer,
        recognition: {
          sessionId: 'caller',
          sampleRateHz: this.#codec?.clockRateHz ?? 8_000,
          language: expected.language,
          grammars: [expected],
          hints: [],
          interimResults: true,
          nBest: 1,
        },
        dtmf: null,
        noInputTimeoutMs: botPatienceMs,
        recognitionTimeoutMs: 60_000,
        speechCompleteTimeoutMs: botTurnSilenceMs,
        speechIncompleteTimeoutMs: botTurnSilenceMs,
        startInputTimers: true,
        bargeIn: 'none',
        bargeInMinSpeechMs: 0,
        confidenceThreshold: 0,
      },
      {
        onStartOfInput: () => {
          this.#unfinished = '(speech)';
        },
        onPartial: (text) => {
          if (this.#options.expected) this.#unfinished = text;
        },
        onWarning: () => undefined,
        onComplete: (outcome) => this.#heard(outcome),
      },
    );
  }

  #heard(outcome: ListenOutcome): void {
    if (this.#over) return;
    this.#unfinished = '';
    if (outcome.cause === 'no-input-timeout') {
      this.#print(`bot    (silent for ${seconds(botPatienceMs)})`);
    } else if (outcome.error) {
      this.#print(`bot    (not heard: ${outcome.error.message})`);
      // With nothing left to say, a recogniser that fails at once would be asked again without end.
      if (this.#pending.length === 0) return;
    } else {
      const text = this.#options.expected
        ? (outcome.result.alternatives[0]?.text ?? '(not understood)')
        : '(speech)';
      const startedAtMs = outcome.inputStartedAtMs ?? this.#spokeUntilMs;
      const endedAtMs = (outcome.endpointAtMs ?? outcome.resultAtMs) - botTurnSilenceMs;
      this.#print(
        `bot    ${text}   [after ${seconds(startedAtMs - this.#spokeUntilMs)}, ${seconds(endedAtMs - startedAtMs)} long]`,
      );
    }
    this.#sayNext();
  }

  #sayNext(): void {
    const line = this.#pending.shift();
    if (line === undefined) {
      this.#print('caller (has nothing more to say)');
      this.#hear();
      return;
    }
    this.#print(`caller ${line}`);
    if (line.startsWith('#')) {
      this.#stream.sendDtmf(line.slice(1));
      this.#spokeUntilMs = this.#deps.clock.nowMs();
      this.#hear();
      return;
    }
    const codec = this.#codec;
    if (!codec) return;
    const format = { encoding: codec.encoding, sampleRateHz: codec.clockRateHz };
    this.#deps.speaker.speak(
      this.#stream,
      format,
      { text: line, language: this.#options.language },
      {
        onStarted: () => undefined,
        onEnded: (_reason, _playedMs, error) => {
          if (this.#over) return;
          if (error) return this.fail(`the caller's voice failed: ${error.message}`);
          this.#spokeUntilMs = this.#deps.clock.nowMs();
          this.#hear();
        },
      },
    );
  }

  #ended(reason: string): void {
    if (this.#over) return;
    if (this.#unfinished !== '') this.#print(`bot    ${this.#unfinished}`);
    const who = reason === 'remote-bye' ? 'the bot hung up' : `call ended (${reason})`;
    this.#print(`${who} after ${seconds(this.#deps.clock.nowMs() - this.#answeredAtMs)}`);
    if (this.#pending.length > 0) this.#print(`not said: ${this.#pending.join(' | ')}`);
    this.#finish(reason === 'remote-bye' && this.#pending.length === 0 ? 0 : 1);
  }

  #rejected(response: SipResponse | null): void {
    if (this.#over) return;
    this.#print(response ? `refused: ${response.status} ${response.reason}` : 'no answer');
    this.#finish(1);
  }

  #finish(code: number): void {
    this.#over = true;
    this.#resolve(code);
  }

  #print(text: string): void {
    this.#deps.output.write(`${text}\n`);
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}
