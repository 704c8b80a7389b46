import { createConnection, type Socket } from 'node:net';

/** How a hostile connection came to its end. */
export type HostileEnd = 'server-closed' | 'we-closed';

/**
 * Opens a TCP connection, writes everything at once, and waits until the server closes it or `patienceMs` are over.
 *
 * Never rejects: a refused or reset connection is closed by the server.
 */
export function throwAt(port: number, bytes: Uint8Array | string, patienceMs: number): Promise<HostileEnd> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const timer = setTimeout(() => {
      resolve('we-closed');
      socket.destroy();
    }, patienceMs);
    drain(socket);
    socket.on('connect', () => socket.write(bytes));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve('server-closed');
    });
  });
}

/** Runs `attack` `count` times, `atOnce` at a time, and gives how often the server was the one to close. */
export async function repeated(
  count: number,
  atOnce: number,
  attack: (index: number) => Promise<HostileEnd>,
): Promise<number> {
  let next = 0;
  let closed = 0;
  const work = async (): Promise<void> => {
    while (next < count) if ((await attack(next++)) === 'server-closed') closed++;
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return closed;
}

/** A connection that is opened, given something to chew on, and left. */
export class LeftConnection {
  readonly #socket: Socket;
  #closedByServer = false;

  constructor(port: number, bytes: Uint8Array | string) {
    this.#socket = createConnection({ port, host: '127.0.0.1' });
    drain(this.#socket);
    this.#socket.on('connect', () => this.#socket.write(bytes));
    this.#socket.on('close', () => {
      this.#closedByServer = true;
    });
  }

  get closedByServer(): boolean {
    return this.#closedByServer;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Answers are read and forgotten, resets expected. */
function drain(socket: Socket): void {
  socket.on('data', () => undefined);
  socket.on('error', () => socket.destroy());
}
