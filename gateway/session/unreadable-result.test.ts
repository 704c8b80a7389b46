import { describe, expect, it } from 'vitest';
import { MemoryLogger } from '../../config/logger.js';
import type { Expansion, Grammar } from '../../media/speech/grammar/grammar.js';
import { HostStream } from '../../media/worker/host-stream.js';
import type { StreamCommand } from '../../media/worker/protocol.js';
import type { RecogOutcome, RecogRequest } from '../mrcp/backend.js';
import { planAnswer } from '../sip/offer-answer.js';
import type { DialogueSession } from './dialogue-session.js';
import { ListeningBackend } from './recog-backend.js';
import { SessionMedia } from './session-media.js';

const offer =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';

/** Rules that refer to each other deeper than any stack; no compiler of ours makes one. */
function bottomless(links: number): Grammar {
  const rules: Record<string, Expansion> = { [`r${links}`]: { type: 'token', text: '1' } };
  for (let i = 0; i < links; i++) rules[`r${i}`] = { type: 'rule', name: `r${i + 1}` };
  return { kind: 'rules', uri: 'session:x', mode: 'dtmf', language: 'en-US', weight: 1, root: 'r0', rules };
}

const request: RecogRequest = {
  requestId: 7,
  grammars: [bottomless(50_000)],
  speechLanguage: null,
  noInputTimeoutMs: 5_000,
  recognitionTimeoutMs: 10_000,
  speechCompleteTimeoutMs: 800,
  speechIncompleteTimeoutMs: 1_500,
  dtmfInterdigitTimeoutMs: 4_000,
  dtmfTermTimeoutMs: 2_000,
  dtmfTermChar: '#',
  startInputTimers: true,
  confidenceThreshold: 0.5,
  nBestListLength: 1,
  vendorParameters: new Map(),
};

describe('ListeningBackend', () => {
  it('completes a RECOGNIZE whose result cannot be read with recognizer-error, and throws nothing', async () => {
    const posted: StreamCommand[] = [];
    const stream = new HostStream(1, 30_000, () => undefined, {
      post: (command) => posted.push(command),
      requestClose: () => Promise.reject(new Error('not closed here')),
      toClockMs: (absoluteMs) => absoluteMs,
      onFault: () => undefined,
      onGone: () => undefined,
    });
    const logger = new MemoryLogger();
    const addresses = {
      bindAddress: '127.0.0.1',
      mediaAddress: '127.0.0.1',
      mrcpAddress: '127.0.0.1',
      mrcpPort: 1_544,
    };
    const media = new SessionMedia(
      { sessionId: 's1', addresses, continuous: false, sdpSessionId: '1' },
      {
        host: {
          openStream: () => Promise.resolve(stream),
          openStreams: 0,
          close: () => Promise.resolve(),
        },
        logger,
        onLost: () => undefined,
      },
    );
    await media.apply(planAnswer(offer, { encodings: ['PCMU'], ownPreference: false, resources: [] }));
    const backend = new ListeningBackend({
      sessionId: 's1',
      media,
      lineIndex: 0,
      choose: () => ({ mode: 'recognition', template: '', tree: '', unknownTree: null }),
      recognizerFor: () => null,
      dialogue: { close: () => undefined } as DialogueSession,
      metrics: { speechFailed: () => undefined },
      language: 'en-US',
      logger,
    });
    const outcomes: RecogOutcome[] = [];
    backend.recognize(request, {
      onStartOfInput: () => undefined,
      onComplete: (outcome) => outcomes.push(outcome),
    });
    const listen = posted[0];
    if (listen?.type !== 'listen') throw new Error('nothing listens');
    stream.handle({
      type: 'complete',
      stream: 1,
      listen: listen.listen,
      outcome: {
        cause: 'success',
        mode: 'dtmf',
        result: { alternatives: [] },
        digits: '1',
        error: null,
        inputStartedAtMs: null,
        endpointAtMs: null,
        resultAtMs: 0,
      },
    });
    expect(outcomes).toEqual([{ cause: 'recognizer-error', reason: 'internal error' }]);
    backend.close();
  });
});
