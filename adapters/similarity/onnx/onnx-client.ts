import type { Clock, Timer } from '../../../config/clock.js';
import { similarityLimits } from '../../../config/limits.js';
import { EngineThread } from '../../threads/engine-thread.js';
import type { EmbeddingClient } from '../embedding/embedding-client.js';
import { SimilarityError } from '../similarity-error.js';
import type { OnnxCommand, OnnxReport, OnnxThreadData } from './protocol.js';

interface Job {
  readonly command: OnnxCommand;
  readonly weight: number;
  done(report: OnnxReport): void;
  fail(error: Error): void;
}

/** Texts of one batch: a turn waits for the batch that runs. */
const batchTexts = 8;

/**
 * Embeddings of a model in a local directory, in a thread of its own.
 *
 * The thread does one thing at a time; what has the fewest texts goes first, so that a turn does not wait for the
 * examples of a tree that is being prepared. A thread that dies or hangs is started again by the next question.
 */
export class OnnxClient implements EmbeddingClient {
  readonly name = 'onnx';
  readonly maxBatch = batchTexts;
  readonly #clock: Clock;
  readonly #thread: EngineThread<OnnxCommand, OnnxReport>;
  readonly #waiting: Job[] = [];
  #running: Job | null = null;
  #timer: Timer | null = null;
  #lastId = 0;
  #modelId = '';
  #closed = false;

  constructor(data: OnnxThreadData, clock: Clock) {
    this.#clock = clock;
    this.#thread = new EngineThread(new URL('./onnx-worker.js', import.meta.url), data, {
      onReport: (report) => this.#finish((job) => job.done(report)),
      onLost: (cause) => {
        const error = new SimilarityError('unreachable', `the thread of the model ended: ${cause.message}`, {
          cause,
        });
        this.#finish((job) => job.fail(error));
      },
    });
  }

  get modelId(): string {
    return this.#modelId;
  }

  /** How many questions wait or run. */
  get pending(): number {
    return this.#waiting.length + (this.#running ? 1 : 0);
  }

  async open(signal: AbortSignal): Promise<void> {
    const report = await this.#ask({ type: 'load', id: ++this.#lastId }, 0, signal);
    if (report.type === 'loaded') this.#modelId = report.modelId;
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const report = await this.#ask({ type: 'embed', id: ++this.#lastId, texts }, texts.length, signal);
    return report.type === 'embedded' ? [...report.vectors] : [];
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const error = new SimilarityError('unavailable', 'the model was closed');
    this.#finish((job) => job.fail(error));
    for (const job of this.#waiting.splice(0)) job.fail(error);
    await this.#thread.close();
  }

  #ask(command: OnnxCommand, weight: number, signal: AbortSignal): Promise<OnnxReport> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (this.#closed) throw new SimilarityError('unavailable', 'the model was closed');
      if (this.#waiting.length >= similarityLimits.modelQueue)
        throw new SimilarityError(
          'overloaded',
          `${similarityLimits.modelQueue} questions wait for the model`,
        );
      const settle = (end: () => void): void => {
        signal.removeEventListener('abort', leave);
        end();
      };
      const job: Job = {
        command,
        weight,
        done: (report) =>
          settle(() => {
            if (report.type === 'failed') reject(new SimilarityError('unavailable', report.message));
            else resolve(report);
          }),
        fail: (error) => settle(() => reject(error)),
      };
      const leave = (): void => {
        const place = this.#waiting.indexOf(job);
        if (place >= 0) this.#waiting.splice(place, 1);
        job.fail(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(job);
      this.#next();
    });
  }

  #next(): void {
    if (this.#running || this.#closed) return;
    let lightest = this.#waiting[0];
    for (const job of this.#waiting) if (job.weight < (lightest?.weight ?? 0)) lightest = job;
    if (!lightest) return;
    this.#waiting.splice(this.#waiting.indexOf(lightest), 1);
    this.#running = lightest;
    this.#timer = this.#clock.setTimer(
      () => this.#thread.kill(new Error(`no answer within ${similarityLimits.modelLoadMs} ms`)),
      similarityLimits.modelLoadMs,
    );
    this.#thread.post(lightest.command);
  }

  #finish(end: (job: Job) => void): void {
    const job = this.#running;
    this.#running = null;
    this.#timer?.cancel();
    this.#timer = null;
    if (job) end(job);
    this.#next();
  }
}
