import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeClock, SystemClock } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { Grammar } from '../../media/speech/grammar/grammar.js';
import type { RecognitionResult, RecognizeRequest, Recognizer } from '../../media/speech/recognizer.js';
import type { SynthesisRequest, Synthesizer } from '../../media/speech/synthesizer.js';
import type { RecognizerFixture } from '../conformance/recognizer-rules.js';
import { describeRecognizer } from '../conformance/recognizer-suite.js';
import { synthesize, telephoneLine } from '../conformance/telephone.js';
import { requireEspeak } from '../espeak/testing/require-espeak.js';
import { EspeakSynthesizer } from '../espeak/synthesizer.js';
import { FliteSynthesizer } from '../flite/synthesizer.js';
import { SoundswallowerRecognizer, createRecognizer } from './recognizer.js';

const phrases = [
  'check my account balance',
  'pay my credit card',
  'transfer money to savings',
  'speak to an operator',
  'report a lost card',
  'open a new account',
  'my internet is not working',
  'cancel my order',
  'where is my package',
  'change my delivery address',
  'I forgot my password',
  'what are your opening hours',
  'talk to the sales department',
  'I want to return an item',
  'book an appointment',
  'repeat that please',
  'yes that is correct',
  'no that is wrong',
  'go back to the main menu',
  'goodbye',
];

const speech: SynthesisRequest = {
  text: '',
  format: 'text',
  language: 'en-US',
  voice: '',
  speed: 1,
  pitch: 1,
  volume: 1,
  sampleRateHz: 16_000,
  extras: {},
};

const listening: RecognizeRequest = {
  sessionId: 's1',
  sampleRateHz: 8_000,
  language: 'en-US',
  grammars: [],
  hints: phrases,
  interimResults: false,
  nBest: 1,
};

interface Outcome {
  readonly text: string;
  readonly result: RecognitionResult;
  readonly warnings: readonly string[];
}

function recognize(
  recognizer: Recognizer,
  samples: Int16Array,
  changes: Partial<RecognizeRequest> = {},
): Promise<Outcome> {
  const warnings: string[] = [];
  return new Promise((resolve, reject) => {
    const listener = {
      onPartial: () => undefined,
      onFinal: (result: RecognitionResult) =>
        resolve({ text: result.alternatives[0]?.text ?? '', result, warnings }),
      onError: reject,
      onWarning: (message: string, fields: object) =>
        void warnings.push(`${message} ${JSON.stringify(fields)}`),
    };
    const handle = recognizer.recognize({ ...listening, ...changes }, listener, new AbortController().signal);
    for (let at = 0; at < samples.length; at += 160) {
      handle.writeFrame({ samples: samples.subarray(at, at + 160), sampleRateHz: 8_000, timestamp: at });
    }
    handle.stop();
  });
}

const flite = new FliteSynthesizer({ clock: new SystemClock() });
const recognizer = new SoundswallowerRecognizer({ maxDecoders: 4, clock: new SystemClock() });
const say = async (text: string, voice = '') =>
  telephoneLine(await synthesize(flite, { ...speech, text, voice }), 16_000);
let goodSpeech = new Int16Array(0);

beforeAll(async () => {
  goodSpeech = Int16Array.from(await say('pay my credit card'));
});

afterAll(async () => {
  await flite.close();
  await recognizer.close();
});

function createFixture(maxWaiting: number): RecognizerFixture {
  const tried = new SoundswallowerRecognizer({ maxDecoders: 2, maxWaiting, clock: new SystemClock() });
  return {
    recognizer: tried,
    request: listening,
    speech: goodSpeech,
    expected: 'pay my credit card',
    unsupported: { ...listening, language: 'zh-CN' },
    capacity: 2,
    queue: maxWaiting,
    patienceMs: 15_000,
    quietMs: 500,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    close: async () => {
      await tried.close();
      expect(tried.running).toBe(0);
    },
  };
}

describeRecognizer('soundswallower', () => createFixture(3));
describeRecognizer('soundswallower without a queue', () => createFixture(0));

