import { describe, expect, it } from 'vitest';
import { encodeShared } from '../codec/wire-codec.js';
import type { AudioClip, ClipMark, WireEncoding } from '../speech/audio-clip.js';
import type { PlayListener, RtpCodec } from '../worker/media-host.js';
import { PromptPlayer } from './prompt-player.js';

const pcmu: RtpCodec = { encoding: 'PCMU', payloadType: 0, clockRateHz: 8_000, ptimeMs: 20 };
const silence = 0xff;

function shared(bytes: readonly number[]): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

function clip(
  ms: number,
  value: number,
  marks: readonly ClipMark[] = [],
  encoding: WireEncoding = 'PCMU',
): AudioClip {
  return { encoding, sampleRateHz: 8_000, bytes: shared(new Array<number>(ms * 8).fill(value)), marks };
}

/** A player with a log; each `tick` is one packet time and gives the payload's distinct octets, or null. */
function create() {
  const player = new PromptPlayer();
  const log: string[] = [];
  let nowMs = 0;
  const listener = (name: string): PlayListener => ({
    onStarted: (atMs) => log.push(`${name} started ${atMs}`),
    onMark: (mark) => log.push(`${name} mark ${mark}`),
    onEnded: (reason, playedMs) => log.push(`${name} ${reason} ${playedMs}`),
  });
  const tick = (codec: RtpCodec = pcmu): number[] | null => {
    const payload = new Uint8Array(160);
    const filled = player.fill(codec, payload, 0);
    player.report(nowMs);
    nowMs += 20;
    return filled ? [...new Set(payload)] : null;
  };
  return { player, log, listener, tick };
}

