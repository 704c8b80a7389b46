import { FakeClock } from '../../config/clock.js';
import { SeededRandom } from '../../config/random.js';
import type { ChatMessage, MessageBody } from '../../gateway/websocket/protocol.js';
import { ChatClient } from '../client/chat-client.js';
import type { ChatListener } from '../client/chat-state.js';
import type { TokenNeed, TokenSource } from '../client/ports.js';
import { SafeStorage } from '../client/safe-storage.js';
import { FakeNetwork, FakeStore } from './fake-network.js';
import { ScriptedChat } from './scripted-chat.js';
import type { ScriptedChatOptions } from './scripted-chat.js';

/** What a page would show, kept from the call-backs alone; throws at a gap, a double or disorder. */
export class ShownChat implements ChatListener {
  messages: ChatMessage[] = [];
  resets = 0;
  older = 0;
  client: ChatClient | null = null;

  onMessages(added: readonly ChatMessage[]): void {
    for (const message of added) {
      const last = this.messages.at(-1);
      if (last !== undefined && message.seq !== last.seq + 1)
        throw new Error(`message ${message.seq} was shown after ${last.seq}`);
      this.messages.push(message);
    }
  }

  onOlder(added: readonly ChatMessage[]): void {
    this.older += added.length;
    this.messages = [...(this.client?.messages ?? [])];
  }

  onReset(): void {
    this.resets++;
    this.messages = [...(this.client?.messages ?? [])];
  }

  onState(): void {}
  onOutbox(): void {}
  onTyping(): void {}
  onMarks(): void {}
}

/** A chat client, a scripted server and a network between them, all on one fake clock. */
export class ClientBench {
  readonly clock = new FakeClock();
  readonly chat: ScriptedChat;
  readonly network: FakeNetwork;
  readonly store = new FakeStore();
  readonly needs: TokenNeed[] = [];
  /** Instead of the server's tokens. */
  tokens: TokenSource;
  readonly #random = new SeededRandom(7);
  #ids = 0;

  constructor(options: Partial<ScriptedChatOptions> = {}) {
    const answer = (text: string): readonly MessageBody[] => [{ type: 'text', text: `You said ${text}` }];
    this.chat = new ScriptedChat({ epochMs: () => this.clock.epochMs(), reply: answer, ...options });
    this.network = new FakeNetwork(this.clock, this.chat);
    this.tokens = { get: () => Promise.resolve(this.chat.giveToken('ann')) };
  }

  client(device = 'tab-1', tree: string | null = null): { client: ChatClient; shown: ShownChat } {
    const shown = new ShownChat();
    const client = new ChatClient(
      { url: 'ws://test/ws', device, tree },
      {
        clock: this.clock,
        random: () => this.#random.next(),
        newId: () => `${device}-${++this.#ids}`,
        storage: new SafeStorage(this.store),
        openSocket: this.network.open,
        tokens: {
          get: (need) => {
            this.needs.push(need);
            return this.tokens.get(need);
          },
        },
      },
      shown,
    );
    shown.client = client;
    return { client, shown };
  }

  async opened(device = 'tab-1'): Promise<{ client: ChatClient; shown: ShownChat }> {
    const made = this.client(device);
    made.client.start();
    await this.run(100);
    if (made.client.state !== 'open') throw new Error(`the client is ${made.client.state}`);
    return made;
  }

  /** Lets time pass in small steps, with promises settled between them. */
  async run(durationMs: number): Promise<void> {
    const stepMs = Math.max(5, durationMs / 2_000);
    for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
      this.clock.advance(stepMs);
    }
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  }
}
