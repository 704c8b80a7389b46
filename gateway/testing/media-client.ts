import { once } from 'node:events';

import { WebSocket } from 'ws';

import { encodeG711 } from '../../media/codec/g711.js';

/** How a client streams: the JSON protocol, or raw samples at a rate. */
export type ClientMode =
  { readonly mode: 'media-streams' } | { readonly mode: 'l16'; readonly rateHz: number };

/** Something that the server sent, in order. */
export interface ReceivedEvent {
  readonly type: 'audio' | 'mark' | 'clear' | 'ready' | 'prompt' | 'transcript' | 'stop';
  readonly atMs: number;
  /** Playing time of audio. */
  readonly ms: number;
  /** Name of a mark, text of a prompt or transcript. */
  readonly text: string;
}

export interface MediaClientOptions {
  readonly port: number;
  readonly mode: ClientMode;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  /** False: marks are never echoed. */
  readonly echo?: boolean;
}

const frameMs = 20;

/**
 * A client of the audio socket that is as strict as a telephone network: it streams in real time without a pause, plays
 * what it gets at the pace of real time, echoes marks when it has played what came before them, and fails at whatever the
 * protocol does not allow.
 */
export class MediaClient {
  readonly received: ReceivedEvent[] = [];
  /** What broke the protocol on the server's side. */
  readonly faults: string[] = [];
  closeCode: number | null = null;
  closeReason = '';
  readonly #socket: WebSocket;
  readonly #options: MediaClientOptions;
  readonly #rateHz: number;
  readonly #streamSid = `MZ${Math.random().toString(16).slice(2)}`;
  #speech: Int16Array | null = null;
  #speechAt = 0;
  #frames = 0;
  #sequence = 0;
  #startedAtMs = 0;
  #pacer: NodeJS.Timeout | null = null;
  /** When the client will have played all that it got. */
  #playedUntilMs = 0;
  readonly #marks = new Map<string, NodeJS.Timeout>();
  readonly #waiters = new Set<() => void>();

