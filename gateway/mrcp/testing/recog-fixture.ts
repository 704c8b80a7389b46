import type { MrcpServerOptions } from '../server.js';
import type { FakeRecogBackend } from './fake-backends.js';
import type { InMemoryPeer } from './in-memory-peer.js';
import { ServerFixture } from './server-fixture.js';
import type { StrictMessage } from './strict-message.js';

type Headers = Readonly<Record<string, string>>;

export const srgs = 'application/srgs+xml';

/** A speechrecog channel, its fake backend, and short forms of the requests that tests make on it. */
export interface RecogFixture {
  readonly fixture: ServerFixture;
  readonly recog: FakeRecogBackend;
  readonly peer: InMemoryPeer;
  readonly closeSession: () => void;
  readonly request: (method: string, headers?: Headers, body?: string) => StrictMessage;
  /** RECOGNIZE of `builtin:speech/transcribe`, unless told otherwise; gives `200 IN-PROGRESS`. */
  readonly recognize: (headers?: Headers, body?: string) => string;
  readonly define: (contentId: string, body?: string) => StrictMessage;
}

export function openRecogChannel(options: Partial<MrcpServerOptions> = {}): RecogFixture {
  const fixture = new ServerFixture(options);
  const { recog, recogId, session } = fixture.openSession();
  const peer = fixture.connect();
  const request: RecogFixture['request'] = (method, headers = {}, body) =>
    peer.request({ method, channelId: recogId, headers, ...(body !== undefined && { body }) });
  return {
    fixture,
    recog,
    peer,
    closeSession: () => session.close(),
    request,
    recognize: (headers = {}, body = 'builtin:speech/transcribe') => {
      const all = { 'Content-Type': 'text/uri-list', 'Cancel-If-Queue': 'false', ...headers };
      const { status, state } = request('RECOGNIZE', all, body);
      return `${status} ${state}`;
    },
    define: (contentId, body = '<grammar/>') =>
      request('DEFINE-GRAMMAR', { 'Content-Type': srgs, 'Content-ID': contentId }, body),
  };
}

/** The requests a response says it touched (RFC 6787 6.2.3). */
export function listOf(message: StrictMessage): string | undefined {
  return message.headers.get('active-request-id-list');
}

/** The Completion-Cause of a message. */
export function causeOf(message: StrictMessage | undefined): string | undefined {
  return message?.headers.get('completion-cause');
}
