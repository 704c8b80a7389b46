import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { prepareTree } from '../../dialog/candidates.js';
import { loadTree } from '../../dialog/load.js';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import { SynthesisCache } from '../../media/speech/synthesis-cache.js';
import { ManualSynthesizer, plainEncode } from '../../media/speech/testing/manual-synthesizer.js';
import { HostStream } from '../../media/worker/host-stream.js';
import type { MediaHost, MediaStream, RtpCodec, StreamStats } from '../../media/worker/media-host.js';
import { planAnswer, type AnswerPolicy } from '../sip/offer-answer.js';
import { Conversation } from './conversation.js';
import { PhoneCall } from './phone-call.js';
import { PromptSpeaker } from './prompt-speaker.js';
import { SessionMedia } from './session-media.js';
import { VoiceBot, type VoiceBotSettings } from './voice-bot.js';

/** Asks again, as many menus do. */
const circlingTree = `tree: circle
language: en-US
start: menu
nodes:
  menu:
    say: Bill or fault?
    listen:
      branches:
        - { id: bill, go: bye, examples: [my bill] }
        - { id: fault, go: bye, examples: [a fault] }
      no_input: { after: 2s, prompts: [Hello?], max: 1, then: menu }
      no_match: { prompts: [Pardon?], max: 1, then: menu }
  bye: { end: { say: Goodbye. } }
`;

const pcmu: RtpCodec = { encoding: 'PCMU', payloadType: 0, clockRateHz: 8_000, ptimeMs: 20 };
const settings: VoiceBotSettings = {
  timing: {
    recognitionTimeoutMs: 10_000,
    speechCompleteTimeoutMs: 700,
    speechIncompleteTimeoutMs: 1_200,
    interdigitTimeoutMs: 3_000,
    termTimeoutMs: 900,
    bargeInMinSpeechMs: 120,
    confidenceThreshold: 0.4,
  },
  bargeIn: true,
  recognizerFor: () => 'fake',
  handoverTarget: null,
  unavailablePrompt: () => 'Sorry.',
  playoutDelayMs: 300,
  maxCallMs: 60_000,
};
const noStats = {} as StreamStats;

function createStream(post: () => void = () => undefined): MediaStream {
  return new HostStream(1, 30_000, () => undefined, {
    post,
    requestClose: () => Promise.resolve(noStats),
    toClockMs: (absoluteMs) => absoluteMs,
    onFault: () => undefined,
    onGone: () => undefined,
  });
}

async function createBot(stream: MediaStream, endings: string[]) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const { tree } = loadTree(circlingTree, 'circle.yaml');
  if (!tree) throw new Error('the tree has an error');
  const scorer = new NgramScorer();
  await prepareTree(scorer, tree);
  const createResampler = (): never => {
    throw new Error('no resampling here');
  };
  const cache = new SynthesisCache(
    { ttlMs: 1_000, maxBytes: 10_000, finishAbandoned: false },
    { clock, logger, encode: plainEncode, createResampler },
  );
  const bot = new VoiceBot({
    sessionId: 's1',
    settings,
    call: {
      hangUp: (reason) => {
        endings.push(reason);
        bot.close();
      },
      transfer: () => Promise.reject(new Error('no transfer here')),
    },
    stream,
    codec: pcmu,
    conversation: new Conversation({
      sessionId: 's1',
      tree,
      scorers: { primary: scorer, fallback: null, timeoutMs: 1_000 },
      clock,
      logger,
    }),
    speaker: new PromptSpeaker([new ManualSynthesizer()], { cache, logger }),
    clock,
    logger,
    metrics: { observe: () => undefined, turnDecided: () => undefined, speechFailed: () => undefined },
  });
  return { bot, clock };
}

/** Lets everything happen that waits for a promise only. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a call whose audio stream is gone', () => {
  it('hangs up instead of leading the tree to a human with no-matches', async () => {
    const stream = createStream();
    await stream.close();
    const endings: string[] = [];
    const { bot, clock } = await createBot(stream, endings);
    bot.start({});
    await nextTurn();
    expect(endings).toEqual(['the audio of the call ended']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a turn that fails while it is performed', () => {
  it('ends its own call, and no rejection is left over for the process', async () => {
    const endings: string[] = [];
    const broken = createStream(() => {
      throw new Error('the port is closed');
    });
    const { bot } = await createBot(broken, endings);
    bot.start({});
    await nextTurn();
    expect(endings).toEqual(['turn failed']);
  });
});

describe('a re-INVITE that takes the audio of a call away', () => {
  const policy: AnswerPolicy = { encodings: ['PCMU'], ownPreference: false, resources: [] };
  const session = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n';
  const audio = 'm=audio 4000 RTP/AVP 0\r\n';

  async function openCall() {
    const host: MediaHost = {
      openStream: () => Promise.resolve(createStream()),
      openStreams: 0,
      close: () => Promise.resolve(),
    };
    const logger = new MemoryLogger();
    const addresses = {
      bindAddress: '127.0.0.1',
      mediaAddress: '127.0.0.1',
      mrcpAddress: '127.0.0.1',
      mrcpPort: 1_544,
    };
    const media = new SessionMedia(
      { sessionId: 's1', addresses, continuous: true, sdpSessionId: '1' },
      { host, logger, onLost: () => undefined },
    );
    const call = new PhoneCall(planAnswer(session + audio, policy), {
      media,
      policy,
      ptimeMs: 20,
      logger,
      createBot: () => {
        throw new Error('the call is never confirmed here');
      },
      variables: {},
      onClosed: () => undefined,
    });
    await call.open();
    return { call, media };
  }

  it.each([
    ['disables it', 'm=audio 0 RTP/AVP 0\r\n'],
    ['moves it to another line', `m=audio 0 RTP/AVP 0\r\n${audio}`],
  ])('is refused with 488 when it %s, and the call goes on as it was (RFC 3261 14.2)', async (_, lines) => {
    const { call, media } = await openCall();
    expect(call.onReinvite(session + lines)).toEqual({ accept: false, status: 488 });
    expect(media.lines.map(({ line }) => line.index)).toEqual([0]);
  });

  it('is accepted when the audio line stays and another is added', async () => {
    const { call, media } = await openCall();
    await expect(call.onReinvite(session + audio + audio)).resolves.toMatchObject({ accept: true });
    expect(media.lines.map(({ line }) => line.index)).toEqual([0]);
  });
});
