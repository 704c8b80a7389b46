import { createSocket, type Socket } from 'node:dgram';
import { createConnection } from 'node:net';

import { systemRandom } from '../../config/random.js';

export interface RawRequest {
  readonly method: string;
  readonly callId: string;
  readonly branch: string;
  /** Defaults to 1. */
  readonly sequence?: number;
  /** SDP. */
  readonly body?: string;
}

const responseDeadlineMs = 5_000;

/** A UDP socket that speaks SIP by hand, for what a well-behaved user agent would not send. */
export class RawSip {
  readonly #socket: Socket;
  readonly #target: number;
  readonly #messages: string[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket, target: number) {
    this.#socket = socket;
    this.#target = target;
    socket.on('error', () => undefined);
    socket.on('message', (bytes) => {
      this.#messages.push(bytes.toString('utf8'));
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  static open(targetPort: number): Promise<RawSip> {
    return new Promise((resolve, reject) => {
      const socket = createSocket('udp4');
      socket.once('error', reject);
      socket.bind(0, '127.0.0.1', () => {
        socket.off('error', reject);
        resolve(new RawSip(socket, targetPort));
      });
    });
  }

  /** Messages that came, oldest first. */
  get messages(): readonly string[] {
    return this.#messages;
  }

  send(bytes: Uint8Array | string): void {
    this.#socket.send(bytes, this.#target, '127.0.0.1', () => undefined);
  }

  /** A request with every mandatory header field (RFC 3261 8.1.1). */
  request({ method, callId, branch, sequence = 1, body = '' }: RawRequest): string {
    const { port } = this.#socket.address();
    const lines = [
      `${method} sip:bot@127.0.0.1:${this.#target} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK${branch}`,
      'Max-Forwards: 70',
      `From: <sip:tester@127.0.0.1:${port}>;tag=${callId}`,
      `To: <sip:bot@127.0.0.1:${this.#target}>`,
      `Call-ID: ${callId}`,
      `CSeq: ${sequence} ${method}`,
      `Contact: <sip:tester@127.0.0.1:${port}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  }

  /** Answers every BYE with 200 from now on; nothing else. */
  answerByes(): void {
    this.#watchers.add(() => {
      const message = this.#messages.at(-1) ?? '';
      if (!message.startsWith('BYE ')) return;
      const copied = message.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
      this.send(`SIP/2.0 200 OK\r\n${copied.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
    });
  }

  /** An identifier that no other test uses. */
  newId(): string {
    return systemRandom.hex(6);
  }

  /** The first message, past or future, that `matches`. */
  waitFor(matches: (message: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#messages.find(matches);
        if (found === undefined) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`no such SIP message; what came:\n${this.#messages.join('\n')}`));
      }, responseDeadlineMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** The final response to a request of this call and method. */
  finalResponse(callId: string, method: string): Promise<string> {
    return this.waitFor(
      (message) =>
        /^SIP\/2\.0 [2-6]/.test(message) &&
        message.includes(`Call-ID: ${callId}\r\n`) &&
        new RegExp(`^CSeq: \\d+ ${method}\\r$`, 'm').test(message),
    );
  }

  close(): void {
    this.#socket.close();
  }
}

/**
 * Writes messages to a SIP port in one piece over TCP, so that they are read at once, and resolves with all that came
 * back when it matches `complete`; `reply` of that is sent before the connection is closed.
 */
export function exchangeOverTcp(
  port: number,
  messages: string,
  complete: RegExp,
  reply: (received: string) => string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    let received = '';
    const timer = setTimeout(() => socket.destroy(new Error(`what came:\n${received}`)), responseDeadlineMs);
    socket.on('connect', () => socket.write(messages));
    socket.on('error', reject);
    socket.on('close', () => clearTimeout(timer));
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      if (!complete.test(received)) return;
      socket.end(reply(received));
      resolve(received);
    });
  });
}
