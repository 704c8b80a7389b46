import type { Clock, Timer } from '../../config/clock.js';
import { audioSocketLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { FrameHost, FrameStream, RtpCodec, StreamStats } from '../../media/worker/media-host.js';
import type { CallBot } from '../session/phone-call.js';
import type { BotCall } from '../session/voice-bot.js';
import type { AudioSocketStats } from './audio-socket-stats.js';
import { closeReasons, closeText, type CloseReason, type SessionEnding } from './close-reasons.js';
import { ConfirmedStream } from './confirmed-stream.js';
import { FlowGuard } from './flow-guard.js';
import type { AudioMessage, AudioProtocol, ClientMessage, Outgoing, StreamStart } from './protocol.js';
import type { SocketPeer, SocketPeerListener } from './socket-peer.js';

/** What the operator decided about these sessions, in milliseconds and octets. */
export interface AudioSessionSettings {
  readonly leadMs: number;
  readonly markMs: number;
  readonly aheadMs: number;
  readonly startMs: number;
  readonly idleMs: number;
  readonly bufferedBytes: number;
}

/** What a session's bot is made of. */
export interface AudioBotParts {
  readonly stream: ConfirmedStream;
  readonly codec: RtpCodec;
  readonly call: BotCall;
  readonly start: StreamStart;
  /** Tells the client what the bot says, where it wants to know. */
  onSaid(text: string): void;
}

export interface AudioSessionDeps {
  readonly sessionId: string;
  readonly peer: SocketPeer;
  readonly protocol: AudioProtocol;
  readonly host: FrameHost;
  readonly settings: AudioSessionSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stats: AudioSocketStats;
  createBot(parts: AudioBotParts): CallBot;
  /** Exactly once, after everything was released. */
  onClosed(ending: SessionEnding, stats: StreamStats | null): void;
}

/**
 * One voice conversation over a WebSocket: the protocol, a frame stream and the bot on it.
 *
 *     waiting -> opening -> talking -> closing -> closed      (any state -> closing)
 *
 * Whatever a client does wrong closes its own connection with a code and a reason, and nothing else.
 */
export class AudioSession implements BotCall, SocketPeerListener {
  readonly #deps: AudioSessionDeps;
  readonly #flow: FlowGuard;
  readonly #startedAtMs: number;
  #state: 'waiting' | 'opening' | 'talking' | 'closing' | 'closed' = 'waiting';
  #greeted = false;
  #stream: FrameStream | null = null;
  #confirmed: ConfirmedStream | null = null;
  #bot: CallBot | null = null;
  #audioAtMs = 0;
  /** Octets given to the peer, and those of them that had left when progress was last seen. */
  #sentBytes = 0;
  #leftBytes = 0;
  #progressAtMs = 0;
  #cut: Timer | null = null;
  #peerClosed = false;
  #released: { readonly ending: SessionEnding; readonly stats: StreamStats | null } | null = null;

  constructor(deps: AudioSessionDeps) {
    this.#deps = deps;
    this.#flow = new FlowGuard(deps.settings.aheadMs, deps.settings.idleMs);
    this.#startedAtMs = deps.clock.nowMs();
  }

  onText(text: string): void {
    if (this.#admits()) this.#take(this.#deps.protocol.readText(text));
  }

  onBinary(octets: Uint8Array): void {
    if (this.#admits()) this.#take(this.#deps.protocol.readBinary(octets));
  }

  onControl(): void {
    this.#admits();
  }

  onBroken(err: Error): void {
    this.#deps.logger.info('audio socket broken', { reason: err.message });
    this.#close('broken');
  }

  onClosed(): void {
    this.#peerClosed = true;
    this.#close('left');
    this.#finish();
  }

  /** Ends it from outside (drain, API); idempotent. */
  end(): void {
    this.#end('shutdown', '');
  }

  hangUp(reason: string): void {
    this.#end(reason === 'turn failed' ? 'internal' : 'ended', reason === 'turn failed' ? '' : reason);
  }

  transfer(): Promise<void> {
    return Promise.reject(new Error('an audio socket cannot be transferred'));
  }

  /** Looks at all deadlines; called about every `sweepMs`. */
  sweep(nowMs: number): void {
    const { settings } = this.#deps;
    if (this.#state === 'waiting' && nowMs - this.#startedAtMs >= settings.startMs) this.#end('no-start', '');
    if (this.#state === 'talking') {
      if (nowMs - this.#audioAtMs >= settings.idleMs) this.#end('idle', `for ${settings.idleMs / 1_000} s`);
      else this.#watchReader(nowMs);
    }
  }

  #watchReader(nowMs: number): void {
    const waiting = this.#deps.peer.bufferedBytes;
    const left = this.#sentBytes - waiting;
    if (waiting === 0 || left > this.#leftBytes) {
      this.#leftBytes = left;
      this.#progressAtMs = nowMs;
    } else if (nowMs - this.#progressAtMs >= audioSocketLimits.stalledMs)
      this.#end('slow', `nothing was read for ${audioSocketLimits.stalledMs / 1_000} s`);
  }

  /** False when nothing is taken any more, or when this message was one too many. */
  #admits(): boolean {
    if (this.#state === 'closing' || this.#state === 'closed') return false;
    if (this.#flow.message(this.#deps.clock.nowMs())) return true;
    this.#end('flood', `more than ${audioSocketLimits.messagesPerSecond} messages a second`);
    return false;
  }

  #take(message: ClientMessage): void {
    switch (message.type) {
      case 'audio':
        return this.#takeAudio(message);
      case 'hello':
        if (this.#greeted || this.#state !== 'waiting') this.#end('wrong-order', 'connected comes first');
        this.#greeted = true;
        return;
      case 'start':
        if (this.#state === 'waiting') this.#open(message.start);
        else this.#end('wrong-order', 'a second start');
        return;
      case 'digits':
        if (this.#started('dtmf')) for (const digit of message.digits) this.#stream?.pushDigit(digit);
        return;
      case 'mark':
        if (this.#started('mark')) this.#confirmed?.confirm(message.name);
        return;
      case 'stop':
        return this.#end('stopped', '');
      case 'ignored':
        return;
      case 'violation':
        return this.#end(message.reason, message.detail);
    }
  }

  /** Whether the start message came before this one. */
  #started(what: string): boolean {
    if (this.#state !== 'waiting') return true;
    this.#end('wrong-order', `${what} before start`);
    return false;
  }

  #takeAudio({ octets, start, end, timestampMs }: AudioMessage): void {
    if (!this.#started('audio')) return;
    const { clock, protocol, settings, stats } = this.#deps;
    const nowMs = clock.nowMs();
    const octetsPerMs = (protocol.sampleRateHz * (protocol.encoding === 'L16' ? 2 : 1)) / 1_000;
    this.#audioAtMs = nowMs;
    stats.framesIn++;
    if (!this.#flow.audio((end - start) / octetsPerMs, nowMs)) {
      this.#end('flood', `audio is more than ${settings.aheadMs} ms ahead`);
      return;
    }
    if (!this.#stream?.pushAudio(octets, start, end, timestampMs)) stats.framesDropped++;
  }

  #open(start: StreamStart): void {
    const { clock, host, logger, protocol, sessionId, settings } = this.#deps;
    this.#state = 'opening';
    this.#audioAtMs = clock.nowMs();
    logger.info('audio stream starts', {
      protocol: protocol.name,
      sampleRateHz: protocol.sampleRateHz,
      streamId: start.streamId,
      callId: start.callId,
      ignoredParameters: start.ignoredParameters,
      pii: { parameters: JSON.stringify(start.parameters) },
    });
    host
      .openFrames(
        {
          sessionId,
          encoding: protocol.encoding,
          sampleRateHz: protocol.sampleRateHz,
          leadMs: settings.leadMs,
        },
        {
          onFrame: (bytes, at) => this.#sendFrame(bytes, at),
          onClosed: (reason) => this.#end('media-lost', reason),
        },
      )
      .then((stream) => this.#opened(stream, start))
      .catch((err: unknown) => {
        logger.warn('audio stream could not be opened', { err });
        this.#end(err instanceof SpeechError && err.code === 'capacity' ? 'full' : 'internal', '');
      });
  }

  #opened(stream: FrameStream, start: StreamStart): void {
    const { clock, protocol, settings } = this.#deps;
    if (this.#state !== 'opening') {
      stream.close().catch((err: unknown) => this.#deps.logger.warn('stream did not close', { err }));
      return;
    }
    this.#state = 'talking';
    this.#progressAtMs = clock.nowMs();
    this.#stream = stream;
    this.#confirmed = new ConfirmedStream(stream, {
      clock,
      leadMs: settings.leadMs,
      markMs: settings.markMs,
      output: {
        mark: (name) => this.#send(protocol.mark(name)),
        clear: () => this.#send(protocol.clear()),
        transcript: (text, confidence) => this.#send(protocol.transcript(text, confidence)),
      },
    });
    this.#send(protocol.ready(this.#deps.sessionId));
    const codec: RtpCodec = {
      encoding: protocol.encoding,
      payloadType: 0,
      clockRateHz: protocol.sampleRateHz,
      ptimeMs: 20,
    };
    this.#bot = this.#deps.createBot({
      stream: this.#confirmed,
      codec,
      call: this,
      start,
      onSaid: (text) => this.#send(protocol.prompt(text)),
    });
    this.#bot.start({ caller: '', called: '', ...start.parameters });
  }

  #sendFrame(bytes: Uint8Array, start: number): void {
    if (this.#state !== 'talking') return;
    this.#deps.stats.framesOut++;
    this.#send(this.#deps.protocol.audio(bytes, start));
    if (this.#deps.peer.bufferedBytes > this.#deps.settings.bufferedBytes)
      this.#end('slow', `more than ${this.#deps.settings.bufferedBytes} octets are unread`);
  }

  #send(data: Outgoing | null): void {
    if (data === null || this.#state !== 'talking') return;
    this.#sentBytes += data.length;
    this.#deps.peer.send(data);
  }

  /** Closes the connection with a reason; idempotent. */
  #end(reason: CloseReason, detail: string): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const { clock, peer, protocol } = this.#deps;
    this.#send(protocol.stop(reason));
    this.#close(reason);
    peer.close(closeReasons[reason].code, closeText(reason, detail));
    // A peer that neither answers nor reads keeps no socket.
    this.#cut = clock.setTimer(() => peer.terminate(), audioSocketLimits.closeMs);
  }

  #close(ending: SessionEnding): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    this.#deps.stats.ended(ending);
    this.#bot?.close();
    const closing: Promise<StreamStats | null> = this.#confirmed?.close() ?? Promise.resolve(null);
    closing
      .catch((err: unknown) => {
        this.#deps.logger.warn('media did not close', { err });
        return null;
      })
      .then((stats) => {
        this.#released = { ending, stats };
        this.#finish();
      })
      .catch((err: unknown) => this.#deps.logger.error('audio session did not end cleanly', { err }));
    // ws closes a broken connection itself, after its own handshake.
    if (ending === 'broken')
      this.#cut = this.#deps.clock.setTimer(() => this.#deps.peer.terminate(), audioSocketLimits.closeMs);
  }

  /** The last step: media and socket are gone. */
  #finish(): void {
    if (!this.#released || !this.#peerClosed || this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cut?.cancel();
    const { ending, stats } = this.#released;
    this.#deps.stats.framesDropped += stats?.framesDropped ?? 0;
    this.#deps.logger.info('audio session closed', { ending, stream: stats });
    this.#deps.onClosed(ending, stats);
  }
}
