import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { SpeechError } from '../../media/speech/errors.js';
import { GrammarDecoder, loadEngine } from './decoder.js';
import { DecoderPool } from './decoder-pool.js';
import { compileJsgf, type CompiledJsgf } from './jsgf.js';
import type { DecoderCommand, DecoderData, DecoderReport, StartCommand } from './protocol.js';

/** One recognition in this thread; audio that comes while its decoder is still being made waits in `backlog`. */
interface Session {
  readonly id: number;
  readonly interimResults: boolean;
  readonly backlog: Int16Array[];
  decoder: GrammarDecoder | null;
  stopped: boolean;
  partial: string;
}

/** The thread's side of the recogniser: decoders, and the recognitions that use them. */
class DecoderThread {
  readonly #port: MessagePort;
  readonly #pool: DecoderPool;
  readonly #sessions = new Map<number, Session>();

  constructor(port: MessagePort, pool: DecoderPool) {
    this.#port = port;
    this.#pool = pool;
    port.on('message', (command: DecoderCommand) => this.#handle(command));
  }

  #handle(command: DecoderCommand): void {
    switch (command.type) {
      case 'warm':
        return this.#pool.acquire('', '', (decoder) => {
          this.#pool.release(decoder);
          this.#report({ type: 'warm' });
        });
      case 'start':
        return this.#start(command);
      case 'audio':
        return this.#withSession(command.id, (session) => this.#audio(session, command.samples));
      case 'stop':
        return this.#withSession(command.id, (session) => this.#stop(session));
      case 'abort':
        return this.#withSession(command.id, (session) => this.#abort(session));
    }
  }

  #withSession(id: number, act: (session: Session) => void): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    try {
      act(session);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  #start({ id, line, grammars, interimResults }: StartCommand): void {
    const grammar = compileJsgf(grammars);
    if (grammar instanceof SpeechError) {
      return this.#report({ type: 'failed', id, code: grammar.code, message: grammar.message });
    }
    for (const fields of grammar.dropped) {
      const message = 'grammar phrase dropped: word not in the dictionary';
      this.#report({ type: 'warning', id, message, fields: { ...fields } });
    }
    const session: Session = { id, interimResults, backlog: [], decoder: null, stopped: false, partial: '' };
    this.#sessions.set(id, session);
    this.#pool.acquire(line, grammar.text, (decoder) => {
      if (!this.#sessions.has(id)) return this.#pool.release(decoder);
      session.decoder = decoder;
      this.#withSession(id, () => this.#begin(session, decoder, line, grammar));
    });
  }

  #begin(session: Session, decoder: GrammarDecoder, line: string, grammar: CompiledJsgf): void {
    const guessed = decoder.start(line, grammar);
    if (guessed.length > 0) {
      const message = 'pronunciation guessed from spelling';
      this.#report({ type: 'warning', id: session.id, message, fields: { words: guessed } });
    }
    for (const samples of session.backlog.splice(0)) this.#audio(session, samples);
    if (session.stopped) this.#finish(session, decoder);
  }

  #audio(session: Session, samples: Int16Array): void {
    const { decoder } = session;
    if (!decoder) {
      session.backlog.push(samples);
      return;
    }
    decoder.process(samples);
    if (!session.interimResults) return;
    const text = decoder.partial();
    if (text === '' || text === session.partial) return;
    session.partial = text;
    this.#report({ type: 'partial', id: session.id, text });
  }

  #stop(session: Session): void {
    session.stopped = true;
    if (session.decoder) this.#finish(session, session.decoder);
  }

  #finish(session: Session, decoder: GrammarDecoder): void {
    const words = decoder.stop();
    this.#sessions.delete(session.id);
    this.#pool.release(decoder);
    this.#report({ type: 'final', id: session.id, words });
  }

  #abort(session: Session): void {
    session.decoder?.cancel();
    this.#sessions.delete(session.id);
    if (session.decoder) this.#pool.release(session.decoder);
  }

  #fail(session: Session, error: unknown): void {
    // The engine's memory is shared by all decoders of this thread: after a trap none of them can be trusted.
    if (error instanceof Error && error.name === 'RuntimeError') throw error;
    this.#sessions.delete(session.id);
    if (session.decoder) this.#pool.discard(session.decoder);
    const message = error instanceof Error ? error.message : String(error);
    this.#report({ type: 'failed', id: session.id, code: 'internal', message });
  }

  #report(report: DecoderReport): void {
    this.#port.postMessage(report);
  }
}

if (!parentPort) throw new Error('decoder-worker.js runs as a worker thread only');
const port = parentPort;
const { maxDecoders } = workerData as DecoderData;
const engine = loadEngine();
new DecoderThread(port, new DecoderPool(async () => GrammarDecoder.create(await engine), maxDecoders));
