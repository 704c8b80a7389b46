import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { apiLimits } from '../../config/limits.js';
import type { ChatSessions, SubmitRequest, SubmitResult } from '../chat/chat-sessions.js';
import type { SessionRecord } from '../ports/session-log.js';
import { MessagePosting, type Posting } from './message-posting.js';

const clock = new FakeClock();

function record(sessionId: string, endedAtMs: number | null, ingress = 'chat'): SessionRecord {
  return {
    ref: { tenant: 'shop', sessionId },
    userId: 'u1',
    ingress,
    tree: null,
    state: endedAtMs === null ? 'open' : 'ended',
    toType: 'bot',
    lastSeq: 0,
    inputSeq: 0,
    processedSeq: 0,
    owner: null,
    ownerLives: false,
    createdAtMs: 0,
    lastAtMs: 0,
    endedAtMs,
  };
}

/** Sessions that say what a test wants; `s1`, `s2`, ... are opened one after another. */
class ScriptedChat implements Pick<ChatSessions, 'list' | 'open' | 'submit'> {
  readonly asked: [sessionId: string, request: SubmitRequest][] = [];
  opened = 0;

  constructor(
    readonly ended: readonly SessionRecord[],
    readonly answer: (sessionId: string) => SubmitResult['outcome'],
  ) {}

  list: ChatSessions['list'] = ({ limit, state }) => {
    expect(state).toBe('ended');
    return Promise.resolve(this.ended.slice(0, limit));
  };

  open: ChatSessions['open'] = () =>
    Promise.resolve({ record: record(`s${++this.opened}`, null), created: true });

  submit: ChatSessions['submit'] = ({ sessionId }, request) => {
    this.asked.push([sessionId, request]);
    const outcome = this.answer(sessionId);
    const isKept = outcome === 'appended' || outcome === 'duplicate';
    return Promise.resolve(isKept ? { outcome, seq: 1, atMs: 0 } : { outcome });
  };

  get sessions(): string[] {
    return this.asked.map(([sessionId]) => sessionId);
  }
}

const posting = (more: Partial<Posting> = {}): Posting => ({
  tenant: 'shop',
  key: 'crm',
  idempotencyKey: 'k1',
  message: { text: 'x', author: 'system' },
  ...more,
});

const post = (chat: ScriptedChat, more: Partial<Posting> = {}) =>
  new MessagePosting(chat, clock).toUser('u1', { ingress: 'chat', tree: null }, posting(more));

describe('a message to a user', () => {
  test('whose session ends in the very moment goes to the next one, a few times', async () => {
    const chat = new ScriptedChat([], (id) => (id === 's1' ? 'ended' : 'appended'));
    expect(await post(chat)).toMatchObject({ sessionId: 's2', result: { outcome: 'appended' } });
    const never = new ScriptedChat([], () => 'ended');
    expect(await post(never)).toMatchObject({ result: { outcome: 'ended' } });
    expect(never.opened).toBe(apiLimits.openAttempts);
  });

  test('that was written to a session which has ended stays there', async () => {
    const ended = [record('e1', clock.epochMs()), record('e2', clock.epochMs())];
    const chat = new ScriptedChat(ended, (id) => (id === 'e2' ? 'duplicate' : 'ended'));
    expect(await post(chat)).toMatchObject({ sessionId: 'e2', result: { outcome: 'duplicate' } });
    expect([chat.sessions, chat.opened]).toEqual([['e1', 'e2'], 0]);
  });

  test('is looked for in the last ended sessions of its ingress only, and not without a key', async () => {
    const nowMs = clock.epochMs();
    const ended = [
      record('old', nowMs - apiLimits.repeatMs - 1),
      record('wechat', nowMs, 'wechat'),
      ...Array.from({ length: apiLimits.repeatSessions }, (_, i) => record(`e${i}`, nowMs)),
    ];
    const answer = (id: string) => (id.startsWith('s') ? 'appended' : 'ended');
    const chat = new ScriptedChat(ended, answer);
    await post(chat);
    expect(chat.sessions).toEqual(['e0', 's1']);
    const without = new ScriptedChat(ended, answer);
    await post(without, { idempotencyKey: null });
    expect(without.sessions).toEqual(['s1']);
    expect(without.asked[0]?.[1].clientId).toBeNull();
  });
});

test('the client id tells keys and idempotency keys apart, and an agent is the sender of what it says', async () => {
  const chat = new ScriptedChat([], () => 'appended');
  await post(chat);
  await post(chat, { key: 'erp' });
  await post(chat, { idempotencyKey: 'k2' });
  await post(chat, { message: { text: 'x', author: 'agent', name: 'Li' } });
  await post(chat, { message: { text: 'x', author: 'agent' } });
  const ids = chat.asked.map(([, { clientId }]) => clientId);
  expect(new Set(ids.slice(0, 3)).size).toBe(3);
  expect(ids[3]).toBe(ids[0]);
  expect(chat.asked.map(([, { senderId }]) => senderId)).toEqual(['crm', 'erp', 'crm', 'Li', 'crm']);
});