describe('on a telephone line, twenty phrases are understood at 95 % and more', () => {
  async function countRight(
    engine: Synthesizer,
    changes: Partial<SynthesisRequest>,
  ): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const phrase of phrases) {
      const rate = engine.capabilities.sampleRatesHz[0] ?? 0;
      const audio = await synthesize(engine, { ...speech, sampleRateHz: rate, ...changes, text: phrase });
      const { text } = await recognize(recognizer, telephoneLine(audio, rate));
      if (text !== phrase.toLowerCase()) wrong.push(`${phrase} -> ${text}`);
    }
    return wrong;
  }

  it.each(['slt', 'rms', 'awb'])('spoken by flite %s', async (voice) => {
    expect((await countRight(flite, { voice })).length).toBeLessThanOrEqual(1);
  });

  it('spoken by espeak-ng', async () => {
    const espeak = new EspeakSynthesizer(await requireEspeak());
    expect((await countRight(espeak, {})).length).toBeLessThanOrEqual(1);
    await espeak.close();
  });
});

it('at the default threshold of 0.5, what is in the grammar is kept and half of what is not is rejected', async () => {
  const strangers = [
    'what is the weather tomorrow',
    'my dog ate the homework',
    'the train leaves at noon',
    'pizza with extra cheese',
    'turn off the kitchen light',
    'two tickets for the movie',
    'the president gave a speech',
    'tell me a joke',
    'it rained all day',
    'maybe later',
  ];
  const isAccepted = async (phrase: string, voice: string) => {
    const { result } = await recognize(recognizer, await say(phrase, voice));
    return (result.alternatives[0]?.confidence ?? 0) >= 0.5;
  };
  let kept = 0;
  let strays = 0;
  for (const voice of ['slt', 'rms', 'awb']) {
    for (const phrase of phrases) if (await isAccepted(phrase, voice)) kept++;
    for (const phrase of strangers) if (await isAccepted(phrase, voice)) strays++;
  }
  expect(kept).toBeGreaterThanOrEqual(3 * phrases.length * 0.95);
  expect(strays).toBeLessThanOrEqual((3 * strangers.length) / 2);
});

