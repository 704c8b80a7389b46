import type { Grammar } from '../../media/speech/grammar/grammar.js';
import { matchGrammar, tokenize } from '../../media/speech/grammar/match.js';
import type { ListenOutcome, ListenRequest } from '../../media/worker/media-host.js';
import type { RecogOutcome, RecogRequest } from '../mrcp/backend.js';
import {
  asteriskResultBytes,
  buildNlsml,
  heardInput,
  nlsmlContentType,
  type NlsmlInterpretation,
} from '../mrcp/nlsml.js';

/** What a RECOGNIZE needs besides its own header fields. */
export interface RecognitionContext {
  readonly sessionId: string;
  readonly sampleRateHz: number;
  readonly recognizer: string;
  /** BCP 47, for requests that name none. */
  readonly language: string;
}

type DtmfGrammar = Extract<Grammar, { kind: 'rules' }>;

/** The client's DTMF grammars with its digit timing, or null when it has none (RFC 6787 9.4.17 to 9.4.19). */
export function dtmfRequest(request: RecogRequest, more: readonly DtmfGrammar[] = []): ListenRequest['dtmf'] {
  const own = request.grammars.filter((grammar): grammar is DtmfGrammar => grammar.mode === 'dtmf');
  const grammars = [...own, ...more];
  if (grammars.length === 0) return null;
  return {
    grammars,
    interdigitTimeoutMs: request.dtmfInterdigitTimeoutMs,
    termTimeoutMs: request.dtmfTermTimeoutMs,
    termChar: request.dtmfTermChar,
    typeAheadMs: request.dtmfBufferTimeMs ?? 0,
  };
}

/** The parts of a listen that every RECOGNIZE takes from its header fields. */
export function listenTimers(
  request: RecogRequest,
): Pick<
  ListenRequest,
  | 'noInputTimeoutMs'
  | 'recognitionTimeoutMs'
  | 'speechCompleteTimeoutMs'
  | 'speechIncompleteTimeoutMs'
  | 'startInputTimers'
  | 'bargeIn'
  | 'bargeInMinSpeechMs'
  | 'confidenceThreshold'
> {
  return {
    noInputTimeoutMs: request.noInputTimeoutMs,
    recognitionTimeoutMs: request.recognitionTimeoutMs,
    speechCompleteTimeoutMs: request.speechCompleteTimeoutMs,
    speechIncompleteTimeoutMs: request.speechIncompleteTimeoutMs,
    startInputTimers: request.startInputTimers,
    // The client decides what to interrupt: it gets START-OF-INPUT and sends STOP or BARGE-IN-OCCURRED.
    bargeIn: 'none',
    bargeInMinSpeechMs: 0,
    confidenceThreshold: request.confidenceThreshold,
  };
}

/** A RECOGNIZE with nothing but the client's own grammars. */
export function plainListenRequest(request: RecogRequest, context: RecognitionContext): ListenRequest {
  const voice = request.grammars.filter(({ mode }) => mode === 'voice');
  return {
    ...listenTimers(request),
    recognizer: context.recognizer,
    recognition:
      voice.length === 0
        ? null
        : {
            sessionId: context.sessionId,
            sampleRateHz: context.sampleRateHz,
            language: request.speechLanguage ?? voice[0]?.language ?? context.language,
            grammars: voice,
            hints: [],
            interimResults: true,
            nBest: request.nBestListLength,
          },
    dtmf: dtmfRequest(request),
  };
}

/** RECOGNITION-COMPLETE of what was heard, as NLSML (RFC 6787 9.6); text that no grammar takes is no-match. */
export function plainOutcome(request: RecogRequest, outcome: ListenOutcome): RecogOutcome {
  const reason = outcome.error ? { reason: outcome.error.message } : {};
  const interpretations = outcome.mode === 'dtmf' ? ofDigits(request, outcome) : ofSpeech(request, outcome);
  const succeeded = outcome.cause === 'success' || outcome.cause === 'success-maxtime';
  if (!succeeded) return { cause: outcome.cause, ...reason };
  if (interpretations.length === 0) return { cause: 'no-match', ...reason };
  const grammar = interpretations[0]?.grammar ?? null;
  const body = buildNlsml({ grammar, interpretations }, asteriskResultBytes);
  return { cause: outcome.cause, contentType: nlsmlContentType, body };
}

function ofDigits(request: RecogRequest, { digits }: ListenOutcome): NlsmlInterpretation[] {
  const found = bestMatch(request.grammars, 'dtmf', () => [...digits]);
  if (!found) return [];
  const input = heardInput('dtmf', digits, { confidence: 1 });
  return [{ grammar: found.grammar.uri, confidence: 1, instance: found.meaning, input }];
}

function ofSpeech(request: RecogRequest, { result }: ListenOutcome): NlsmlInterpretation[] {
  return result.alternatives
    .slice(0, Math.max(1, request.nBestListLength))
    .flatMap(({ text, confidence }) => {
      const found = bestMatch(request.grammars, 'voice', (language) => tokenize(text, language));
      if (!found) return [];
      const meaning = found.grammar.kind === 'transcribe' ? text : found.meaning;
      const input = heardInput('speech', text, { confidence });
      return [{ grammar: found.grammar.uri, confidence, instance: meaning, input }];
    });
}

/** The grammar of the greatest weight that takes the input; free transcription only when no rule does. */
function bestMatch(
  grammars: readonly Grammar[],
  mode: Grammar['mode'],
  tokensIn: (language: string) => readonly string[],
): { readonly grammar: Grammar; readonly meaning: string } | null {
  const weightOf = (grammar: Grammar): number => (grammar.kind === 'rules' ? grammar.weight : -1);
  const candidates = grammars
    .filter((grammar) => grammar.mode === mode)
    .sort((a, b) => weightOf(b) - weightOf(a));
  for (const grammar of candidates) {
    const match = matchGrammar(grammar, tokensIn(grammar.language));
    if (match.outcome === 'match') return { grammar, meaning: match.interpretation };
  }
  return null;
}
