import type { Grammar } from '../../../media/speech/grammar/grammar.js';
import type {
  RecogBackend,
  RecogControl,
  RecogListener,
  RecogRequest,
  SpeakControl,
  SpeakListener,
  SpeakRequest,
  SynthBackend,
} from '../backend.js';
import type { GrammarCompiler } from '../grammar-compiler.js';

/** One SPEAK as the fake synthesiser has it; a test completes it by hand. */
export interface FakeSpeak {
  readonly request: SpeakRequest;
  readonly listener: SpeakListener;
  /** What was asked of its control, in order. */
  readonly calls: string[];
}

/** A synthesiser that says nothing until the test lets it. */
export class FakeSynthBackend implements SynthBackend {
  readonly speaks: FakeSpeak[] = [];
  closed = 0;
  /** What `speak` does before it returns (fail at once, throw, complete at once). */
  onSpeak: (speak: FakeSpeak) => void = () => undefined;

  speak(request: SpeakRequest, listener: SpeakListener): SpeakControl {
    const calls: string[] = [];
    const speak = { request, listener, calls };
    this.speaks.push(speak);
    this.onSpeak(speak);
    return {
      pause: () => void calls.push('pause'),
      resume: () => void calls.push('resume'),
      stop: () => void calls.push('stop'),
    };
  }

  close(): void {
    this.closed++;
  }

  /** The SPEAK with this request-id; throws when the backend never got it. */
  find(requestId: number): FakeSpeak {
    const speak = this.speaks.find(({ request }) => request.requestId === requestId);
    if (!speak) throw new Error(`SPEAK ${requestId} never reached the backend`);
    return speak;
  }
}

/** One RECOGNIZE as the fake recogniser has it. */
export interface FakeRecognition {
  readonly request: RecogRequest;
  readonly listener: RecogListener;
  readonly calls: string[];
}

/** A recogniser that hears nothing until the test lets it. */
export class FakeRecogBackend implements RecogBackend {
  readonly recognitions: FakeRecognition[] = [];
  closed = 0;
  onRecognize: (recognition: FakeRecognition) => void = () => undefined;

  recognize(request: RecogRequest, listener: RecogListener): RecogControl {
    const calls: string[] = [];
    const recognition = { request, listener, calls };
    this.recognitions.push(recognition);
    this.onRecognize(recognition);
    return {
      startInputTimers: () => void calls.push('startInputTimers'),
      stop: () => void calls.push('stop'),
    };
  }

  close(): void {
    this.closed++;
  }

  find(requestId: number): FakeRecognition {
    const recognition = this.recognitions.find(({ request }) => request.requestId === requestId);
    if (!recognition) throw new Error(`RECOGNIZE ${requestId} never reached the backend`);
    return recognition;
  }
}

function transcribe(uri: string, language: string): Grammar {
  return { kind: 'transcribe', uri, mode: 'voice', language };
}

/**
 * A grammar compiler by script: text/uri-list looks `session:` up and takes `builtin:`; other known types compile to
 * one grammar unless the body contains `BROKEN`; a multipart body has
 * `session:part-1`, a part without a name, and a list that refers to the first; `THROW` throws.
 */
export const fakeCompiler: GrammarCompiler = (contentType, body, context) => {
  if (body.includes('THROW')) throw new Error('compiler defect');
  if (body.includes('BROKEN'))
    return { ok: false, kind: 'failed', cause: 'grammar-compilation-failure', reason: 'line 1: "BROKEN"' };
  const type = contentType.split(';')[0]?.trim().toLowerCase();
  if (type === 'multipart/mixed') {
    const part = transcribe('session:part-1', context.language);
    return { ok: true, grammars: [part, transcribe(context.uri, context.language), part], warnings: [] };
  }
  if (type === 'application/srgs+xml' || type === 'application/x-jsgf')
    return { ok: true, grammars: [transcribe(context.uri, context.language)], warnings: [] };
  if (type !== 'text/uri-list')
    return { ok: false, kind: 'unsupported-type', cause: 'grammar-load-failure', reason: `unknown ${type}` };

  const grammars: Grammar[] = [];
  for (const uri of body.split(/\r?\n/).filter((line) => line !== '')) {
    const found = uri.startsWith('session:') ? context.lookup(uri) : [transcribe(uri, context.language)];
    if (!found) return { ok: false, kind: 'failed', cause: 'grammar-load-failure', reason: `no ${uri}` };
    grammars.push(...found);
  }
  return { ok: true, grammars, warnings: [] };
};
