import type { ChatClient } from './chat-client.js';
import type { ClientClock, ClientSocket, KeyValueStore, OpenSocket } from './ports.js';
import type { PostVisitor } from './tokens.js';

/** What `ChatClient` needs of a browser; the rest of this folder runs anywhere. */
export const browserClock: ClientClock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  setTimer: (callback, delayMs) => {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** 96 random bits as hex. Not `randomUUID`, which pages without TLS do not have. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** localStorage; asking for it throws where it is forbidden, so that it is asked for each time. */
export const localStore: KeyValueStore = {
  keys: () => Object.keys(localStorage),
  get: (key) => localStorage.getItem(key),
  set: (key, value) => localStorage.setItem(key, value),
  remove: (key) => localStorage.removeItem(key),
};

/** As localStorage, for one tab; a loaded-again page finds it. */
export const tabStore: KeyValueStore = {
  keys: () => Object.keys(sessionStorage),
  get: (key) => sessionStorage.getItem(key),
  set: (key, value) => sessionStorage.setItem(key, value),
  remove: (key) => sessionStorage.removeItem(key),
};

export const openWebSocket: OpenSocket = (url, listener) => {
  const socket = new WebSocket(url);
  const listening = new AbortController();
  const { signal } = listening;
  socket.addEventListener('open', () => listener.onOpen(), { signal });
  socket.addEventListener(
    'message',
    ({ data }: MessageEvent<unknown>) => listener.onText(typeof data === 'string' ? data : ''),
    { signal },
  );
  socket.addEventListener(
    'close',
    ({ code }) => {
      listening.abort();
      listener.onClosed(code);
    },
    { signal },
  );
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => {
      listening.abort();
      socket.close(code, reason);
    },
  } satisfies ClientSocket;
};

const visitorRequestMs = 10_000;

/** Asks `POST /chat/visitor` of the page's own server. */
export function postVisitorTo(url: string): PostVisitor {
  return async (token) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(token === null ? {} : { token }),
      credentials: 'omit',
      signal: AbortSignal.timeout(visitorRequestMs),
    });
    const body: unknown = response.ok ? await response.json() : null;
    return { status: response.status, body };
  };
}

const deviceKey = 'parley.device';
/** A page that is loaded again gets its device within this; a duplicated tab never does. */
const deviceLockMs = 400;

/**
 * This tab's device id: kept over a reload, and another one in a tab that was duplicated with its sessionStorage.
 *
 * A lock that lives as long as the page tells the two apart (Web Locks; without them, a duplicate takes the device over).
 */
export async function claimDevice(store: Pick<KeyValueStore, 'get' | 'set'>): Promise<string> {
  const kept = store.get(deviceKey);
  const known = kept !== null && /^[\w.-]{1,64}$/.test(kept) ? kept : null;
  if (known !== null && (await holdLock(known))) return known;
  const device = newId();
  await holdLock(device);
  store.set(deviceKey, device);
  return device;
}

async function holdLock(device: string): Promise<boolean> {
  const locks = (navigator as Partial<Navigator>).locks;
  if (locks === undefined) return true;
  return new Promise((resolve) => {
    locks
      .request(`parley.device.${device}`, { signal: AbortSignal.timeout(deviceLockMs) }, () => {
        resolve(true);
        return new Promise<void>(keepForever);
      })
      .catch(() => resolve(false));
  });
}

function keepForever(): void {
  /* The lock ends with the page. */
}

/** Wakes the client when the page is seen again, comes out of the back-forward cache, or the network is back. */
export function wakeWithPage(client: Pick<ChatClient, 'wake'>): void {
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') client.wake();
  });
  addEventListener('online', () => client.wake());
  addEventListener('offline', () => client.wake());
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) client.wake();
  });
}
