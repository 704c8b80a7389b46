import { FakeClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import type { SpeechError } from '../../../media/speech/errors.js';
import type {
  FrameHost,
  FrameListener,
  FrameStream,
  FrameStreamOptions,
} from '../../../media/worker/media-host.js';
import { FakeStream } from '../../session/testing/fake-media.js';
import { AudioSession, type AudioBotParts, type AudioSessionSettings } from '../audio-session.js';
import { AudioSocketStats } from '../audio-socket-stats.js';
import type { SessionEnding } from '../close-reasons.js';
import type { AudioProtocol, Outgoing } from '../protocol.js';
import type { SocketPeer } from '../socket-peer.js';

/** A frame stream that keeps what it is given; the test plays the worker. */
export class FakeFrameStream extends FakeStream implements FrameStream {
  readonly audio: { readonly octets: number[]; readonly timestampMs: number | null }[] = [];
  readonly digits: string[] = [];
  accepts = true;

  constructor(
    readonly frameOptions: FrameStreamOptions,
    readonly listener: FrameListener,
  ) {
    super();
  }

  pushAudio(octets: Uint8Array, start: number, end: number, timestampMs: number | null): boolean {
    this.audio.push({ octets: [...octets.subarray(start, end)], timestampMs });
    return this.accepts;
  }

  pushDigit(digit: string): void {
    this.digits.push(digit);
  }
}

export class FakeFrameHost implements FrameHost {
  readonly streams: FakeFrameStream[] = [];
  refusal: SpeechError | null = null;

  get openFrameStreams(): number {
    return this.streams.filter(({ closes }) => closes === 0).length;
  }

  get last(): FakeFrameStream {
    const stream = this.streams.at(-1);
    if (!stream) throw new Error('no stream was opened');
    return stream;
  }

  openFrames(options: FrameStreamOptions, listener: FrameListener): Promise<FrameStream> {
    if (this.refusal) return Promise.reject(this.refusal);
    const stream = new FakeFrameStream(options, listener);
    this.streams.push(stream);
    return Promise.resolve(stream);
  }
}

/** The other end of a socket as a session sees it. */
export class FakePeer implements SocketPeer {
  bufferedBytes = 0;
  readonly sent: Outgoing[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  terminated = false;

  send(data: Outgoing): void {
    this.sent.push(data);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  terminate(): void {
    this.terminated = true;
  }

  get texts(): string[] {
    return this.sent.filter((data) => typeof data === 'string');
  }
}

export const settings: AudioSessionSettings = {
  leadMs: 100,
  markMs: 1_000,
  aheadMs: 2_000,
  startMs: 10_000,
  idleMs: 5_000,
  bufferedBytes: 10_000,
};

/** A session with everything around it made by hand. */
export function sessionFixture(protocol: AudioProtocol) {
  const clock = new FakeClock(1_000);
  const peer = new FakePeer();
  const host = new FakeFrameHost();
  const stats = new AudioSocketStats();
  const logger = new MemoryLogger();
  const bots: { parts: AudioBotParts; variables: Readonly<Record<string, string>> | null; closes: number }[] =
    [];
  const ends: SessionEnding[] = [];
  const session = new AudioSession({
    sessionId: 's1',
    peer,
    protocol,
    host,
    settings,
    clock,
    logger,
    stats,
    createBot: (parts) => {
      const entry: (typeof bots)[number] = { parts, variables: null, closes: 0 };
      bots.push(entry);
      return {
        start: (variables) => void (entry.variables = variables),
        codecChanged: () => undefined,
        close: () => void entry.closes++,
      };
    },
    onClosed: (ending) => ends.push(ending),
  });
  return { session, clock, peer, host, stats, logger, bots, ends };
}

/** Lets promises that are due run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
