import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { compileGrammarDocument } from '../../media/speech/grammar/compile.js';
import { HostStream } from '../../media/worker/host-stream.js';
import type { StreamStats } from '../../media/worker/media-host.js';
import { FakeRecogBackend, FakeSynthBackend } from '../mrcp/testing/fake-backends.js';
import { MrcpServer } from '../mrcp/server.js';
import { planAnswer, type AnswerPolicy } from '../sip/offer-answer.js';
import { MrcpCall } from './mrcp-call.js';
import { SessionMedia } from './session-media.js';

const offer = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.1',
  's=-',
  'c=IN IP4 192.0.2.1',
  't=0 0',
  'm=application 9 TCP/MRCPv2 1',
  'a=setup:active',
  'a=connection:new',
  'a=resource:speechrecog',
  'a=cmid:1',
  'm=audio 4000 RTP/AVP 0',
  'a=mid:1',
  '',
].join('\r\n');

describe('MrcpCall', () => {
  it('names its channels by the session, so that logs and templates name the channel on the wire (6.2.1)', async () => {
    const logger = new MemoryLogger();
    const clock = new FakeClock();
    const policy: AnswerPolicy = {
      encodings: ['PCMU'],
      ownPreference: false,
      resources: ['speechsynth', 'speechrecog'],
    };
    const server = new MrcpServer(
      { address: '127.0.0.1', port: 0 },
      { clock, random: new SeededRandom(1), logger, compileGrammar: compileGrammarDocument },
    );
    const stream = new HostStream(1, 30_000, () => undefined, {
      post: () => undefined,
      requestClose: () => Promise.resolve({} as StreamStats),
      toClockMs: (absoluteMs) => absoluteMs,
      onFault: () => undefined,
      onGone: () => undefined,
    });
    const addresses = {
      bindAddress: '127.0.0.1',
      mediaAddress: '127.0.0.1',
      mrcpAddress: '127.0.0.1',
      mrcpPort: 1_544,
    };
    const media = new SessionMedia(
      { sessionId: '00112233aabbccdd', addresses, continuous: false, sdpSessionId: '1' },
      {
        host: { openStream: () => Promise.resolve(stream), openStreams: 0, close: () => Promise.resolve() },
        logger,
        onLost: () => undefined,
      },
    );
    const call = new MrcpCall(planAnswer(offer, policy), {
      media,
      server,
      policy,
      backends: { synth: () => new FakeSynthBackend(), recog: () => new FakeRecogBackend() },
      logger,
      onClosed: () => undefined,
    });
    expect(await call.open()).toContain('a=channel:00112233aabbccdd@speechrecog\r\n');
    expect(() =>
      server.openSession(
        { onConnectionLost: () => undefined, onInactive: () => undefined },
        '00112233aabbccdd',
      ),
    ).toThrow('already');
    call.end('done');
    expect([server.stats().sessions, clock.pendingTimers]).toEqual([0, 0]);
  });
});
