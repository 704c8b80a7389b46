import type { ClientSocket } from '../client-writer.js';
import type { ServerFrame } from '../protocol.js';

/** A client's socket that takes what is sent at once, or only when told. */
export class FakeSocket implements ClientSocket {
  readonly sent: Buffer[] = [];
  pings = 0;
  terminated = false;
  closedWith: { readonly code: number; readonly reason: string } | null = null;
  #stuck: { readonly bytes: number; readonly done: () => void }[] | null = null;

  get bufferedAmount(): number {
    return (this.#stuck ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** From now on nothing is taken. */
  stop(): void {
    this.#stuck ??= [];
  }

  /** Takes the next `count` frames that wait; all of them: goes on as before. */
  take(count = Infinity): void {
    const stuck = this.#stuck ?? [];
    for (let i = 0; i < count; i++) {
      const next = stuck.shift();
      if (!next) break;
      next.done();
    }
    if (count === Infinity) this.#stuck = null;
  }

  send(data: Buffer, _options: { readonly binary: boolean }, done: () => void): void {
    this.sent.push(data);
    if (this.#stuck) this.#stuck.push({ bytes: data.length, done });
    else done();
  }

  ping(): void {
    this.pings++;
  }

  close(code: number, reason: string): void {
    this.closedWith = { code, reason };
  }

  terminate(): void {
    this.terminated = true;
  }

  frames(): ServerFrame[] {
    return this.sent.map((data) => JSON.parse(data.toString()) as ServerFrame);
  }
}
