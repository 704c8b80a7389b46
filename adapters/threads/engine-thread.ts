import { Worker, type TransferListItem } from 'node:worker_threads';

/** What the owner of a thread hears; never from inside `post`. */
export interface EngineThreadListener<Report> {
  onReport(report: Report): void;
  /** The thread died without being told to; whatever it was doing is lost. The next `post` starts a new one. */
  onLost(cause: Error): void;
}

/**
 * One worker thread that is there when it is needed: started by the first `post`, and again by the next `post` after
 * it died, so that an engine that crashes costs what it was doing and nothing else.
 *
 * The thread gets no environment (secrets live there) and everything it needs as `data`.
 */
export class EngineThread<Command, Report> {
  readonly #script: URL;
  readonly #data: unknown;
  readonly #listener: EngineThreadListener<Report>;
  #worker: Worker | null = null;
  #closed = false;

  constructor(script: URL, data: unknown, listener: EngineThreadListener<Report>) {
    this.#script = script;
    this.#data = data;
    this.#listener = listener;
  }

  /** Ignored after `close`. */
  post(command: Command, transfer: readonly TransferListItem[] = []): void {
    if (this.#closed) return;
    this.#worker ??= this.#start();
    this.#worker.postMessage(command, transfer);
  }

  /** Ends the thread in the middle of whatever it does, and reports it lost. */
  kill(cause: Error): void {
    const worker = this.#worker;
    if (!worker) return;
    this.#lost(worker, cause);
    // The thread is already out of use: how its end goes changes nothing for anybody.
    worker.terminate().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { workerData: this.#data, env: {} });
    worker.on('message', (report: Report) => {
      if (this.#worker === worker) this.#listener.onReport(report);
    });
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', (code) => this.#lost(worker, new Error(`the thread ended with code ${code}`)));
    return worker;
  }

  #lost(worker: Worker, cause: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#listener.onLost(cause);
  }
}
