import { mrcpLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { RecogBackend, RecogControl, RecogOutcome, RecogRequest } from './backend.js';
import { completionReasonField, recognitionCauseField } from './completion-cause.js';
import type { GrammarCompiler } from './grammar-compiler.js';
import { recogFields } from './header-fields.js';
import { headerValue } from './message.js';
import type { HeaderField, MrcpRequest } from './message.js';
import { SessionParams } from './params.js';
import { RecogGrammars } from './recog-grammars.js';
import { defaultFieldValues, recogRequest } from './recog-parameters.js';
import type { RecogDefaults } from './recog-parameters.js';
import { complete, failure, requestIdListFields, selectedRequestIds } from './resource.js';
import type { EventSink, MrcpResource, OutgoingEvent, Reply } from './resource.js';
import { status } from './status.js';

export interface RecogResourceDeps {
  readonly random: Random;
  readonly logger: Logger;
  readonly events: EventSink;
  readonly compileGrammar: GrammarCompiler;
  readonly defaults: RecogDefaults;
  readonly strictBuiltins: boolean;
  /** True answers 406 to a RECOGNIZE without Cancel-If-Queue, as RFC 6787 9.4.27 has it; false takes it as `false`. */
  readonly strictCancelIfQueue: boolean;
}

interface Recognition {
  readonly request: RecogRequest;
  readonly cancelIfQueue: boolean;
  readonly saveWaveform: boolean;
}

interface ActiveRecognition extends Recognition {
  control: RecogControl | null;
  inputStarted: boolean;
}

interface LastResult {
  readonly headers: readonly HeaderField[];
  readonly body: Buffer | null;
}

/**
 * speechrecog (RFC 6787 9.1): one RECOGNIZE listens, the others wait in order of arrival (9.4.27).
 *
 *     idle --RECOGNIZE--> recognizing --RECOGNITION-COMPLETE--> recognized
 *      ^                   |  ^ |  ^                              |  |
 *      +-------STOP--------+  +-+  +---------RECOGNIZE------------+  |
 *      |        next one after success, STOP or 011                  |
 *      +-------------------STOP, DEFINE-GRAMMAR----------------------+
 */
export class RecogResource implements MrcpResource {
  readonly name = 'speechrecog';
  readonly fields = recogFields;
  readonly params: SessionParams;
  readonly methods: ReadonlySet<string> = new Set([
    'DEFINE-GRAMMAR',
    'RECOGNIZE',
    'START-INPUT-TIMERS',
    'GET-RESULT',
    'STOP',
  ]);
  readonly unimplemented: ReadonlySet<string> = new Set(['INTERPRET']);
  readonly #backend: RecogBackend;
  readonly #deps: RecogResourceDeps;
  readonly #grammars: RecogGrammars;
  readonly #pending: Recognition[] = [];
  #active: ActiveRecognition | null = null;
  #lastResult: LastResult | null = null;
  #closed = false;

  constructor(backend: RecogBackend, deps: RecogResourceDeps) {
    this.#backend = backend;
    this.#deps = deps;
    this.params = new SessionParams(recogFields, defaultFieldValues(deps.defaults));
    this.#grammars = new RecogGrammars({
      compile: deps.compileGrammar,
      strictBuiltins: deps.strictBuiltins,
      logger: deps.logger,
    });
  }

  /** Grammars defined under `session:`; at most `grammarsPerSession`, none after `close`. */
  get grammarCount(): number {
    return this.#grammars.size;
  }

  get state(): 'idle' | 'recognizing' | 'recognized' {
    if (this.#active) return 'recognizing';
    return this.#lastResult ? 'recognized' : 'idle';
  }

  handle(request: MrcpRequest): Reply {
    switch (request.method) {
      case 'DEFINE-GRAMMAR':
        return this.#defineGrammar(request);
      case 'RECOGNIZE':
        return this.#recognize(request);
      case 'START-INPUT-TIMERS':
        return this.#startInputTimers();
      case 'GET-RESULT':
        return this.#getResult();
      case 'STOP':
        return this.#stop(request);
      default:
        return failure(status.methodNotAllowed);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending.length = 0;
    this.#lastResult = null;
    this.#dropActive();
    this.#grammars.clear();
    this.#backend.close();
  }

  /** RFC 6787 9.8: not while recognizing; an empty body frees; back to idle. */
  #defineGrammar(message: MrcpRequest): Reply {
    if (this.#active) return failure(status.methodNotValidInState);
    const contentId = headerValue(message.headers, 'Content-ID');
    if (contentId === null) return failure(status.mandatoryHeaderMissing);
    if (message.body.length === 0) {
      this.#grammars.free(contentId);
    } else {
      const taken = this.#grammars.take(message, this.#language(message));
      if (!taken.ok) return taken.reply;
    }
    this.#lastResult = null;
    return complete([recognitionCauseField('success')]);
  }

  #recognize(message: MrcpRequest): Reply {
    if (this.#deps.strictCancelIfQueue && headerValue(message.headers, 'Cancel-If-Queue') === null)
      return failure(status.mandatoryHeaderMissing);
    const queues = this.#active !== null && !this.#active.cancelIfQueue;
    if (queues && this.#pending.length >= mrcpLimits.requestQueue) {
      const reason = `more than ${mrcpLimits.requestQueue} RECOGNIZE requests are waiting`;
      return failure(status.operationFailed, [completionReasonField(reason)]);
    }
    // Compiling is quick, so a bad grammar is refused in the response (5.4: 407 with the cause) and disturbs nothing.
    const taken = this.#grammars.take(message, this.#language(message));
    if (!taken.ok) return taken.reply;
    const recognition = this.#toRecognition(message, taken.grammars);

    if (this.#active?.cancelIfQueue) this.#cancelForNewer(this.#active);
    this.#pending.push(recognition);
    if (this.#active) return { status: status.success, state: 'PENDING', headers: [] };
    const next = this.#takeNext();
    const afterwards = () => this.#start(next);
    const state = next?.request === recognition.request ? 'IN-PROGRESS' : 'PENDING';
    return { status: status.success, state, headers: [], afterwards };
  }

  #toRecognition(message: MrcpRequest, grammars: RecogRequest['grammars']): Recognition {
    const request = recogRequest(message, grammars, this.params);
    const sentThreshold = headerValue(message.headers, 'Confidence-Threshold');
    if (sentThreshold !== null && Number(sentThreshold) > 1)
      this.#deps.logger.info('Confidence-Threshold above 1 was read as a percentage', { sentThreshold });
    return {
      request,
      // 9.4.27 makes it mandatory; clients that leave it out mean false.
      cancelIfQueue: headerValue(message.headers, 'Cancel-If-Queue')?.toLowerCase() === 'true',
      saveWaveform: this.params.inForce('Save-Waveform', message.headers)?.toLowerCase() === 'true',
    };
  }

  /** RFC 6787 9.4.27: a RECOGNIZE with Cancel-If-Queue ends as soon as another comes. */
  #cancelForNewer(active: ActiveRecognition): void {
    this.#dropActive();
    this.#sendComplete(active, { cause: 'cancelled' });
  }

  /** RFC 6787 9.13. */
  #startInputTimers(): Reply {
    if (!this.#active) return failure(status.methodNotValidInState);
    this.#active.control?.startInputTimers();
    return complete();
  }

  /** RFC 6787 9.11: only in the recognized state. */
  #getResult(): Reply {
    if (this.#active || !this.#lastResult) return failure(status.methodNotValidInState);
    return complete(this.#lastResult.headers, this.#lastResult.body ?? undefined);
  }

  /** RFC 6787 9.10, 6.2.3: what is stopped gets no RECOGNITION-COMPLETE; what is left in the queue goes on. */
  #stop(message: MrcpRequest): Reply {
    const selected = selectedRequestIds(headerValue(message.headers, 'Active-Request-Id-List'));
    const isSelected = (id: number) => selected === null || selected.has(id);
    const terminated: number[] = [];
    const active = this.#active;
    if (active && isSelected(active.request.requestId)) {
      terminated.push(active.request.requestId);
      this.#dropActive();
    }
    for (const { request } of this.#pending) {
      if (isSelected(request.requestId)) terminated.push(request.requestId);
    }
    const kept = this.#pending.filter(({ request }) => !isSelected(request.requestId));
    this.#pending.splice(0, this.#pending.length, ...kept);
    this.#lastResult = null;
    const reply = complete(requestIdListFields(terminated));
    const next = this.#active ? null : this.#takeNext();
    return next ? { ...reply, afterwards: () => this.#start(next) } : reply;
  }

  #takeNext(): ActiveRecognition | null {
    const next = this.#pending.shift();
    if (!next) return null;
    this.#active = { ...next, control: null, inputStarted: false };
    this.#lastResult = null;
    return this.#active;
  }

  #start(active: ActiveRecognition | null): void {
    if (!active || this.#active !== active) return;
    try {
      const control = this.#backend.recognize(active.request, {
        onStartOfInput: (mode) => this.#onStartOfInput(active, mode),
        onComplete: (outcome) => this.#onComplete(active, outcome),
      });
      active.control = control;
      if (this.#active !== active) control.stop();
    } catch (err) {
      this.#deps.logger.error('recognition could not be started', { err });
      this.#onComplete(active, { cause: 'recognizer-error', reason: 'the recognizer could not be started' });
    }
  }

  /** Once for each RECOGNIZE; Proxy-Sync-Id lets the client relate it to BARGE-IN-OCCURRED (RFC 6787 9.12, 6.2.4). */
  #onStartOfInput(active: ActiveRecognition, mode: 'speech' | 'dtmf'): void {
    if (this.#active !== active || active.inputStarted) return;
    active.inputStarted = true;
    this.#send({
      name: 'START-OF-INPUT',
      requestId: active.request.requestId,
      state: 'IN-PROGRESS',
      headers: [
        { name: 'Proxy-Sync-Id', value: this.#deps.random.hex(8) },
        { name: 'Input-Type', value: mode },
      ],
    });
  }

  #onComplete(active: ActiveRecognition, outcome: RecogOutcome): void {
    if (this.#active !== active) return;
    this.#active = null;
    this.#sendComplete(active, outcome);
    this.#lastResult = lastResult(outcome);
    // 9.4.27: a match starts the next one, anything else cancels all that wait.
    if (outcome.cause === 'success' || outcome.cause === 'success-maxtime') this.#start(this.#takeNext());
    else this.#cancelPending();
  }

  #cancelPending(): void {
    for (const recognition of this.#pending.splice(0))
      this.#sendComplete(recognition, { cause: 'cancelled' });
  }

  #sendComplete(recognition: Recognition, outcome: RecogOutcome): void {
    const headers = [recognitionCauseField(outcome.cause)];
    if (outcome.reason) headers.push(completionReasonField(outcome.reason));
    // 9.4.8: asked for and not recorded is said with an empty value; this server records nothing.
    if (recognition.saveWaveform) headers.push({ name: 'Waveform-URI', value: '' });
    this.#send({
      name: 'RECOGNITION-COMPLETE',
      requestId: recognition.request.requestId,
      state: 'COMPLETE',
      headers: [...headers, ...resultHeaders(outcome)],
      ...(outcome.body !== undefined && { body: Buffer.from(outcome.body) }),
    });
  }

  #language(message: MrcpRequest): string {
    return this.params.inForce('Speech-Language', message.headers) ?? this.#deps.defaults.language;
  }

  #dropActive(): void {
    const active = this.#active;
    this.#active = null;
    active?.control?.stop();
  }

  #send(event: OutgoingEvent): void {
    if (!this.#closed) this.#deps.events.sendEvent(event);
  }
}

/** RFC 6787 9.6.3.1: a result is NLSML unless the outcome says otherwise. */
function resultHeaders(outcome: RecogOutcome): HeaderField[] {
  if (outcome.body === undefined || outcome.body === '') return [];
  return [{ name: 'Content-Type', value: outcome.contentType ?? 'application/nlsml+xml' }];
}

/** What GET-RESULT can repeat; a result over `resultBytes` is not kept. */
function lastResult(outcome: RecogOutcome): LastResult {
  const body = outcome.body ? Buffer.from(outcome.body) : null;
  if (!body || body.length > mrcpLimits.resultBytes) return { headers: [], body: null };
  return { headers: resultHeaders(outcome), body };
}