describe('PromptPlayer', () => {
  it('plays prompts in order without a gap and ends each a packet time after its last packet', () => {
    const { player, log, listener, tick } = create();
    player.play(clip(40, 1), pcmu, listener('a'));
    player.play(clip(20, 2), pcmu, listener('b'));
    expect([tick(), tick(), tick(), tick()]).toEqual([[1], [1], [2], null]);
    expect(log).toEqual(['a started 0', 'a done 40', 'b started 40', 'b done 20']);
    expect(player.queued).toBe(0);
  });

  it('fills the last packet with silence and does not count that as played', () => {
    const { player, log, listener, tick } = create();
    player.play(clip(30, 1), pcmu, listener('a'));
    expect([tick(), tick(), tick()]).toEqual([[1], [1, silence], null]);
    expect(log.at(-1)).toBe('a done 30');
  });

  it('reports marks in order when they were sent, the last ones with the last packet', () => {
    const { player, log, listener, tick } = create();
    const marks = [
      { name: 'end', offsetMs: 60 },
      { name: 'beyond', offsetMs: 90 },
      { name: 'first', offsetMs: 0 },
      { name: 'middle', offsetMs: 25 },
    ];
    player.play(clip(60, 1, marks), pcmu, listener('a'));
    tick();
    expect(log).toEqual(['a started 0', 'a mark first']);
    tick();
    expect(log.slice(2)).toEqual(['a mark middle']);
    tick();
    expect(log.slice(3)).toEqual(['a mark end', 'a mark beyond']);
  });

  it('an empty prompt is done at once and never started', () => {
    const { player, log, listener, tick } = create();
    player.play(clip(0, 1), pcmu, listener('a'));
    expect(tick()).toBeNull();
    expect(log).toEqual(['a done 0']);
  });

  it('pause stands still, resume goes on at the same octet', () => {
    const { player, listener, tick } = create();
    const prompt = player.play(clip(40, 1), pcmu, listener('a'));
    tick();
    if (prompt) prompt.paused = true;
    expect([tick(), player.ready]).toEqual([null, false]);
    if (prompt) prompt.paused = false;
    expect([tick(), tick()]).toEqual([[1], null]);
  });

  it('stop ends one prompt only, wherever it stands in the queue, and once', () => {
    const { player, log, listener, tick } = create();
    const first = player.play(clip(100, 1), pcmu, listener('a'));
    const second = player.play(clip(100, 2), pcmu, listener('b'));
    player.play(clip(100, 3), pcmu, listener('c'));
    tick();
    for (const prompt of [second, second, first]) if (prompt) player.stop(prompt, 'stopped');
    expect(tick()).toEqual([3]);
    expect(log).toEqual(['a started 0', 'b stopped 0', 'a stopped 20', 'c started 20']);
  });

  it('barge-in ends all', () => {
    const { player, log, listener, tick } = create();
    player.play(clip(100, 1), pcmu, listener('a'));
    player.play(clip(100, 2), pcmu, listener('b'));
    tick();
    player.stopAll('barge-in');
    expect([tick(), player.playing]).toEqual([null, false]);
    expect(log.slice(1)).toEqual(['a barge-in 20', 'b barge-in 0']);
  });

  describe('streaming prompts', () => {
    it('start with their first audio, give silence when they run dry, end after finish', () => {
      const { player, log, listener, tick } = create();
      const prompt = player.play(null, pcmu, listener('a'));
      expect([tick(), player.ready]).toEqual([null, false]);
      prompt?.append(clip(30, 1).bytes, []);
      expect([tick(), tick(), tick()]).toEqual([[1], [1, silence], [silence]]);
      prompt?.append(clip(10, 2).bytes, []);
      prompt?.append(clip(10, 3).bytes, [{ name: 'm', offsetMs: 45 }]);
      prompt?.finish(true);
      expect([tick(), tick()]).toEqual([[2, 3], null]);
      expect(log).toEqual(['a started 20', 'a mark m', 'a done 50']);
    });

    it('a failure drops what is there and lets the next prompt play', () => {
      const { player, log, listener, tick } = create();
      const prompt = player.play(null, pcmu, listener('a'));
      player.play(clip(20, 9), pcmu, listener('b'));
      prompt?.append(clip(100, 1).bytes, []);
      tick();
      prompt?.finish(false);
      expect(tick()).toEqual([9]);
      expect(log).toEqual(['a started 0', 'a failed 20', 'b started 20']);
    });

    it('fail when they grow beyond ten minutes', () => {
      const { player, log, listener, tick } = create();
      const prompt = player.play(null, pcmu, listener('a'));
      const minute = clip(60_000, 1).bytes;
      for (let i = 0; i < 11; i++) prompt?.append(minute, []);
      tick();
      expect(log).toEqual(['a failed 0']);
    });
  });

  it.each([
    ['a clip of another rate', { ...clip(20, 1), sampleRateHz: 16_000 }],
    ['a clip over ten minutes', clip(600_020, 1)],
  ])('refuses %s', (_, tooMuch) => {
    const { player, log, listener, tick } = create();
    player.play(tooMuch, pcmu, listener('a'));
    expect(tick()).toBeNull();
    expect(log).toEqual(['a failed 0']);
  });

  it('queues at most 64 prompts', () => {
    const { player, log, listener } = create();
    for (let i = 0; i < 65; i++) player.play(clip(20, 1), pcmu, listener(String(i)));
    expect([player.queued, log]).toEqual([64, ['64 failed 0']]);
  });

  it('a codec change in mid-prompt converts the rest', () => {
    const { player, listener } = create();
    const samples = Int16Array.from({ length: 320 }, (_, i) => i * 40);
    const bytes = encodeShared('PCMU', samples);
    player.play({ encoding: 'PCMU', sampleRateHz: 8_000, bytes, marks: [] }, pcmu, listener('a'));
    const first = new Uint8Array(160);
    const second = new Uint8Array(320);
    player.fill(pcmu, first, 0);
    player.fill({ ...pcmu, encoding: 'L16', payloadType: 96 }, second, 0);
    expect([...first]).toEqual([...bytes.subarray(0, 160)]);
    const value = new DataView(second.buffer).getInt16(200);
    expect(Math.abs(value - 260 * 40)).toBeLessThan(300);
  });
});