  private constructor(socket: WebSocket, options: MediaClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#rateHz = options.mode.mode === 'l16' ? options.mode.rateHz : 8_000;
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('close', (code, reason) => this.#closed(code, reason.toString()));
    socket.on('error', () => undefined);
  }

  /** Connects and starts the stream; rejects with the HTTP status when the upgrade is refused. */
  static async open(options: MediaClientOptions): Promise<MediaClient> {
    const client = await MediaClient.connect(options);
    client.#begin();
    return client;
  }

  /** Connects without a word. */
  static async connect(options: MediaClientOptions): Promise<MediaClient> {
    const { mode, port, path = '/media', query = {}, headers = {} } = options;
    const asked = mode.mode === 'l16' ? { mode: 'l16', rate: String(mode.rateHz), events: 'true' } : {};
    const search = new URLSearchParams({ ...asked, ...query });
    const url = `ws://127.0.0.1:${port}${path}${search.size > 0 ? `?${search.toString()}` : ''}`;
    const socket = new WebSocket(url, { perMessageDeflate: false, headers });
    const client = new MediaClient(socket, options);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        reject(new Error(`refused: ${response.statusCode}`));
        response.resume();
        socket.terminate();
      });
    });
    return client;
  }

  /** Samples of speech at this client's rate, said from now on at the pace of real time. */
  say(samples: Int16Array): void {
    this.#speech = samples;
    this.#speechAt = 0;
  }

  get speaking(): boolean {
    return this.#speech !== null;
  }

  press(digits: string): void {
    if (this.#isJson)
      for (const digit of digits) this.#event('dtmf', { dtmf: { track: 'inbound_track', digit } });
    else this.sendRaw(JSON.stringify({ type: 'dtmf', digits }));
  }

  stop(): void {
    if (this.#isJson) this.#event('stop', { stop: { accountSid: 'AC1', callSid: 'CA1' } });
    else this.sendRaw('{"type":"stop"}');
  }

  sendRaw(data: string | Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  /** Stops reading. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Resolves with the first event that fits, from `from` on; rejects after `deadlineMs` or when the socket closes. */
  async waitFor(
    fits: (event: ReceivedEvent) => boolean,
    deadlineMs: number,
    from = 0,
  ): Promise<ReceivedEvent> {
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      const found = this.received.slice(from).find(fits);
      if (found) return found;
      if (this.closeCode !== null)
        throw new Error(`the server closed: ${this.closeCode} ${this.closeReason}`);
      if (performance.now() > endMs) throw new Error(`nothing of the kind within ${deadlineMs} ms`);
      await this.#next(endMs - performance.now());
    }
  }

  /** Resolves with the close code. */
  async closed(deadlineMs: number): Promise<number> {
    if (this.closeCode === null && this.#socket.readyState !== WebSocket.CLOSED)
      await Promise.race([
        once(this.#socket, 'close'),
        new Promise((_resolve, reject) =>
          setTimeout(() => reject(new Error(`still open after ${deadlineMs} ms`)), deadlineMs).unref(),
        ),
      ]);
    return this.closeCode ?? 0;
  }

  /** Longest wait between two audio frames of one prompt, with the lead at its start left out. */
  longestGapMs(from = 0): number {
    let longest = 0;
    let lastMs: number | null = null;
    for (const event of this.received.slice(from)) {
      if (event.type !== 'audio') lastMs = null;
      else {
        if (lastMs !== null) longest = Math.max(longest, event.atMs - lastMs);
        lastMs = event.atMs;
      }
    }
    return longest;
  }

  get #isJson(): boolean {
    return this.#options.mode.mode === 'media-streams';
  }

  #begin(): void {
    const parameters = this.#options.parameters ?? {};
    if (this.#isJson) {
      this.sendRaw(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
      this.#event('start', {
        start: {
          accountSid: 'AC1',
          streamSid: this.#streamSid,
          callSid: 'CA1',
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 },
          customParameters: parameters,
        },
      });
    } else this.sendRaw(JSON.stringify({ type: 'start', callId: 'c1', parameters }));
    this.#startedAtMs = performance.now();
    this.#pacer = setInterval(() => this.#pace(), 10);
  }

  #event(event: string, content: object): void {
    const sequenceNumber = String(++this.#sequence);
    this.sendRaw(JSON.stringify({ event, sequenceNumber, streamSid: this.#streamSid, ...content }));
  }

  #pace(): void {
    const due = Math.floor((performance.now() - this.#startedAtMs) / frameMs);
    while (this.#frames < due) this.#sendFrame(this.#nextFrame());
  }

  /** The next 20 ms of speech, or the faintest noise. */
  #nextFrame(): Int16Array {
    const frame = new Int16Array((this.#rateHz * frameMs) / 1_000);
    for (let i = 0; i < frame.length; i++) frame[i] = (i * 7_919) % 13 < 6 ? 2 : -2;
    if (!this.#speech) return frame;
    const part = this.#speech.subarray(this.#speechAt, this.#speechAt + frame.length);
    frame.set(part);
    this.#speechAt += frame.length;
    if (this.#speechAt >= this.#speech.length) this.#speech = null;
    return frame;
  }

  #sendFrame(samples: Int16Array): void {
    const chunk = ++this.#frames;
    if (!this.#isJson) {
      const octets = Buffer.alloc(samples.length * 2);
      samples.forEach((sample, i) => octets.writeInt16LE(sample, 2 * i));
      this.sendRaw(octets);
      return;
    }
    const octets = new Uint8Array(samples.length);
    encodeG711('PCMU', samples, octets);
    const timestamp = String((chunk - 1) * frameMs + (chunk % 3));
    const payload = Buffer.from(octets).toString('base64');
    this.#event('media', { media: { track: 'inbound', chunk: String(chunk), timestamp, payload } });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      if (this.#isJson) this.faults.push('a binary message');
      this.#heard(data.length / 2 / (this.#rateHz / 1_000));
      return;
    }
    const message = JSON.parse(data.toString('utf8')) as Record<string, unknown>;
    if (this.#isJson) this.#receiveEvent(message);
    else this.#receiveControl(message);
  }

  #receiveEvent(message: Record<string, unknown>): void {
    if (message['streamSid'] !== this.#streamSid) this.faults.push('another streamSid');
    const { event } = message;
    const keys = Object.keys(message).sort().join(' ');
    if (event === 'media' && keys === 'event media streamSid') {
      const { payload } = message['media'] as { payload: string };
      this.#heard(Buffer.from(payload, 'base64').length / 8);
    } else if (event === 'mark' && keys === 'event mark streamSid')
      this.#marked((message['mark'] as { name: string }).name);
    else if (event === 'clear' && keys === 'event streamSid') this.#cleared();
    else this.faults.push(`an event that clients do not know: ${JSON.stringify(message).slice(0, 100)}`);
  }

  #receiveControl(message: Record<string, unknown>): void {
    const { type } = message;
    if (type === 'mark') this.#marked(String(message['name']));
    else if (type === 'clear') this.#cleared();
    else if (type === 'ready' || type === 'prompt' || type === 'transcript' || type === 'stop')
      this.#keep({ type, ms: 0, text: typeof message['text'] === 'string' ? message['text'] : '' });
    else this.faults.push(`a type that clients do not know: ${String(type)}`);
  }

  #heard(ms: number): void {
    if (ms !== frameMs) this.faults.push(`a frame of ${ms} ms`);
    this.#playedUntilMs = Math.max(this.#playedUntilMs, performance.now()) + ms;
    this.#keep({ type: 'audio', ms, text: '' });
  }

  #marked(name: string): void {
    this.#keep({ type: 'mark', ms: 0, text: name });
    if (this.#options.echo === false) return;
    const echo = setTimeout(() => this.#echo(name), Math.max(0, this.#playedUntilMs - performance.now()));
    this.#marks.set(name, echo);
  }

  #echo(name: string): void {
    this.#marks.delete(name);
    if (this.#isJson) this.#event('mark', { mark: { name } });
    else this.sendRaw(JSON.stringify({ type: 'mark', name }));
  }

  /** What was not played is thrown away, and its marks come back at once. */
  #cleared(): void {
    this.#keep({ type: 'clear', ms: 0, text: '' });
    this.#playedUntilMs = performance.now();
    for (const [name, echo] of [...this.#marks]) {
      clearTimeout(echo);
      this.#echo(name);
    }
  }

  #keep(event: Omit<ReceivedEvent, 'atMs'>): void {
    this.received.push({ ...event, atMs: performance.now() });
    this.#wake();
  }

  #closed(code: number, reason: string): void {
    this.closeCode = code;
    this.closeReason = reason;
    if (this.#pacer) clearInterval(this.#pacer);
    for (const echo of this.#marks.values()) clearTimeout(echo);
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  #next(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(1, withinMs));
      this.#waiters.add(done);
    });
  }
}
