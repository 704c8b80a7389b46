import type { Dialect } from './protocol.js';

/** How a client speaks to one kind of server. All of them take the same `ws` client and parse what comes. */
export interface Speech {
  readonly path: string;
  /** Sent when the connection is open; null: the server speaks first. */
  hello(user: Guest): string | null;
  message(id: string, text: string): string;
  read(frame: string): Heard;
}

export interface Guest {
  readonly name: string;
  readonly device: string;
  readonly token: string;
}

/** What one frame says to the client. */
export type Heard =
  | { readonly kind: 'ready' | 'other' }
  /** To be said in reply. */
  | { readonly kind: 'reply'; readonly text: string }
  | { readonly kind: 'ack' | 'message'; readonly id: string }
  | { readonly kind: 'answer' }
  | { readonly kind: 'refused'; readonly why: string };

const other: Heard = { kind: 'other' };

interface JsonFrame {
  readonly type: string;
  readonly author?: string;
  readonly id?: string;
}

const parley: Speech = {
  path: '/ws',
  hello: ({ device, token }) => JSON.stringify({ type: 'hello', versions: [1], token, device }),
  message: (id, text) => JSON.stringify({ type: 'message', id, text }),
  read: (frame) => {
    const { author, id = '', type } = JSON.parse(frame) as JsonFrame;
    if (type === 'message') return author === 'bot' ? { kind: 'answer' } : { kind: 'message', id };
    if (type === 'ack') return { kind: 'ack', id };
    if (type === 'ready') return { kind: 'ready' };
    return type === 'error' ? { kind: 'refused', why: frame } : other;
  },
};

const relay: Speech = {
  path: '/',
  hello: ({ device, name }) => JSON.stringify({ type: 'hello', user: name, device }),
  message: (id, text) => JSON.stringify({ type: 'message', id, text }),
  read: (frame) => {
    const { id = '', type } = JSON.parse(frame) as JsonFrame;
    return type === 'ready' ? { kind: 'ready' } : { kind: 'message', id };
  },
};

/** Engine.IO 4 and Socket.IO 5 as far as one namespace and one event need them. */
const socketio: Speech = {
  path: '/socket.io/?EIO=4&transport=websocket',
  hello: () => null,
  message: (id, text) => `42${JSON.stringify(['message', { id, text }])}`,
  read: (frame) => {
    if (frame.startsWith('42')) {
      const [, { id }] = JSON.parse(frame.slice(2)) as [string, { readonly id: string }];
      return { kind: 'message', id };
    }
    if (frame.startsWith('40')) return { kind: 'ready' };
    return frame === '2' ? { kind: 'reply', text: '3' } : other;
  },
};

export function speechOf(dialect: Dialect): Speech {
  return { parley, relay, socketio }[dialect];
}

/** What Socket.IO wants to hear after its first frame. */
export function joinNamespace(frame: string, guest: Guest): string | null {
  return frame.startsWith('0{') ? `40${JSON.stringify({ user: guest.name })}` : null;
}
