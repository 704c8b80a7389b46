import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../config/clock.js';
import { mediaLimits } from '../../config/limits.js';
import { createCreditMemory, FrameCredit } from '../frames/frame-credit.js';
import { FrameOutbox } from '../frames/frame-outbox.js';
import { SpeechError } from '../speech/errors.js';
import {
  fromErrorData,
  type FromWorker,
  type ReplyValue,
  type ThreadSettings,
  type ToWorker,
  type WorkerQuery,
  type WorkerSettings,
} from './protocol.js';

/** What a link tells its owner; `onExit` is the last and comes once. */
export interface WorkerLinkListener {
  onMessage(message: Exclude<FromWorker, { type: 'reply' }>): void;
  onExit(reason: string): void;
}

type Distribute<T> = T extends unknown ? Omit<T, 'request'> : never;
/** A message that wants a reply, before the link numbers it. */
export type WorkerRequest = Distribute<WorkerQuery>;

interface PendingRequest {
  readonly resolve: (value: ReplyValue) => void;
  readonly reject: (error: SpeechError) => void;
  readonly deadline: Timer;
}

/** One worker thread seen from the main thread: posts messages, pairs requests with replies within a deadline. */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #listener: WorkerLinkListener;
  readonly #outbox: FrameOutbox;
  readonly #taken: FrameCredit;
  readonly #pending = new Map<number, PendingRequest>();
  #nextRequest = 1;
  #failure: string | null = null;
  #exited = false;

  constructor(settings: WorkerSettings, clock: Clock, listener: WorkerLinkListener) {
    this.#clock = clock;
    this.#listener = listener;
    const frameCredit = createCreditMemory();
    const workerData: ThreadSettings = { ...settings, frameCredit };
    this.#worker = new Worker(new URL('./media-worker.js', import.meta.url), { workerData });
    this.#taken = new FrameCredit(frameCredit, 'to-main');
    this.#outbox = new FrameOutbox({
      credit: new FrameCredit(frameCredit, 'to-worker'),
      post: (batch) => {
        if (!this.#exited)
          this.#worker.postMessage({ type: 'frames', batch } satisfies ToWorker, [batch.buffer]);
      },
      defer: setImmediate,
    });
    this.#worker.on('message', (message: FromWorker) => this.#take(message));
    // 'error' precedes 'exit' and says why; without a handler it would end the process.
    this.#worker.on('error', (error) => void (this.#failure = String(error)));
    this.#worker.on('exit', (code) => this.#exit(code));
  }

  /** False once the thread has ended; messages posted then are lost. */
  get alive(): boolean {
    return !this.#exited;
  }

  get pendingRequests(): number {
    return this.#pending.size;
  }

  post(message: ToWorker): void {
    if (!this.#exited) this.#worker.postMessage(message);
  }

  /** Hands a packet of a frame stream over, copied; false when the thread is behind and it was dropped. */
  sendFrame(stream: number, packet: Uint8Array): boolean {
    return !this.#exited && this.#outbox.add(stream, packet);
  }

  /** Posts a request; rejects with SpeechError `timeout`, `unavailable`, or what the worker answered. */
  async request(message: WorkerRequest): Promise<ReplyValue> {
    if (this.#exited) throw new SpeechError('unavailable', 'media worker has exited');
    const request = this.#nextRequest++;
    const reply = new Promise<ReplyValue>((resolve, reject) => {
      const deadline = this.#clock.setTimer(() => {
        this.#pending.delete(request);
        reject(
          new SpeechError(
            'timeout',
            `media worker gave no reply to ${message.type} in ${mediaLimits.workerReplyMs} ms`,
          ),
        );
      }, mediaLimits.workerReplyMs);
      this.#pending.set(request, { resolve, reject, deadline });
    });
    this.#worker.postMessage({ ...message, request });
    return reply;
  }

  /** Ends the thread, whatever it does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(message: FromWorker): void {
    if (message.type === 'frames') this.#taken.take(message.batch.length);
    if (message.type !== 'reply') {
      this.#listener.onMessage(message);
      return;
    }
    const pending = this.#pending.get(message.request);
    if (!pending) {
      this.#undo(message.value);
      return;
    }
    this.#pending.delete(message.request);
    pending.deadline.cancel();
    if (message.value) pending.resolve(message.value);
    else
      pending.reject(
        message.error
          ? fromErrorData(message.error)
          : new SpeechError('internal', 'media worker sent an empty reply'),
      );
  }

  /** A stream that opened after its deadline has no owner any more: it gives its port back. */
  #undo(late: ReplyValue | null): void {
    if (late?.type !== 'opened') return;
    this.request({ type: 'close', stream: late.stream }).catch((error: unknown) =>
      this.#listener.onMessage({
        type: 'log',
        level: 'warn',
        message: 'late stream was not closed',
        fields: { stream: late.stream, err: String(error) },
      }),
    );
  }

  #exit(code: number): void {
    this.#exited = true;
    const reason = this.#failure ?? `media worker exited with code ${code}`;
    for (const { reject, deadline } of this.#pending.values()) {
      deadline.cancel();
      reject(new SpeechError('unavailable', reason));
    }
    this.#pending.clear();
    this.#listener.onExit(reason);
  }
}