describe('SoundswallowerRecognizer', () => {
  const alternatives = (...texts: string[]): Grammar => ({
    kind: 'rules',
    uri: 'session:test',
    mode: 'voice',
    language: 'en-US',
    weight: 1,
    root: 'main',
    rules: {
      main: {
        type: 'alternatives',
        items: texts.map((text) => ({
          weight: 1,
          expansion: {
            type: 'sequence',
            items: text.split(' ').map((word) => ({ type: 'token', text: word })),
          },
        })),
      },
    },
  });

  it('gives back the tokens of the grammar for numbers and signs, however they are said', async () => {
    const grammars = [alternatives('option 4', 'option 42', 'r&d', 'route 66')];
    for (const [spoken, token] of [
      ['option four', 'option 4'],
      ['option forty two', 'option 42'],
      ['route six six', 'route 66'],
      ['R and D', 'r&d'],
    ] as const) {
      expect((await recognize(recognizer, await say(spoken), { grammars })).text).toBe(token);
    }
  });

  it('takes names that no dictionary has, and says that it guessed', async () => {
    const grammars = [alternatives('quixtalo', 'brandivane', 'zemplory')];
    const { text, warnings } = await recognize(recognizer, await say('brandivane'), { grammars });
    expect(text).toBe('brandivane');
    expect(warnings).toEqual([
      'pronunciation guessed from spelling {"words":["quixtalo","brandivane","zemplory"]}',
    ]);
  });

  it('drops phrases that cannot be said in English, and refuses a grammar of nothing else', async () => {
    const grammars = [alternatives('查话费', 'goodbye')];
    const { text, warnings } = await recognize(recognizer, await say('goodbye'), { grammars });
    expect(text).toBe('goodbye');
    expect(warnings).toEqual([
      'grammar phrase dropped: word not in the dictionary {"word":"查话费","phrase":"查话费"}',
    ]);
    await expect(
      recognize(recognizer, goodSpeech, { grammars: [alternatives('查话费')] }),
    ).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  it('gives word times and probabilities', async () => {
    const { result } = await recognize(recognizer, goodSpeech);
    const words = result.alternatives[0]?.words ?? [];
    expect(words.map(({ text }) => text)).toEqual(['pay', 'my', 'credit', 'card']);
    expect(words[0]?.startMs).toBeLessThan(500);
    expect(words[3]?.endMs).toBeLessThanOrEqual(goodSpeech.length / 8 + 50);
    expect(result.alternatives[0]?.confidence).toBeGreaterThan(0.5);
  });

  it('refuses free transcription and other rates with a clear text', async () => {
    await expect(recognize(recognizer, goodSpeech, { hints: [] })).rejects.toThrow(
      'give it a grammar or hints',
    );
    await expect(recognize(recognizer, goodSpeech, { sampleRateHz: 16_000 })).rejects.toThrow('16000');
  });

  it('twenty callers who speak at once are all understood by four decoders', async () => {
    const spoken = await Promise.all(phrases.map((phrase) => say(phrase)));
    const heard = new Map<string, string>();
    const handles = phrases.map((phrase, i) =>
      recognizer.recognize(
        { ...listening, sessionId: `caller ${i}` },
        {
          onPartial: () => undefined,
          onWarning: () => undefined,
          onFinal: ({ alternatives }) => heard.set(phrase, alternatives[0]?.text ?? ''),
          onError: ({ code }) => heard.set(phrase, code),
        },
        new AbortController().signal,
      ),
    );
    expect(recognizer.running).toBe(20);
    for (let at = 0; handles.some((_, i) => at < (spoken[i]?.length ?? 0)); at += 160) {
      handles.forEach((handle, i) => {
        const samples = spoken[i]?.subarray(at, at + 160) ?? new Int16Array(0);
        if (samples.length > 0) handle.writeFrame({ samples, sampleRateHz: 8_000, timestamp: at });
        else handle.stop();
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    handles.forEach((handle) => handle.stop());
    await vi.waitFor(() => expect(heard.size).toBe(20), 15_000);
    expect([...heard].filter(([phrase, text]) => text !== phrase.toLowerCase())).toEqual([]);
    expect(recognizer.running).toBe(0);
  });

  it('fails what runs when its thread dies, and starts another for what waits and what comes', async () => {
    const script = `
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', (m) => {
        if (m.grammars?.length === 2) throw new Error('trap');
        if (m.type === 'stop') parentPort.postMessage({ type: 'final', id: m.id, words: [] });
      });`;
    const clock = new FakeClock();
    const dying = new SoundswallowerRecognizer({
      maxDecoders: 1,
      clock,
      script: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
    });
    const two = { grammars: [alternatives('a'), alternatives('b')] };
    await expect(recognize(dying, goodSpeech, two)).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
    expect((await recognize(dying, goodSpeech)).text).toBe('');
    const runs = recognize(dying, goodSpeech, two);
    const waits = recognize(dying, goodSpeech);
    await expect(runs).rejects.toMatchObject({ code: 'unavailable' });
    expect((await waits).text).toBe('');
    expect(dying.running).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    await dying.close();
  });

  it('gives up on a thread that does not answer', async () => {
    const clock = new FakeClock();
    const script = new URL('data:text/javascript,setInterval(() => {}, 1000)');
    const mute = new SoundswallowerRecognizer({ maxDecoders: 1, clock, script });
    const warm = mute.warmUp();
    const heard = recognize(mute, goodSpeech);
    clock.advance(speechLimits.recognizerFinalMs);
    await expect(heard).rejects.toMatchObject({ code: 'timeout', retryable: true });
    await expect(warm).rejects.toBeInstanceOf(SpeechError);
    expect(clock.pendingTimers).toBe(0);
    await mute.close();
    await expect(mute.warmUp()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is what a media worker loads by its module', async () => {
    const loaded = createRecognizer({ maxDecoders: 1 });
    await loaded.warmUp();
    expect((await recognize(loaded, goodSpeech)).text).toBe('pay my credit card');
    await loaded.close();
    for (const maxDecoders of [0, 65, 1.5, '2'])
      expect(() => createRecognizer({ maxDecoders })).toThrow('maxDecoders');
    for (const maxWaiting of [-1, speechLimits.recognizerQueue + 1, '2'])
      expect(() => createRecognizer({ maxWaiting })).toThrow('maxWaiting');
  });
});
