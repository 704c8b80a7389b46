import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the receiver does with a request: a status, or one of the ways in which receivers misbehave. */
export type Behaviour =
  | number
  | 'hang'
  | 'garbage'
  | 'slow-body'
  | 'huge-body'
  | 'die'
  | { readonly redirect: string }
  | { readonly status: number; readonly retryAfter: string };

export interface Received {
  readonly delivery: string;
  readonly event: string;
  readonly text: string;
  readonly body: { readonly session: string; readonly seq: number; readonly [more: string]: unknown };
  readonly atMs: number;
}

/**
 * A system that is told of events and believes nothing: each request is checked by its own code, which shares none with
 * the sender. It misbehaves on command.
 */
export class StrictReceiver {
  readonly received: Received[] = [];
  /** What was wrong with requests. */
  readonly complaints: string[] = [];
  behave: (received: Received, count: number) => Behaviour = () => 204;
  connections = 0;
  readonly #secret: string;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(secret: string) {
    this.#secret = secret;
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.on('connection', () => this.connections++);
  }

  static async listen(secret: string): Promise<StrictReceiver> {
    const receiver = new StrictReceiver(secret);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook?from=parley`;
  }

  get ids(): ReadonlySet<string> {
    return new Set(this.received.map(({ delivery }) => delivery));
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const received = this.#check(request, Buffer.concat(chunks));
    if (!received) {
      response.writeHead(400).end();
      return;
    }
    this.received.push(received);
    this.#answer(this.behave(received, this.received.length), response);
  }

  #check(request: IncomingMessage, body: Buffer): Received | null {
    const header = (name: string): string => {
      const value = request.headers[name];
      if (typeof value !== 'string') this.complaints.push(`${name} is missing or stands twice`);
      return typeof value === 'string' ? value : '';
    };
    if (request.method !== 'POST') this.complaints.push(`method ${request.method ?? ''}`);
    if (request.url !== '/hook?from=parley') this.complaints.push(`path ${request.url ?? ''}`);
    if (header('content-type') !== 'application/json') this.complaints.push('content type');
    if (Number(header('content-length')) !== body.length) this.complaints.push('content length');
    const timestamp = header('parley-timestamp');
    if (!/^\d{10}$/.test(timestamp)) this.complaints.push(`timestamp "${timestamp}"`);
    if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) this.complaints.push('timestamp is not now');
    const signature = /^v1=([0-9a-f]{64})$/.exec(header('parley-signature'))?.[1] ?? '';
    const own = createHmac('sha256', this.#secret)
      .update(`${timestamp}.${body.toString('utf8')}`)
      .digest();
    if (!/^[0-9a-f]{64}$/.test(signature) || !timingSafeEqual(Buffer.from(signature, 'hex'), own)) {
      this.complaints.push('signature');
      return null;
    }
    const delivery = header('parley-delivery');
    const event = header('parley-event');
    const text = body.toString('utf8');
    const parsed = JSON.parse(text) as Received['body'];
    if (!/^[0-9a-f]{32}$/.test(delivery) || parsed['id'] !== delivery) this.complaints.push('delivery id');
    if (parsed['event'] !== event) this.complaints.push('event');
    const same = this.received.find((earlier) => earlier.delivery === delivery);
    if (same && same.text !== text) this.complaints.push('the same delivery tells something else');
    return { delivery, event, text, body: parsed, atMs: Date.now() };
  }

  #answer(behaviour: Behaviour, response: ServerResponse): void {
    const { socket } = response;
    if (typeof behaviour === 'number') response.writeHead(behaviour).end('{"ok":true}');
    else if (typeof behaviour === 'object' && 'redirect' in behaviour)
      response.writeHead(307, { location: behaviour.redirect }).end();
    else if (typeof behaviour === 'object')
      response.writeHead(behaviour.status, { 'retry-after': behaviour.retryAfter }).end();
    else if (behaviour === 'garbage') socket?.end('I am no HTTP server\r\n\r\n');
    else if (behaviour === 'die') socket?.destroy();
    else if (behaviour === 'slow-body') this.#drip(response);
    else if (behaviour === 'huge-body') response.writeHead(200).end(Buffer.alloc(10_485_760, 'x'));
  }

  /** A head at once, then a byte now and then, without an end. */
  #drip(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const timer = setInterval(() => response.write('.'), 20);
    this.#timers.add(timer);
    response.on('close', () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    });
  }
}
