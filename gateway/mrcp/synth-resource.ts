import type { Clock } from '../../config/clock.js';
import { mrcpLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import { speechMediaTypes } from '../../media/speech/ssml/flatten.js';
import type { SynthesisCause } from '../../media/speech/synthesizer.js';
import type { SpeakControl, SpeakRequest, SynthBackend } from './backend.js';
import { completionReasonField, synthesisCauseField } from './completion-cause.js';
import { synthFields } from './header-fields.js';
import { headerValue, mediaType } from './message.js';
import type { HeaderField, MrcpRequest } from './message.js';
import { SessionParams } from './params.js';
import { complete, failure, requestIdListFields, selectedRequestIds } from './resource.js';
import type { EventSink, MrcpResource, OutgoingEvent, Reply } from './resource.js';
import { speechMarkerField } from './speech-marker.js';
import { status } from './status.js';

export interface SynthResourceDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventSink;
}

interface Speak {
  readonly request: SpeakRequest;
  readonly killOnBargeIn: boolean;
}

interface ActiveSpeak extends Speak {
  control: SpeakControl | null;
}

const speakable: ReadonlySet<string> = new Set(speechMediaTypes);

/**
 * speechsynth (RFC 6787 8.1): one SPEAK speaks, the others wait in order of arrival.
 *
 *     idle --SPEAK--> speaking --PAUSE--> paused
 *      ^                | ^ |               |
 *      |   last one     | | +---RESUME------+
 *      +--SPEAK-COMPLETE+ next one: SPEECH-MARKER, stays speaking (or paused, 8.7)
 *      +--STOP, BARGE-IN-OCCURRED of everything, from speaking and from paused
 */
export class SynthResource implements MrcpResource {
  readonly name = 'speechsynth';
  readonly fields = synthFields;
  readonly params = new SessionParams(synthFields, new Map([['kill-on-barge-in', 'true']]));
  readonly methods: ReadonlySet<string> = new Set(['SPEAK', 'STOP', 'PAUSE', 'RESUME', 'BARGE-IN-OCCURRED']);
  readonly unimplemented: ReadonlySet<string> = new Set(['CONTROL', 'DEFINE-LEXICON']);
  readonly #backend: SynthBackend;
  readonly #deps: SynthResourceDeps;
  #active: ActiveSpeak | null = null;
  #paused = false;
  readonly #pending: Speak[] = [];
  #closed = false;

  constructor(backend: SynthBackend, deps: SynthResourceDeps) {
    this.#backend = backend;
    this.#deps = deps;
  }

