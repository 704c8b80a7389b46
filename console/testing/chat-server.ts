import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';

import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { chatRoutes } from '../../gateway/http/chat-routes.js';
import { HttpServer } from '../../gateway/http/http-server.js';
import type { Routes } from '../../gateway/http/http-server.js';
import { ScriptedChat } from './scripted-chat.js';
import type { ScriptedChatOptions } from './scripted-chat.js';

export interface ChatServerOptions extends Omit<ScriptedChatOptions, 'epochMs'> {
  readonly origins?: readonly string[];
}

/** `ScriptedChat` on a real port with the real page, for browsers. Connections can be refused and cut. */
export class ChatServer {
  readonly chat: ScriptedChat;
  /** New WebSockets are refused. */
  refusing = false;
  readonly #http: HttpServer;
  readonly #webSockets = new WebSocketServer({ noServer: true });

  constructor({ origins = [], ...script }: ChatServerOptions) {
    const clock = new SystemClock();
    this.chat = new ScriptedChat({ ...script, epochMs: () => clock.epochMs() });
    this.#http = new HttpServer(
      { address: '127.0.0.1', port: 0, maxConnections: 200, apiKeys: [] },
      { clock, logger: new MemoryLogger() },
      [chatRoutes({ enabled: true, origins }), this.#visitorRoute()],
    );
    this.#http.server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
      if (this.refusing || request.url !== '/ws') {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
        return;
      }
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#serve(webSocket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#http.port}`;
  }

  async start(): Promise<void> {
    await this.#http.start();
  }

  async close(): Promise<void> {
    this.chat.closeAll(1006);
    this.#webSockets.close();
    await this.#http.close();
  }

  #visitorRoute(): Routes {
    return (app) => {
      app.post<{ readonly Body: { readonly token?: string } }>(
        '/chat/visitor',
        { config: { openToAll: true } },
        (request) => this.chat.visitor(request.body.token),
      );
    };
  }

  #serve(webSocket: WebSocket): void {
    const connection = this.chat.connect({
      send: (frame) => webSocket.send(JSON.stringify(frame)),
      close: (code) => (code === 1006 ? webSocket.terminate() : webSocket.close(code)),
    });
    webSocket.on('message', (data: Buffer) => connection.onText(data.toString('utf8')));
    webSocket.on('close', () => connection.onClosed());
    webSocket.on('error', () => connection.onClosed());
  }
}

/** Another site: any path is a page with this markup. */
export async function serveSite(
  markup: () => string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server: Server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><html lang="en"><title>Shop</title><body>${markup()}</body></html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    // Another host name than the chat's: another origin and another site.
    url: `http://localhost:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
