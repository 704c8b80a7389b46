import { mrcpLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Grammar } from '../../media/speech/grammar/grammar.js';
import type { RecognitionCause } from '../../media/speech/recognizer.js';
import { completionReasonField, recognitionCauseField } from './completion-cause.js';
import type { GrammarCompiler } from './grammar-compiler.js';
import { GrammarStore, sessionUri } from './grammar-store.js';
import { headerValue, mediaType } from './message.js';
import type { HeaderField, MrcpRequest } from './message.js';
import { failure } from './resource.js';
import type { Reply } from './resource.js';
import { status } from './status.js';

export type GrammarsResult =
  | { readonly ok: true; readonly grammars: readonly Grammar[] }
  | { readonly ok: false; readonly reply: Reply };

export interface RecogGrammarsOptions {
  readonly compile: GrammarCompiler;
  readonly strictBuiltins: boolean;
  readonly logger: Logger;
}

function refused(reply: Reply): GrammarsResult {
  return { ok: false, reply };
}

/** A failure that names its cause in Completion-Cause, as RFC 6787 5.4 has it for 407. */
function failedGrammar(cause: RecognitionCause, reason: string, more: readonly HeaderField[] = []): Reply {
  const code = more.length > 0 ? status.unsupportedEntity : status.operationFailed;
  return failure(code, [recognitionCauseField(cause), completionReasonField(reason), ...more]);
}

/** The grammars in message bodies: compiled, kept under `session:` where they have a Content-ID (RFC 6787 9.5.1, 9.8). */
export class RecogGrammars {
  readonly #options: RecogGrammarsOptions;
  readonly #store = new GrammarStore(mrcpLimits.grammarsPerSession);

  constructor(options: RecogGrammarsOptions) {
    this.#options = options;
  }

  /** How many session grammars are held; at most `grammarsPerSession`. */
  get size(): number {
    return this.#store.size;
  }

  /**
   * Compiles the body of a DEFINE-GRAMMAR or RECOGNIZE and defines it when the message has a Content-ID.
   *
   * On failure nothing changes and `reply` is the answer: 406 without Content-Type or body, 408 for a type we do not
   * read, 407 with the cause otherwise.
   */
  take(message: MrcpRequest, language: string): GrammarsResult {
    const contentType = headerValue(message.headers, 'Content-Type');
    if (contentType === null || message.body.length === 0)
      return refused(failure(status.mandatoryHeaderMissing));
    const contentId = headerValue(message.headers, 'Content-ID');
    const uri = contentId === null ? `session:recognize-${message.requestId}` : sessionUri(contentId);
    const result = this.#options.compile(contentType, message.body.toString('utf8'), {
      language,
      uri,
      lookup: (name) => this.#store.lookup(name),
      strictBuiltins: this.#options.strictBuiltins,
    });
    if (!result.ok) {
      const offender =
        result.kind === 'unsupported-type' ? [{ name: 'Content-Type', value: contentType }] : [];
      return refused(failedGrammar(result.cause, result.reason, offender));
    }
    for (const warning of result.warnings)
      this.#options.logger.warn('grammar accepted with a warning', { warning });
    if (!this.#define(message.headers, uri, result.grammars)) {
      const reason = `more than ${mrcpLimits.grammarsPerSession} grammars in one session; free some (RFC 6787 9.8)`;
      return refused(failedGrammar('grammar-definition-failure', reason));
    }
    return { ok: true, grammars: result.grammars };
  }

  /** An empty DEFINE-GRAMMAR takes the grammar away (RFC 6787 9.8). */
  free(contentId: string): void {
    this.#store.free(sessionUri(contentId));
  }

  clear(): void {
    this.#store.clear();
  }

  #define(headers: readonly HeaderField[], uri: string, grammars: readonly Grammar[]): boolean {
    const isNamed = headerValue(headers, 'Content-ID') !== null;
    if (isNamed && !this.#store.define(uri, grammars)) return false;
    const isMultipart = mediaType(headerValue(headers, 'Content-Type') ?? '') === 'multipart/mixed';
    return !isMultipart || this.#store.defineParts(grammars, uri);
  }
}
