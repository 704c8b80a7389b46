import type { ListenSpec } from '../../dialog/action.js';
import { builtinGrammar } from '../../media/speech/grammar/builtin.js';
import type { Grammar } from '../../media/speech/grammar/grammar.js';
import { phraseGrammar } from '../../media/speech/grammar/phrases.js';
import type { RecognizeRequest } from '../../media/speech/recognizer.js';
import type { DtmfRequest, ListenRequest } from '../../media/worker/media-host.js';

/** Timing of one listen, from the configuration (voice calls) or the platform's header fields (MRCP). */
export interface ListenTiming {
  readonly recognitionTimeoutMs: number;
  readonly speechCompleteTimeoutMs: number;
  readonly speechIncompleteTimeoutMs: number;
  readonly interdigitTimeoutMs: number;
  readonly termTimeoutMs: number;
  readonly bargeInMinSpeechMs: number;
  readonly confidenceThreshold: number;
}

/** Everything a dialog's `listen` needs to become a request to a media worker. */
export interface ListenContext {
  readonly sessionId: string;
  readonly sampleRateHz: number;
  readonly recognizer: string;
  readonly timing: ListenTiming;
  /** May input interrupt the prompts that play now? */
  readonly bargeIn: ListenRequest['bargeIn'];
  readonly startInputTimers: boolean;
}

/** Turns what the dialog tree listens for into a recogniser request with grammars, hints, DTMF and timers. */
export function toListenRequest(listen: ListenSpec, context: ListenContext): ListenRequest {
  const { timing } = context;
  return {
    recognizer: context.recognizer,
    recognition: toRecognizeRequest(listen, context),
    dtmf: toDtmfRequest(listen, timing),
    noInputTimeoutMs: listen.noInputMs,
    recognitionTimeoutMs: timing.recognitionTimeoutMs,
    speechCompleteTimeoutMs: timing.speechCompleteTimeoutMs,
    speechIncompleteTimeoutMs: timing.speechIncompleteTimeoutMs,
    startInputTimers: context.startInputTimers,
    bargeIn: context.bargeIn,
    bargeInMinSpeechMs: timing.bargeInMinSpeechMs,
    confidenceThreshold: timing.confidenceThreshold,
  };
}

/** The voice part: grammars from the node's examples or the typed ask, the examples as hints besides. */
function toRecognizeRequest(
  listen: ListenSpec,
  context: { readonly sessionId: string; readonly sampleRateHz: number },
): RecognizeRequest {
  return {
    sessionId: context.sessionId,
    sampleRateHz: context.sampleRateHz,
    language: listen.language,
    grammars: voiceGrammars(listen),
    hints: listen.phrases,
    interimResults: true,
    nBest: 1,
  };
}

function voiceGrammars(listen: ListenSpec): Grammar[] {
  const { language, phrases } = listen;
  const known = phrases.length > 0 ? [phraseGrammar('session:node', phrases, language)] : [];
  switch (listen.expect) {
    case 'phrases':
      return known;
    case 'free':
      return [];
    case 'digits':
      return [builtin('builtin:grammar/digits', language), ...known];
    case 'yes-no':
      return [builtin('builtin:grammar/boolean', language), ...known];
  }
}

function builtin(uri: string, language: string): Grammar {
  // An ask in a language without rules is transcribed; that is what the tree's own reading of the text is for.
  return builtinGrammar(uri, { language, strict: false }, () => undefined);
}

/** Keys pressed this long before a listen begins count for it: callers type on while the bot decides. */
const typeAheadMs = 2_000;

function toDtmfRequest(listen: ListenSpec, timing: ListenTiming): DtmfRequest | null {
  if (!listen.dtmf) return null;
  const { keys, minDigits, maxDigits, termChar } = listen.dtmf;
  const grammars: DtmfRequest['grammars'][number][] = [];
  if (keys.length > 0) grammars.push(keyGrammar(keys, listen.language));
  if (maxDigits > 0) grammars.push(digitsGrammar(minDigits, maxDigits, listen.language));
  return {
    grammars,
    interdigitTimeoutMs: timing.interdigitTimeoutMs,
    termTimeoutMs: timing.termTimeoutMs,
    termChar,
    typeAheadMs,
  };
}

function keyGrammar(keys: readonly string[], language: string): DtmfRequest['grammars'][number] {
  const items = keys.map((key) => ({
    weight: 1,
    expansion: {
      type: 'sequence' as const,
      items: [...key].map((text) => ({ type: 'token' as const, text })),
    },
  }));
  return {
    kind: 'rules',
    uri: 'session:keys',
    mode: 'dtmf',
    language,
    weight: 1,
    root: 'keys',
    rules: { keys: { type: 'alternatives', items } },
  };
}

function digitsGrammar(min: number, max: number, language: string): DtmfRequest['grammars'][number] {
  const digit = [...'0123456789'].map((text) => ({ weight: 1, expansion: { type: 'token' as const, text } }));
  return {
    kind: 'rules',
    uri: 'session:digits',
    mode: 'dtmf',
    language,
    weight: 1,
    root: 'digits',
    rules: { digits: { type: 'repeat', min, max, item: { type: 'alternatives', items: digit } } },
  };
}
