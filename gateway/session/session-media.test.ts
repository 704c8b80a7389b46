import { describe, expect, test } from 'vitest';

import { MemoryLogger } from '../../config/logger.js';
import { planAnswer, type AnswerPlan } from '../sip/offer-answer.js';
import { SessionMedia } from './session-media.js';
import { addresses, audio, control, policy, portsOf, sdp } from './testing/fake-sip.js';
import { FakeHost } from './testing/fake-media.js';
import { settled } from './testing/kit.js';

function fixture(continuous = false) {
  const host = new FakeHost();
  const lost: string[] = [];
  const media = new SessionMedia(
    { sessionId: 's1', addresses, continuous, sdpSessionId: '77' },
    { host, logger: new MemoryLogger(), onLost: (reason) => lost.push(reason) },
  );
  return { host, lost, media };
}

const plan = (offer: string, previous: AnswerPlan | null = null): AnswerPlan =>
  planAnswer(offer, policy, previous);
const one = plan(sdp(audio(4_000, 'a=mid:1')));
const two = plan(sdp(audio(4_000, 'a=mid:1'), audio(4_002, 'a=mid:2')), one);

describe('keeping streams in step with the m= lines (RFC 3264 section 8)', () => {
  test('an added line opens a stream towards the far end', async () => {
    const { host, media } = fixture(true);
    await media.apply(one);
    expect(host.streams.map(({ options }) => options)).toMatchObject([
      {
        sessionId: 's1',
        localAddress: addresses.bindAddress,
        remote: { address: '192.0.2.1', port: 4_000 },
        codec: { encoding: 'PCMU', clockRateHz: 8_000 },
        direction: 'sendrecv',
        continuous: true,
      },
    ]);
  });

  test('a line that stays is updated, one that is new opens beside it', async () => {
    const { host, media } = fixture();
    await media.apply(one);
    const held = plan(
      sdp(audio(4_100, 'a=mid:1', 'a=sendonly', 'a=rtpmap:8 PCMA/8000'), audio(4_002, 'a=mid:2')),
      one,
    );
    await media.apply(held);
    expect(host.streams).toHaveLength(2);
    expect(host.streams[0]?.updates).toMatchObject([
      { remote: { address: '192.0.2.1', port: 4_100 }, direction: 'recvonly' },
    ]);
    expect(media.lines.map(({ line }) => line.remote.port)).toEqual([4_100, 4_002]);
  });

  test('a removed line closes its stream only', async () => {
    const { host, media } = fixture();
    await media.apply(two);
    await media.apply(plan(sdp(audio(0), audio(4_002, 'a=mid:2')), two));
    expect(host.streams.map(({ closes }) => closes)).toEqual([1, 0]);
    expect(media.lines.map(({ line }) => line.index)).toEqual([1]);
  });

  test('a line that is not accepted opens nothing and is answered with port 0', async () => {
    const { host, media } = fixture();
    await media.apply(two, (line) => line.index === 0);
    expect(host.streams).toHaveLength(1);
    expect(portsOf(media.answer(two))).toEqual([30_000, 0]);
  });

  test('no free port rejects with capacity', async () => {
    const { host, media } = fixture();
    host.portsLeft = 1;
    await expect(media.apply(two)).rejects.toMatchObject({ code: 'capacity' });
  });

  test('a stream that is lost is told', async () => {
    const { host, lost, media } = fixture();
    await media.apply(one);
    host.lose(0, 'worker exited');
    expect(lost).toEqual(['worker exited']);
  });
});

describe('the line of a control channel (RFC 6787 4.4)', () => {
  test.each([
    { cmids: [], index: 0 },
    { cmids: ['1'], index: 0 },
    { cmids: ['2'], index: 1 },
    { cmids: ['9', '2'], index: 1 },
    { cmids: ['9'], index: null },
  ])('cmid $cmids is line $index', async ({ cmids, index }) => {
    const { media } = fixture();
    await media.apply(two);
    expect(media.lineOf(cmids)?.line.index ?? null).toBe(index);
  });

  test('there is none before a line is open', () => {
    expect(fixture().media.lineOf([])).toBeNull();
  });
});

describe('our descriptions', () => {
  test('name the port of each stream, the MRCP port and the channel, and a new version each time', async () => {
    const { media } = fixture();
    const both = plan(sdp(control('speechsynth', 'a=cmid:1'), audio(4_000, 'a=mid:1')));
    await media.apply(both);
    const answers = [1, 2].map(() => media.answer(both, new Map([[0, '0f@speechsynth']])));
    expect(portsOf(answers[0] ?? '')).toEqual([addresses.mrcpPort, 30_000]);
    expect(answers[0]).toContain('a=channel:0f@speechsynth\r\n');
    expect(answers.map((text) => /o=\S+ (\d+ \d+) /.exec(text)?.[1])).toEqual(['77 1', '77 2']);
  });

  test('a delayed offer opens a stream that waits, and offers all encodings (RFC 3261 13.2.1)', async () => {
    const { host, media } = fixture(true);
    const offer = await media.offer(['PCMU', 'PCMA'], 20);
    expect(portsOf(offer)).toEqual([30_000]);
    expect(offer).toContain('m=audio 30000 RTP/AVP 0 8');
    expect(host.streams[0]?.options).toMatchObject({ direction: 'inactive', remote: { port: 9 } });
    await media.apply(plan(sdp(audio(4_000))));
    expect(host.streams[0]?.updates).toMatchObject([{ direction: 'sendrecv', remote: { port: 4_000 } }]);
  });
});

describe('closing', () => {
  test('closes every stream once and gives their counters', async () => {
    const { host, media } = fixture();
    await media.apply(two);
    expect(await media.close()).toHaveLength(2);
    expect(await media.close()).toEqual([]);
    expect(host.streams.map(({ closes }) => closes)).toEqual([1, 1]);
    expect(media.lines).toEqual([]);
  });

  test('while a port is being bound closes the stream as soon as it is there', async () => {
    const { host, media } = fixture();
    host.hold();
    const applied = media.apply(two);
    await media.close();
    expect(host.openStreams).toBe(1);
    host.release();
    await applied;
    await settled();
    expect([host.openStreams, host.streams.length]).toEqual([0, 1]);
  });
});
