import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { ParleyProcess, type StartOptions } from '../gateway/testing/parley-process.js';

/** Every process that a benchmark starts; none outlives it. */
export class Children {
  readonly #servers = new Set<ParleyProcess>();
  readonly #helpers = new Set<ChildProcess>();

  /** Starts a Parley of its own on free ports; `readyAfterMs` is from spawn to its log line "ready". */
  async startParley(options: StartOptions): Promise<{ parley: ParleyProcess; readyAfterMs: number }> {
    const started = await ParleyProcess.start(options);
    this.#servers.add(started.parley);
    return started;
  }

  async stopParley(parley: ParleyProcess): Promise<void> {
    this.#servers.delete(parley);
    await parley.stop();
  }

  /** Warnings and errors that the running servers logged, each once with how often. */
  serverWarnings(): string[] {
    return countWarnings([...this.#servers].flatMap(({ lines }) => lines));
  }

  /** Starts a module of this folder (`./bare-server.js`) as a process of its own, with a message channel. */
  startHelper(module: string): ChildProcess {
    const child = fork(fileURLToPath(new URL(module, import.meta.url)));
    this.#helpers.add(child);
    child.once('exit', () => this.#helpers.delete(child));
    return child;
  }

  /** Ends them all in order; resolves when they are gone. */
  async stopAll(): Promise<void> {
    const servers = [...this.#servers].map((parley) => this.stopParley(parley));
    const helpers = [...this.#helpers].map(async (child) => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    });
    await Promise.all([...servers, ...helpers]);
  }

  /** Ends them at once, for when this process ends. */
  killNow(): void {
    for (const { child } of this.#servers) child.kill('SIGKILL');
    for (const child of this.#helpers) child.kill('SIGKILL');
  }
}

/** One entry for each different warning or error: its message, the error's code where there is one, and its number. */
export function countWarnings(lines: readonly Readonly<Record<string, unknown>>[]): string[] {
  const counts = new Map<string, number>();
  for (const { level, msg, code } of lines) {
    if (level !== 'warn' && level !== 'error') continue;
    const what = typeof code === 'string' ? `${String(msg)} (${code})` : String(msg);
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `the server logged ${count} x "${what}"`);
}

/** The next message of a helper; rejects when it ends instead or is silent for `timeoutMs`. */
export function nextMessage(child: ChildProcess, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      finish();
    };
    const onMessage = (message: unknown): void => settle(() => resolve(message));
    const onExit = (code: number | null): void =>
      settle(() => reject(new Error(`a helper process ended with ${code}`)));
    const timer = setTimeout(
      () => settle(() => reject(new Error(`a helper process said nothing for ${timeoutMs} ms`))),
      timeoutMs,
    );
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
