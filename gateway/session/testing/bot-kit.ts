import { FakeClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import type { DialogEvent } from '../../../dialog/event.js';
import { initialState } from '../../../dialog/state.js';
import type { BotTurn, TurnListener } from '../conversation.js';
import { VoiceBot, type BotConversation, type VoiceBotSettings } from '../voice-bot.js';
import { FakeStream } from './fake-media.js';
import { FakeSpeaker } from './fake-speaker.js';
import { pcmu, RecordingMetrics, settled, timing, treeOf } from './kit.js';

const tree = treeOf();
export const playoutDelayMs = 300;
export const maxCallMs = 60_000;

/** A conversation whose turns the test gives by hand. */
export class ManualConversation implements BotConversation {
  readonly tree = tree;
  readonly state = initialState(tree);
  readonly events: DialogEvent[] = [];
  closes = 0;
  readonly #waiting: { resolve(turn: BotTurn | null): void; reject(err: Error): void }[] = [];

  /** Of the newest event. */
  listener: TurnListener = {};

  handle(event: DialogEvent, listener: TurnListener = {}): Promise<BotTurn | null> {
    this.events.push(event);
    this.listener = listener;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(): void {
    this.closes++;
  }

  /** Answers the event that waits longest. */
  async reply(turn: BotTurn | null | Error): Promise<void> {
    const next = this.#waiting.shift();
    if (!next) throw new Error('no event waits for a turn');
    if (turn instanceof Error) next.reject(turn);
    else next.resolve(turn);
    await settled();
  }

  get lastEvent(): string {
    const event = this.events.at(-1);
    return event?.type === 'text' ? `text ${event.text}` : (event?.type ?? 'none');
  }
}

/** A bot with everything around it made by hand. */
export function botFixture(more: Partial<VoiceBotSettings> = {}) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const stream = new FakeStream();
  const speaker = new FakeSpeaker();
  const conversation = new ManualConversation();
  const metrics = new RecordingMetrics();
  const hangUps: string[] = [];
  const transfers: { target: string; accept(): void; refuse(): void }[] = [];
  const bot = new VoiceBot({
    sessionId: 's1',
    settings: {
      timing,
      bargeIn: true,
      recognizerFor: () => 'ears',
      handoverTarget: null,
      unavailablePrompt: (language) => `Nobody is here (${language}).`,
      playoutDelayMs,
      maxCallMs,
      ...more,
    },
    call: {
      hangUp: (reason) => hangUps.push(reason),
      transfer: (target) =>
        new Promise((resolve, reject) =>
          transfers.push({ target, accept: resolve, refuse: () => reject(new Error('603 Decline')) }),
        ),
    },
    stream,
    codec: pcmu,
    conversation,
    speaker,
    clock,
    logger,
    metrics,
  });
  return { bot, clock, conversation, hangUps, logger, metrics, speaker, stream, transfers };
}
