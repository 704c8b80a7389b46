import type { Clock } from '../../config/clock.js';
import { mediaLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';
import { ListenOperation } from '../pipeline/listen-operation.js';
import { PromptPlayer } from '../pipeline/prompt-player.js';
import type { Prompt } from '../pipeline/prompt.js';
import type { TickHandle, Ticker } from '../pipeline/ticker.js';
import { TypeAhead } from '../pipeline/type-ahead.js';
import type { VadFactory, VoiceActivityDetector } from '../pipeline/vad.js';
import { receiveFrameMs, RtpReceiver, type ReceiverDelay } from '../rtp/rtp-receiver.js';
import { RtpSender } from '../rtp/rtp-sender.js';
import type { AudioClip } from '../speech/audio-clip.js';
import type { EngineTable } from './engine-table.js';
import type {
  ListenRequest,
  PlayListener,
  RemoteAddress,
  RtpCodec,
  StreamOptions,
  StreamStats,
  StreamUpdate,
} from './media-host.js';
import { checkStream } from './check-stream.js';
import type { PacketOutput } from './packet-transport.js';
import { toErrorData, type StreamCommand, type StreamEvent } from './protocol.js';

/** What all streams of a worker share. */
export interface StreamDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly ticker: Ticker;
  readonly vads: VadFactory;
  readonly engines: Pick<EngineTable, 'get'>;
  readonly jitterMs: number;
  readonly emit: (event: StreamEvent) => void;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

const frameDelay: ReceiverDelay = { maxMs: mediaLimits.frameBufferMs, keepAll: true };

/** A frame stream whose audio waited behind a stall reads at most so many frames more in one packet time. */
const catchUpFrames = 5;

function sameCodec(a: RtpCodec, b: RtpCodec): boolean {
  return (
    a.encoding === b.encoding &&
    a.payloadType === b.payloadType &&
    a.clockRateHz === b.clockRateHz &&
    a.ptimeMs === b.ptimeMs &&
    a.telephoneEventPayloadType === b.telephoneEventPayloadType
  );
}

/**
 * One RTP session on a worker: joins receiver, listen operation, prompt player and sender.
 *
 * A stream that neither listens nor has something to send holds no tick. The first packet of a prompt on an idle stream
 * leaves at once and sets the phase of those that follow.
 */
export class WorkerStream {
  readonly #id: number;
  readonly #sessionId: string;
  readonly #continuous: boolean;
  /** Null for a stream on a socket. */
  readonly #frames: StreamOptions['frames'] | null;
  readonly #deps: StreamDependencies;
  readonly #output: PacketOutput;
  readonly #player = new PromptPlayer();
  readonly #prompts = new Map<number, Prompt>();
  readonly #typeAhead = new TypeAhead();
  #direction: StreamOptions['direction'];
  #remote: RemoteAddress | null;
  #codec: RtpCodec | null = null;
  #sender: RtpSender | null = null;
  #receiver: RtpReceiver | null = null;
  #vad: VoiceActivityDetector | null = null;
  #vadRateHz = 0;
  #listen: { readonly id: number; readonly operation: ListenOperation } | null = null;
  #sendTick: TickHandle | null = null;
  #receiveTick: TickHandle | null = null;
  #closed = false;
  /** Of a frame stream: when it began to send, and how much it has sent since, in milliseconds. */
  #talkStartMs = 0;
  #talkMs = 0;

  constructor(id: number, options: StreamOptions, output: PacketOutput, deps: StreamDependencies) {
    this.#id = id;
    this.#sessionId = options.sessionId;
    this.#continuous = options.continuous;
    this.#frames = options.frames ?? null;
    this.#direction = options.direction;
    this.#remote = options.remote;
    this.#output = output;
    this.#deps = deps;
    if (options.codec) this.#setCodec(options.codec);
    this.#wakeSender();
  }

  get packetsSent(): number {
    return this.#sender?.packetsSent ?? 0;
  }

  get packetsReceived(): number {
    return this.#receiver?.counters.packetsReceived ?? 0;
  }

  /** Takes a datagram; `bytes` is not kept. */
  receive(bytes: Uint8Array, address: string, port: number): void {
    if (this.#closed || !this.#mayReceive()) return;
    this.#receiver?.receive(bytes, address, port, this.#deps.clock.nowMs());
    // The first packet may be what tells where to send (symmetric RTP).
    if (!this.#sendTick) this.#wakeSender();
  }

  /** Does what the main thread asks; commands for prompts or listens that ended meanwhile have no effect. */
  handle(command: StreamCommand): void {
    switch (command.type) {
      case 'update':
        return this.#update(command.change);
      case 'play':
        return this.#play(command.play, command.clip);
      case 'append':
        return this.#withPrompt(command.play, (prompt) => prompt.append(command.bytes, command.marks));
      case 'finish':
        return this.#withPrompt(command.play, (prompt) => prompt.finish(command.ok));
      case 'pause':
        return this.#withPrompt(command.play, (prompt) => void (prompt.paused = true));
      case 'resume':
        return this.#withPrompt(command.play, (prompt) => void (prompt.paused = false));
      case 'stop-play':
        return this.#withPrompt(command.play, (prompt) => this.#player.stop(prompt, 'stopped'));
      case 'listen':
        return this.#startListen(command.listen, command.options);
      case 'start-input-timers':
        if (this.#listen?.id === command.listen) this.#listen.operation.startInputTimers();
        return;
      case 'stop-listen':
        if (this.#listen?.id === command.listen) this.#endListen();
        return;
      case 'dtmf':
        return this.#sendDtmf(command.digits);
      case 'digit':
        return this.#hearDigit(command.digit);
    }
  }

  /** Ends prompts and listen, cancels its ticks and frees the detector; further calls only repeat the counters. */
  close(): StreamStats {
    if (!this.#closed) {
      this.#closed = true;
      this.#listen?.operation.cancel();
      this.#endListen();
      this.#player.stopAll('closed');
      this.#stopSendTick();
      this.#vad?.close();
      this.#vad = null;
    }
    return this.#stats();
  }

  #stats(): StreamStats {
    const counters = this.#receiver?.counters;
    return {
      packetsSent: this.#sender?.packetsSent ?? 0,
      octetsSent: this.#sender?.octetsSent ?? 0,
      packetsReceived: counters?.packetsReceived ?? 0,
      lost: counters?.lost ?? 0,
      late: counters?.late ?? 0,
      duplicates: counters?.duplicates ?? 0,
      malformed: counters?.malformed ?? 0,
      strangers: counters?.strangers ?? 0,
      underruns: counters?.underruns ?? 0,
      jitterMs: counters?.jitterMs ?? 0,
    };
  }

  #maySend(): boolean {
    return this.#direction === 'sendrecv' || this.#direction === 'sendonly';
  }

  #mayReceive(): boolean {
    return this.#direction === 'sendrecv' || this.#direction === 'recvonly';
  }

  #update(change: StreamUpdate): void {
    const problem = checkStream(change);
    if (problem !== null) {
      this.#deps.warn('media update ignored', { ...this.#names(), problem });
      return;
    }
    if (change.remote) {
      this.#remote = change.remote;
      this.#receiver?.signal(change.remote);
    }
    if (change.codec) this.#setCodec(change.codec);
    if (change.direction) this.#direction = change.direction;
    if (!this.#maySend()) {
      // On hold prompts stand still and go on where they were (RFC 3264 8.4).
      this.#stopSendTick();
      this.#sender?.interrupt();
    }
    this.#wakeSender();
  }

  #setCodec(codec: RtpCodec): void {
    // A re-INVITE repeats the codec more often than it changes it: nothing that runs may notice.
    if (this.#codec && sameCodec(this.#codec, codec)) return;
    const { clock, random, jitterMs } = this.#deps;
    const sameTick = this.#codec?.ptimeMs === codec.ptimeMs;
    this.#codec = codec;
    if (this.#sender) this.#sender.changeCodec(codec, clock.nowMs());
    else
      this.#sender = new RtpSender(
        codec,
        this.#continuous,
        this.#player.fill,
        (packet) => this.#sendPacket(packet),
        clock.nowMs(),
        random,
      );
    if (this.#receiver) this.#receiver.changeCodec(codec);
    else {
      const onDigit = (digit: string): void => this.#hearDigit(digit);
      this.#receiver = this.#frames
        ? new RtpReceiver(codec, this.#remote, jitterMs, onDigit, frameDelay)
        : new RtpReceiver(codec, this.#remote, jitterMs, onDigit);
      this.#receiver.listening = this.#listen !== null;
    }
    if (!sameTick) this.#stopSendTick();
  }

  #sendPacket(packet: Uint8Array): void {
    const remote = this.#receiver?.remote;
    if (remote) this.#output(packet, remote);
  }

  #play(id: number, clip: AudioClip | null): void {
    const codec = this.#codec;
    const listener = this.#playListener(id);
    if (!codec) {
      listener.onEnded('failed', 0);
      return;
    }
    const prompt = this.#player.play(clip, codec, listener);
    if (!prompt) return;
    this.#prompts.set(id, prompt);
    this.#wakeSender();
  }

  #playListener(play: number): PlayListener {
    const { emit } = this.#deps;
    const stream = this.#id;
    return {
      onStarted: (atMs) => emit({ type: 'play-started', stream, play, atMs }),
      onMark: (name) => emit({ type: 'play-mark', stream, play, name }),
      onEnded: (reason, playedMs) => {
        this.#prompts.delete(play);
        emit({ type: 'play-ended', stream, play, reason, playedMs });
      },
    };
  }

  #withPrompt(id: number, act: (prompt: Prompt) => void): void {
    const prompt = this.#prompts.get(id);
    if (!prompt) return;
    act(prompt);
    this.#wakeSender();
  }

  #sendDtmf(digits: string): void {
    const sender = this.#sender;
    if (!sender || this.#codec?.telephoneEventPayloadType === undefined) {
      this.#warn('cannot send DTMF: the far end did not offer telephone-event');
      return;
    }
    const room = mediaLimits.dtmfDigits - sender.queuedDigits;
    if (digits.length > room) this.#warn('too many DTMF digits queued, the rest is dropped');
    sender.sendDtmf(digits.slice(0, Math.max(0, room)));
    this.#wakeSender();
  }

  #warn(message: string): void {
    this.#deps.warn(message, this.#names());
  }

  #names(): Readonly<Record<string, unknown>> {
    return { sessionId: this.#sessionId, stream: this.#id };
  }

  /** Starts sending if there is something to send: on an idle stream the first packet leaves now. */
  #wakeSender(): void {
    const codec = this.#codec;
    if (this.#closed || this.#sendTick || !codec || !this.#sender) return;
    if (!this.#maySend() || !this.#receiver?.remote) return;
    if (this.#continuous) {
      this.#sendTick = this.#deps.ticker.every(codec.ptimeMs, this.#onSendTick);
      return;
    }
    if (!this.#player.ready && !this.#sender.sendingDtmf) return;
    const nowMs = this.#deps.clock.nowMs();
    this.#talkStartMs = nowMs;
    this.#talkMs = 0;
    this.#sendTick = this.#deps.ticker.every(codec.ptimeMs, this.#onSendTick, nowMs + codec.ptimeMs);
    this.#onSendTick(nowMs);
  }

  readonly #onSendTick = (nowMs: number): void => {
    const sent = this.#sender?.tick(nowMs) ?? false;
    this.#player.report(nowMs);
    if (!sent) this.#stopSendTick();
    else if (this.#frames) this.#sendAhead(this.#frames.leadMs, nowMs);
  };

  /** After a packet of a frame stream: more of them while the far end has less in hand than the lead. */
  #sendAhead(leadMs: number, nowMs: number): void {
    const codec = this.#codec;
    if (!codec) return;
    this.#talkMs += codec.ptimeMs;
    const dueMs = nowMs - this.#talkStartMs + codec.ptimeMs;
    while (this.#talkMs - dueMs < leadMs && this.#player.hasPacket(codec)) {
      this.#sender?.tick(nowMs);
      this.#player.report(nowMs);
      this.#talkMs += codec.ptimeMs;
    }
    // What the prompt could not give in time is past: it does not make the lead of the next one longer.
    this.#talkMs = Math.max(this.#talkMs, dueMs);
  }

  #stopSendTick(): void {
    this.#sendTick?.cancel();
    this.#sendTick = null;
  }

  #startListen(id: number, request: ListenRequest): void {
    this.#endListen();
    const { clock, engines, emit, ticker } = this.#deps;
    const stream = this.#id;
    const operation = new ListenOperation(
      request,
      {
        onStartOfInput: (mode) => emit({ type: 'start-of-input', stream, listen: id, mode }),
        onPartial: (text) => emit({ type: 'partial', stream, listen: id, text }),
        onWarning: (message, fields) => emit({ type: 'warning', stream, listen: id, message, fields }),
        onComplete: (outcome) => {
          const error = outcome.error && toErrorData(outcome.error);
          emit({ type: 'complete', stream, listen: id, outcome: { ...outcome, error } });
          if (this.#listen?.id === id) this.#endListen();
        },
      },
      {
        clock,
        isSpeech: (samples) => this.#detector().isSpeech(samples),
        recognizer: request.recognition ? engines.get(request.recognizer) : null,
        isPlaying: () => this.#player.playing,
        bargeIn: () => this.#player.stopAll('barge-in'),
      },
    );
    this.#listen = { id, operation };
    if (this.#receiver) this.#receiver.listening = true;
    this.#receiveTick = ticker.every(receiveFrameMs, this.#onReceiveTick);
    this.#replayDigits(operation, request.dtmf?.typeAheadMs ?? 0);
  }

  /** The detector lives as long as the stream: what it learnt of the background serves the next listen. */
  #detector(): VoiceActivityDetector {
    const rateHz = this.#codec?.clockRateHz ?? 8_000;
    if (this.#vad && this.#vadRateHz === rateHz) return this.#vad;
    this.#vad?.close();
    this.#vad = this.#deps.vads.create(rateHz);
    this.#vadRateHz = rateHz;
    return this.#vad;
  }

  readonly #onReceiveTick = (nowMs: number): void => {
    const operation = this.#listen?.operation;
    if (!operation) return;
    const receiver = this.#mayReceive() ? this.#receiver : null;
    if (!receiver) operation.poll(nowMs);
    else {
      operation.frame(receiver.readFrame(nowMs));
      if (this.#frames) this.#catchUp(operation, receiver, nowMs);
    }
  };

  /** Nobody hears this audio but the recogniser: behind a stall it may come faster than it was spoken. */
  #catchUp(operation: ListenOperation, receiver: RtpReceiver, nowMs: number): void {
    for (let i = 0; i < catchUpFrames && !operation.done && receiver.takeSurplus(); i++)
      operation.frame(receiver.readFrame(nowMs));
  }

  #hearDigit(digit: string): void {
    if (this.#listen) this.#listen.operation.digit(digit);
    else this.#typeAhead.push(digit, this.#deps.clock.nowMs());
  }

  /** Gives a listen the digits that were pressed before it, as many as it takes; the rest waits for the next one. */
  #replayDigits(operation: ListenOperation, typeAheadMs: number): void {
    this.#typeAhead.forgetBefore(typeAheadMs > 0 ? this.#deps.clock.nowMs() - typeAheadMs : Infinity);
    while (!operation.done) {
      const digit = this.#typeAhead.shift();
      if (digit === null) return;
      operation.digit(digit);
    }
  }

  #endListen(): void {
    const listen = this.#listen;
    this.#listen = null;
    listen?.operation.stop();
    if (this.#receiver) this.#receiver.listening = false;
    this.#receiveTick?.cancel();
    this.#receiveTick = null;
  }
}