  get state(): 'idle' | 'speaking' | 'paused' {
    if (!this.#active) return 'idle';
    return this.#paused ? 'paused' : 'speaking';
  }

  handle(request: MrcpRequest): Reply {
    switch (request.method) {
      case 'SPEAK':
        return this.#speak(request);
      case 'STOP':
        return this.#stop(request);
      case 'PAUSE':
        return this.#pause();
      case 'RESUME':
        return this.#resume();
      case 'BARGE-IN-OCCURRED':
        return this.#bargeIn();
      default:
        return failure(status.methodNotAllowed);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending.length = 0;
    this.#dropActive();
    this.#backend.close();
  }

  #speak(message: MrcpRequest): Reply {
    const contentType = headerValue(message.headers, 'Content-Type');
    // Without a body or its type there is nothing to speak: Content-Type is mandatory here (RFC 6787 6.2.6, 8.6).
    if (message.body.length === 0 || contentType === null) return failure(status.mandatoryHeaderMissing);
    const type = mediaType(contentType);
    if (!speakable.has(type)) return unspeakable(type, contentType);

    const speak = this.#toSpeak(message, type);
    if (!this.#active) {
      const active = this.#activate(speak);
      const headers = [speechMarkerField(this.#deps.clock.epochMs())];
      const afterwards = () => this.#start(active);
      return { status: status.success, state: 'IN-PROGRESS', headers, afterwards };
    }
    if (this.#pending.length >= mrcpLimits.requestQueue) {
      const reason = `more than ${mrcpLimits.requestQueue} SPEAK requests are waiting`;
      return failure(status.operationFailed, [completionReasonField(reason)]);
    }
    this.#pending.push(speak);
    return { status: status.success, state: 'PENDING', headers: [] };
  }

  #toSpeak(message: MrcpRequest, contentType: string): Speak {
    const { headers } = message;
    const inForce = (name: string) => this.params.inForce(name, headers);
    return {
      killOnBargeIn: inForce('Kill-On-Barge-In')?.toLowerCase() !== 'false',
      request: {
        requestId: message.requestId,
        contentType,
        body: message.body.toString('utf8'),
        speechLanguage: inForce('Speech-Language'),
        voiceName: inForce('Voice-Name'),
        voiceGender: inForce('Voice-Gender'),
        prosodyRate: inForce('Prosody-Rate'),
        prosodyVolume: inForce('Prosody-Volume'),
        vendorParameters: this.params.vendorParameters(headers),
      },
    };
  }

  /** Ends the SPEAKs the request names, or all (RFC 6787 8.7); they get no SPEAK-COMPLETE. */
  #stop(message: MrcpRequest): Reply {
    const selected = selectedRequestIds(headerValue(message.headers, 'Active-Request-Id-List'));
    return this.#terminate((id) => selected === null || selected.has(id));
  }

  /** Only the SPEAK that is being heard decides; if it may be killed, those behind it go too (RFC 6787 8.4.2, 8.8). */
  #bargeIn(): Reply {
    if (!this.#active?.killOnBargeIn) return complete();
    return this.#terminate(() => true);
  }

  #terminate(isSelected: (requestId: number) => boolean): Reply {
    const terminated: number[] = [];
    const active = this.#active;
    const stopsActive = active !== null && isSelected(active.request.requestId);
    if (stopsActive) terminated.push(active.request.requestId);
    const kept = this.#pending.filter(({ request }) => !isSelected(request.requestId));
    for (const { request } of this.#pending) {
      if (isSelected(request.requestId)) terminated.push(request.requestId);
    }
    this.#pending.splice(0, this.#pending.length, ...kept);

    const headers = requestIdListFields(terminated);
    if (!stopsActive) return complete(headers);
    // The caller has begun to talk: silence comes before the answer.
    this.#dropActive();
    headers.push(speechMarkerField(this.#deps.clock.epochMs()));
    const next = this.#takeNext();
    return next ? { ...complete(headers), afterwards: () => this.#announce(next) } : complete(headers);
  }

  /** RFC 6787 8.9: 402 when nothing speaks; pausing twice is no error. */
  #pause(): Reply {
    if (!this.#active) return failure(status.methodNotValidInState);
    if (!this.#paused) {
      this.#paused = true;
      this.#active.control?.pause();
    }
    return complete([
      ...requestIdListFields([this.#active.request.requestId]),
      speechMarkerField(this.#deps.clock.epochMs()),
    ]);
  }

  /** RFC 6787 8.10: 402 when nothing speaks; the list names what was resumed, so it is absent when nothing paused. */
  #resume(): Reply {
    if (!this.#active) return failure(status.methodNotValidInState);
    if (!this.#paused) return complete();
    this.#paused = false;
    this.#active.control?.resume();
    return complete(requestIdListFields([this.#active.request.requestId]));
  }

  #activate(speak: Speak): ActiveSpeak {
    const active: ActiveSpeak = { ...speak, control: null };
    this.#active = active;
    return active;
  }

  /** The first waiting SPEAK becomes active; a paused resource stays paused (RFC 6787 8.7). */
  #takeNext(): ActiveSpeak | null {
    const next = this.#pending.shift();
    if (!next) {
      this.#paused = false;
      return null;
    }
    return this.#activate(next);
  }

  /** A SPEAK that was PENDING tells that it is IN-PROGRESS now (RFC 6787 8.6), then starts. */
  #announce(active: ActiveSpeak): void {
    if (this.#active !== active) return;
    this.#send({
      name: 'SPEECH-MARKER',
      requestId: active.request.requestId,
      state: 'IN-PROGRESS',
      headers: [speechMarkerField(this.#deps.clock.epochMs())],
    });
    this.#start(active);
  }

  #start(active: ActiveSpeak): void {
    if (this.#active !== active) return;
    try {
      const control = this.#backend.speak(active.request, {
        onMark: (name) => this.#onMark(active, name),
        onComplete: (cause, reason) => this.#onComplete(active, cause, reason),
      });
      active.control = control;
      // Completed, or stopped by a request, from inside `speak`.
      if (this.#active !== active) control.stop();
      else if (this.#paused) control.pause();
    } catch (err) {
      this.#deps.logger.error('speech synthesis could not be started', { err });
      this.#onComplete(active, 'error', 'the synthesizer could not be started');
    }
  }

  #onMark(active: ActiveSpeak, name: string): void {
    if (this.#active !== active) return;
    this.#send({
      name: 'SPEECH-MARKER',
      requestId: active.request.requestId,
      state: 'IN-PROGRESS',
      headers: [speechMarkerField(this.#deps.clock.epochMs(), name)],
    });
  }

  #onComplete(active: ActiveSpeak, cause: SynthesisCause, reason?: string): void {
    if (this.#active !== active) return;
    this.#active = null;
    this.#send({
      name: 'SPEAK-COMPLETE',
      requestId: active.request.requestId,
      state: 'COMPLETE',
      headers: completionFields(cause, reason, this.#deps.clock.epochMs()),
    });
    const next = this.#takeNext();
    if (next) this.#announce(next);
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

function completionFields(cause: SynthesisCause, reason: string | undefined, epochMs: number): HeaderField[] {
  const headers = [synthesisCauseField(cause), speechMarkerField(epochMs)];
  if (reason !== undefined && reason !== '') headers.push(completionReasonField(reason));
  return headers;
}

/**
 * text/uri-list is a type RFC 6787 8.5.1 knows and this server does not fetch: 409, a legal value beyond our means. A
 * type nobody knows is an unrecognised entity: 408 (both 5.4).
 */
function unspeakable(type: string, contentType: string): Reply {
  const code = type === 'text/uri-list' ? status.unsupportedHeaderValue : status.unsupportedEntity;
  return failure(code, [{ name: 'Content-Type', value: contentType }]);
}
