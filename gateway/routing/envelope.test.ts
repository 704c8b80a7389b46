import { describe, expect, it } from 'vitest';

import { routingLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import { parseEnvelope, serializeEnvelope, type Envelope } from './envelope.js';

const from = { nodeId: 'a', incarnation: 'a-1' };
const user = { tenant: 'acme', userId: '用户' };

const envelopes: readonly Envelope[] = [
  { kind: 'message', from, topic: 'note', payload: null },
  { kind: 'message', from, topic: 'note', payload: { list: [1, 'two', { three: true }] } },
  { kind: 'user', from, user, topic: 'note', payload: 'text', again: false, others: ['b', 'c'] },
  { kind: 'nack', from, user, topic: 'note', payload: 'text', again: true, others: [] },
  { kind: 'kick', from, user, device: 'web.1', epoch: 1_700_000_000_000 },
  { kind: 'probe', from, id: 7 },
];

describe('an envelope', () => {
  it.each(envelopes)('of kind $kind comes back as it went', (envelope) => {
    expect(parseEnvelope(serializeEnvelope(envelope) ?? '')).toEqual({ v: 1, ...envelope });
  });

  it('may have the bytes allowed and not one more', () => {
    const envelope = (payload: string): Envelope => ({ kind: 'message', from, topic: 'note', payload });
    const empty = serializeEnvelope(envelope('')) ?? '';
    const room = routingLimits.envelopeBytes - empty.length;
    expect(parseEnvelope(serializeEnvelope(envelope('x'.repeat(room))) ?? '')).not.toBeNull();
    expect(serializeEnvelope(envelope('x'.repeat(room + 1)))).toBeNull();
    expect(serializeEnvelope(envelope('文'.repeat(Math.ceil(room / 3) + 1)))).toBeNull();
    expect(parseEnvelope(`${empty.slice(0, -2)}${'x'.repeat(room + 1)}"}`)).toBeNull();
  });

  it.each([
    ['', 'nothing'],
    ['[]', 'a list'],
    ['null', 'null'],
    ['{"v":1}', 'no sender'],
    [JSON.stringify({ v: 2, ...envelopes[0] }), 'another version'],
    [JSON.stringify({ v: 1, ...envelopes[0], kind: 'constructor' }), 'an unknown kind'],
    [JSON.stringify({ v: 1, ...envelopes[0], topic: 1 }), 'no topic'],
    [JSON.stringify({ v: 1, ...envelopes[0], payload: undefined }), 'no payload'],
    [JSON.stringify({ v: 1, ...envelopes[2], user: { tenant: 'acme' } }), 'half a user'],
    [JSON.stringify({ v: 1, ...envelopes[2], others: 'b' }), 'others that are no list'],
    [JSON.stringify({ v: 1, ...envelopes[2], others: Array<string>(40).fill('b') }), 'too many others'],
    [JSON.stringify({ v: 1, ...envelopes[4], epoch: -1 }), 'a negative epoch'],
    [JSON.stringify({ v: 1, ...envelopes[4], device: 'x'.repeat(1_025) }), 'a name that is too long'],
    [JSON.stringify({ v: 1, ...envelopes[5], id: 1.5 }), 'half an id'],
  ])('%# is refused', (text) => {
    expect(parseEnvelope(text)).toBeNull();
  });

  it('that was damaged on the way never throws', () => {
    const random = new SeededRandom(4);
    const texts = envelopes.map((envelope) => serializeEnvelope(envelope) ?? '');
    for (let round = 0; round < 5_000; round++) {
      const text = texts[round % texts.length] ?? '';
      const at = random.integer(text.length);
      const damaged = text.slice(0, at) + String.fromCharCode(random.integer(128)) + text.slice(at + 1);
      expect(() => parseEnvelope(random.integer(2) === 0 ? damaged : text.slice(0, at))).not.toThrow();
    }
  });
});
