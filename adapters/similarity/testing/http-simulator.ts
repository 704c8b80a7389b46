import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import type { ScorerFault } from '../../conformance/scorer-rules.js';

/** What a service does with one well-formed request. */
export interface SimulatedAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One kind of service: which requests it takes, and how it answers, errors included. */
export interface SimulatedService {
  /** Checks the request; a text says what is wrong with it. `fault` changes the answer's vectors. */
  answer(request: SimulatedRequest, fault: ScorerFault | null): SimulatedAnswer | string;
  /** What the service answers when it is overloaded, and when it breaks. */
  readonly overloaded: SimulatedAnswer;
  readonly failed: SimulatedAnswer;
}

export interface SimulatedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** A service on a free port of 127.0.0.1 that is strict with its client and fails when told to. */
export class HttpSimulator {
  readonly #service: SimulatedService;
  readonly #apiKey: string | null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #fault: ScorerFault | null = null;
  /** Breaches of the protocol by the client; a test asserts that there are none. */
  readonly breaches: string[] = [];
  readonly requests: SimulatedRequest[] = [];
  connections = 0;
  /** Sent with 429. */
  retryAfter: string | null = null;

  private constructor(service: SimulatedService, apiKey: string | null) {
    this.#service = service;
    this.#apiKey = apiKey;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((err: unknown) => this.breaches.push(String(err)));
    });
    this.#server.on('connection', (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(service: SimulatedService, apiKey: string | null = null): Promise<HttpSimulator> {
    const simulator = new HttpSimulator(service, apiKey);
    await new Promise<void>((resolve) => simulator.#server.listen(0, '127.0.0.1', resolve));
    return simulator;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next request is answered so. */
  failNext(fault: ScorerFault): void {
    this.#fault = fault;
  }

  /** Ends every connection, as a restart would; new ones are taken. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): Promise<void> {
    this.dropConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#fault;
    this.#fault = null;
    const text = await bodyOf(request);
    const seen = { method: request.method ?? '', path: request.url ?? '', body: parsed(text) };
    this.requests.push(seen);
    if (this.#apiKey !== null && request.headers.authorization !== `Bearer ${this.#apiKey}`) {
      send(response, 401, { error: 'unauthorized' });
      return;
    }
    const problem = this.#headerProblem(request, text);
    const answer = problem ?? this.#service.answer(seen, fault);
    if (typeof answer === 'string') {
      this.breaches.push(answer);
      send(response, 400, { error: answer });
      return;
    }
    this.#respond(response, answer, fault);
  }

  #headerProblem({ headers, method }: IncomingMessage, text: string): string | null {
    if (headers.accept !== 'application/json') return 'no accept: application/json';
    if (method === 'GET') return text === '' ? null : 'a GET with a body';
    if (headers['content-type'] !== 'application/json') return 'no content-type: application/json';
    return Number(headers['content-length']) === Buffer.byteLength(text) ? null : 'no content-length';
  }

  #respond(response: ServerResponse, answer: SimulatedAnswer, fault: ScorerFault | null): void {
    switch (fault) {
      case 'overloaded':
        if (this.retryAfter !== null) response.setHeader('retry-after', this.retryAfter);
        send(response, this.#service.overloaded.status, this.#service.overloaded.body);
        return;
      case 'server-error':
        send(response, this.#service.failed.status, this.#service.failed.body);
        return;
      case 'hang':
        return;
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' }).end('<html>busy</html>');
        return;
      case 'disconnect':
        response.socket?.destroy();
        return;
      case 'truncated': {
        const bytes = Buffer.from(JSON.stringify(answer.body));
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
        response.write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.destroy());
        return;
      }
      default:
        send(response, answer.status, answer.body);
    }
  }
}

/** 1e999 is what JSON has instead of infinity. */
export const notFinite = 'not finite';

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body).replaceAll(`"${notFinite}"`, '1e999');
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
