import { SpeechError } from '../../../media/speech/errors.js';
import type { AudioClip } from '../../../media/speech/audio-clip.js';
import type {
  ListenHandle,
  ListenListener,
  ListenOutcome,
  ListenRequest,
  MediaHost,
  MediaStream,
  PlayHandle,
  PlayListener,
  StreamOptions,
  StreamStats,
  StreamUpdate,
} from '../../../media/worker/media-host.js';

export const noStats: StreamStats = {
  packetsSent: 0,
  octetsSent: 0,
  packetsReceived: 0,
  lost: 0,
  late: 0,
  duplicates: 0,
  malformed: 0,
  strangers: 0,
  underruns: 0,
  jitterMs: 0,
};

/** One prompt that was given to a `FakeStream`; the test says when it starts and ends. */
export class FakePlay implements PlayHandle {
  /** What was asked of the handle, in order: `append 160`, `finish`, `finish failed`, `pause`, `resume`, `stop`. */
  readonly calls: string[] = [];

  constructor(
    /** Null for a prompt that is fed through `append`. */
    readonly clip: AudioClip | null,
    readonly listener: PlayListener,
  ) {}

  append(bytes: Uint8Array<SharedArrayBuffer>): void {
    this.calls.push(`append ${bytes.length}`);
  }

  finish(ok: boolean): void {
    this.calls.push(ok ? 'finish' : 'finish failed');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  stop(): void {
    this.calls.push('stop');
  }
}

/** One listen that a `FakeStream` was asked for; the test completes it through `listener`. */
export class FakeListen implements ListenHandle {
  stopped = false;
  timersStarted: boolean;

  constructor(
    readonly request: ListenRequest,
    readonly listener: ListenListener,
  ) {
    this.timersStarted = request.startInputTimers;
  }

  startInputTimers(): void {
    this.timersStarted = true;
  }

  stop(): void {
    this.stopped = true;
  }
}

/** An RTP session that moves no packet. */
export class FakeStream implements MediaStream {
  readonly plays: FakePlay[] = [];
  readonly listens: FakeListen[] = [];
  readonly updates: StreamUpdate[] = [];
  readonly dtmf: string[] = [];
  closes = 0;

  constructor(
    readonly id = 1,
    readonly localPort = 30_000,
    readonly options: StreamOptions | null = null,
  ) {}

  get lastPlay(): FakePlay {
    return last(this.plays, 'play');
  }

  get lastListen(): FakeListen {
    return last(this.listens, 'listen');
  }

  update(change: StreamUpdate): void {
    this.updates.push(change);
  }

  play(prompt: AudioClip | null, listener: PlayListener): PlayHandle {
    const play = new FakePlay(prompt, listener);
    this.plays.push(play);
    return play;
  }

  listen(request: ListenRequest, listener: ListenListener): ListenHandle {
    const listen = new FakeListen(request, listener);
    this.listens.push(listen);
    return listen;
  }

  sendDtmf(digits: string): void {
    this.dtmf.push(digits);
  }

  close(): Promise<StreamStats> {
    this.closes++;
    return Promise.resolve(noStats);
  }
}

/** A media host whose ports are numbers; opening can be held back, as binding a port takes time. */
export class FakeHost implements MediaHost {
  readonly streams: FakeStream[] = [];
  /** How many streams may still be opened. */
  portsLeft = Infinity;
  readonly #losses: ((reason: string) => void)[] = [];
  #held: (() => void)[] | null = null;

  get openStreams(): number {
    return this.streams.filter((stream) => stream.closes === 0).length;
  }

  /** Streams asked for from now on open at `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const open of held) open();
  }

  /** The worker of the stream with this index died. */
  lose(index: number, reason: string): void {
    this.#losses[index]?.(reason);
  }

  openStream(options: StreamOptions, onClosed: (reason: string) => void): Promise<MediaStream> {
    if (this.portsLeft <= 0) return Promise.reject(new SpeechError('capacity', 'no RTP port is free'));
    this.portsLeft--;
    const id = this.streams.length;
    const stream = new FakeStream(id, 30_000 + 2 * id, options);
    this.streams.push(stream);
    this.#losses.push(onClosed);
    const held = this.#held;
    if (!held) return Promise.resolve(stream);
    return new Promise((resolve) => held.push(() => resolve(stream)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const nothingHeard: ListenOutcome = {
  cause: 'no-match',
  mode: null,
  result: { alternatives: [] },
  digits: '',
  error: null,
  inputStartedAtMs: null,
  endpointAtMs: null,
  resultAtMs: 0,
};

/** A listen's end, told by what differs from a no-match without input. */
export function outcome(more: Partial<ListenOutcome> = {}): ListenOutcome {
  return { ...nothingHeard, ...more };
}

/** Speech that was recognised as `texts`, best first. */
export function heard(text: string, confidence = 0.9, ...others: readonly string[]): ListenOutcome {
  const alternatives = [
    { text, confidence, words: [] },
    ...others.map((other) => ({ text: other, confidence: confidence / 2, words: [] })),
  ];
  return outcome({ cause: 'success', mode: 'speech', result: { alternatives } });
}

/** Keys that were pressed. */
export function pressed(digits: string): ListenOutcome {
  return outcome({ cause: 'success', mode: 'dtmf', digits });
}

function last<T>(items: readonly T[], what: string): T {
  const item = items.at(-1);
  if (item === undefined) throw new Error(`there was no ${what}`);
  return item;
}
