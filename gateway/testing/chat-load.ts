import type { LogMessage } from '../ports/session-log.js';
import type { ChatMessage } from '../websocket/protocol.js';
import { ChatPeer } from './chat-peer.js';
import { signChatToken } from './chat-token.js';

export interface ChatLoadOptions {
  readonly clients: number;
  /** Between two messages of one client. */
  readonly everyMs: number;
  readonly text: string;
  readonly urls: () => readonly string[];
  /** Signs the tokens (`chat.tokens.secret`). */
  readonly secret: string;
}

export interface ChatLoadReport {
  readonly clients: number;
  readonly sent: number;
  readonly answered: number;
  readonly connects: number;
  /** Longest time from sending to acknowledgement of any client, in milliseconds. */
  readonly longestAckMs: number;
  /** Longest time from sending to the answer: how long a person has waited at the worst. */
  readonly longestAnswerMs: number;
  /** What went wrong, as sentences; empty: nothing lost, doubled or out of order. */
  readonly faults: readonly string[];
}

/** Many clients that talk at a steady rate, and what has become of every message in the end. */
export class ChatLoad {
  readonly peers: ChatPeer[] = [];
  readonly #options: ChatLoadOptions;
  readonly #sent = new Map<ChatPeer, string[]>();
  #timers: NodeJS.Timeout[] = [];

  private constructor(options: ChatLoadOptions) {
    this.#options = options;
  }

  static async connect(options: ChatLoadOptions): Promise<ChatLoad> {
    const load = new ChatLoad(options);
    for (let index = 0; index < options.clients; index++) {
      const token = await signChatToken(options.secret, { sub: `user-${index}` });
      const peer = new ChatPeer({ urls: options.urls, token, device: 'load', backOffMs: 1_000 });
      load.peers.push(peer);
      load.#sent.set(peer, []);
      peer.connect();
    }
    await Promise.all(load.peers.map((peer) => peer.until(() => peer.connected, 30_000, 'ready')));
    return load;
  }

  /** Each client sends now and then every `everyMs`, spread evenly. */
  start(): void {
    const { everyMs, text } = this.#options;
    this.peers.forEach((peer, index) => {
      const ids = this.#sent.get(peer) ?? [];
      const send = (): void => {
        const id = `${index}-${ids.length}`;
        ids.push(id);
        void peer.send(text, id);
      };
      const first = setTimeout(
        () => {
          send();
          this.#timers.push(setInterval(send, everyMs));
        },
        (everyMs * index) / this.peers.length,
      );
      this.#timers.push(first);
    });
  }

  /** Sends nothing more; resolves when every message is acknowledged and answered, or at the deadline. */
  async settle(deadlineMs: number): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    const settled = (peer: ChatPeer): boolean =>
      peer.connected &&
      peer.unacknowledged === 0 &&
      count(peer.messages, 'user') <= count(peer.messages, 'bot');
    await Promise.all(
      this.peers.map((peer) => peer.until(() => settled(peer), deadlineMs, 'all acknowledged and answered')),
    );
  }

  /** Holds what every client has against what it sent and what the log holds. */
  async report(read: (sessionId: string) => Promise<readonly LogMessage[]>): Promise<ChatLoadReport> {
    const faults: string[] = [];
    let answered = 0;
    for (const peer of this.peers) {
      const log = await read(peer.session);
      faults.push(...this.#compare(peer, log));
      answered += log.filter(({ author }) => author === 'bot').length;
    }
    return {
      clients: this.peers.length,
      sent: [...this.#sent.values()].reduce((sum, ids) => sum + ids.length, 0),
      answered,
      connects: this.peers.reduce((sum, { connectsTo }) => sum + connectsTo.length, 0),
      longestAckMs: Math.round(Math.max(...this.peers.map(({ longestAckMs }) => longestAckMs))),
      longestAnswerMs: Math.round(Math.max(...this.peers.map(({ longestAnswerMs }) => longestAnswerMs))),
      faults,
    };
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const peer of this.peers) peer.stop();
  }

  #compare(peer: ChatPeer, log: readonly LogMessage[]): string[] {
    const found: string[] = [];
    const tell = (what: string): void => void found.push(`${peer.session}: ${what}`);
    for (const gap of peer.violations.gaps) tell(`gap, ${gap}`);
    for (const violation of peer.violations.protocol) tell(violation);
    const own = JSON.stringify(peer.messages.map(essence));
    const server = JSON.stringify(log.map(essenceOfLog));
    if (own !== server)
      tell(`the client holds ${peer.messages.length} messages, the log ${log.length}, and they differ`);
    const kept = log.filter(({ author }) => author === 'user').map(({ clientId }) => clientId);
    const sent = this.#sent.get(peer) ?? [];
    if (JSON.stringify(kept) !== JSON.stringify(sent)) tell(`sent ${sent.join(' ')}, kept ${kept.join(' ')}`);
    return found;
  }
}

function count(messages: readonly ChatMessage[], author: string): number {
  return messages.filter((message) => message.author === author).length;
}

function essence({ author, body, id, seq }: ChatMessage): unknown {
  return [seq, author, id ?? null, body];
}

function essenceOfLog({ author, body, clientId, seq }: LogMessage): unknown {
  return [seq, author, clientId, body];
}
