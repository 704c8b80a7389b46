import { describe, expect, it } from 'vitest';
import { mediaLimits } from '../../config/limits.js';
import { createCreditMemory, FrameCredit } from './frame-credit.js';
import { FrameOutbox, readFrames } from './frame-outbox.js';

function create() {
  const memory = createCreditMemory();
  const batches: Uint8Array[] = [];
  const deferred: (() => void)[] = [];
  const outbox = new FrameOutbox({
    credit: new FrameCredit(memory, 'to-main'),
    post: (batch) => batches.push(batch),
    defer: (flush) => deferred.push(flush),
  });
  const turn = () => deferred.splice(0).forEach((flush) => flush());
  return { outbox, batches, deferred, turn, receiver: new FrameCredit(memory, 'to-main') };
}

function framesOf(batch: Uint8Array): string[] {
  const frames: string[] = [];
  readFrames(batch, (stream, frame) => frames.push(`${stream}: ${[...frame].join(' ')}`));
  return frames;
}

describe('FrameOutbox', () => {
  it('carries the frames of one turn of the event loop in one message, in order', () => {
    const { outbox, batches, deferred, turn } = create();
    outbox.add(7, Uint8Array.of(1, 2, 3));
    outbox.add(4_000_000_000, Uint8Array.of());
    outbox.add(7, Uint8Array.of(4));
    expect([batches.length, deferred.length]).toEqual([0, 1]);
    turn();
    expect(batches.map(framesOf)).toEqual([['7: 1 2 3', '4000000000: ', '7: 4']]);
    outbox.add(8, Uint8Array.of(5));
    turn();
    expect(framesOf(batches[1] as Uint8Array)).toEqual(['8: 5']);
  });

  it('copies frames, so that their memory may be reused, and grows with the batch', () => {
    const { outbox, batches, turn } = create();
    const frame = new Uint8Array(640);
    for (let i = 0; i < 100; i++) outbox.add(i, frame.fill(i));
    turn();
    const seen: boolean[] = [];
    readFrames(batches[0] as Uint8Array, (stream, bytes) =>
      seen.push(bytes.length === 640 && bytes.every((octet) => octet === stream)),
    );
    expect([seen.length, seen.every(Boolean)]).toEqual([100, true]);
  });

  it('flush posts at once and leaves nothing to the deferred call', () => {
    const { outbox, batches, turn } = create();
    outbox.add(1, Uint8Array.of(1));
    outbox.flush();
    expect(batches.length).toBe(1);
    turn();
    expect(batches.length).toBe(1);
  });

  it('drops what exceeds framesUnderWayBytes and takes more when the other thread has taken it', () => {
    const { outbox, batches, receiver } = create();
    const frame = new Uint8Array(1_000_000);
    let accepted = 0;
    while (outbox.add(1, frame)) {
      accepted++;
      outbox.flush();
    }
    expect(accepted).toBe(Math.floor(mediaLimits.framesUnderWayBytes / 1_000_008));
    receiver.take(batches[0]?.length ?? 0);
    expect(outbox.add(1, frame)).toBe(true);
    expect(outbox.add(1, frame)).toBe(false);
  });

  it('credit counts on beyond 2^32', () => {
    const memory = createCreditMemory();
    const sender = new FrameCredit(memory, 'to-worker');
    const receiver = new FrameCredit(memory, 'to-worker');
    for (let i = 0; i < 5; i++) {
      sender.post(2 ** 30);
      receiver.take(2 ** 30);
    }
    sender.post(10);
    expect(sender.underWay).toBe(10);
  });
});
