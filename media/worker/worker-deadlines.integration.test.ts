import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import type { RtpCodec, StreamOptions } from './media-host.js';
import { WorkerMediaHost } from './worker-host.js';

const codec: RtpCodec = { encoding: 'PCMU', payloadType: 0, clockRateHz: 8_000, ptimeMs: 20 };

/** Threads run in real time, whatever the clock says. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('deadlines of the media host, on a fake clock', () => {
  const options: StreamOptions = {
    sessionId: 's',
    localAddress: '127.0.0.1',
    codec,
    remote: null,
    direction: 'inactive',
    continuous: false,
  };

  async function start(workers = 1) {
    const fake = new FakeClock();
    const lost: number[] = [];
    const host = await WorkerMediaHost.start(
      { workers, rtpPorts: { from: 41_400, to: 41_419 }, engines: [] },
      { logger: new MemoryLogger(), clock: fake, onWorkerLost: (worker) => lost.push(worker) },
    );
    return { host, fake, lost };
  }

  it('an open that one worker does not answer goes to the next one', async () => {
    const { host, fake } = await start(2);
    const opening = host.openStream(options, () => undefined);
    fake.advance(5_000);
    const stream = await opening;
    expect(host.openStreams).toBe(1);
    expect(stream.localPort).toBeGreaterThanOrEqual(41_410);
    await host.close();
    expect(fake.pendingTimers).toBe(0);
  });

  it('a worker that misses two snapshots in a row is ended, with its streams, and started again', async () => {
    const { host, fake, lost } = await start();
    const closed: string[] = [];
    await host.openStream(options, (reason) => closed.push(reason));
    // All questions of one moment late at once: the machine slept.
    const asked = [host.metrics(), host.metrics()];
    fake.advance(5_000);
    expect(await Promise.all(asked)).toEqual([[null], [null]]);
    expect((await host.metrics())[0]).not.toBeNull();
    for (let i = 0; i < 2; i++) {
      const metrics = host.metrics();
      fake.advance(5_000);
      expect(await metrics).toEqual([null]);
    }
    for (let i = 0; i < 100 && lost.length === 0; i++) await sleep(25);
    expect([lost, closed.length, host.openStreams, host.ready]).toEqual([[0], 1, 0, false]);
    fake.advance(100);
    for (let i = 0; i < 100 && !host.ready; i++) await sleep(25);
    expect(host.ready).toBe(true);
    await host.close();
    expect(fake.pendingTimers).toBe(0);
  });

  it('an open that is answered too late is refused, and its stream is closed again', async () => {
    const { host, fake } = await start();
    const opening = host.openStream(options, () => undefined);
    fake.advance(5_000);
    await expect(opening).rejects.toMatchObject({ code: 'timeout' });
    let streams: number | undefined = 1;
    for (let i = 0; i < 40 && streams !== 0; i++) {
      await sleep(25);
      streams = (await host.metrics())[0]?.streams;
    }
    expect([streams, host.openStreams]).toEqual([0, 0]);
    await host.close();
    expect(fake.pendingTimers).toBe(0);
  });

  it('a close that is answered too late gives zeros; no timer is left after the host closed', async () => {
    const { host, fake } = await start();
    const stream = await host.openStream(options, () => undefined);
    const closing = stream.close();
    fake.advance(5_000);
    expect((await closing).packetsSent).toBe(0);
    await host.close();
    expect(fake.pendingTimers).toBe(0);
  });

  it.each([
    ['no worker', { workers: 0, rtpPorts: { from: 41_400, to: 41_419 } }],
    ['fewer ports than workers', { workers: 8, rtpPorts: { from: 41_400, to: 41_403 } }],
    ['more jitter than its bound', { workers: 1, rtpPorts: { from: 41_400, to: 41_403 }, jitterMs: 200 }],
  ])('start refuses %s', async (_, shape) => {
    const starting = WorkerMediaHost.start(
      { ...shape, engines: [] },
      { logger: new MemoryLogger(), clock: new FakeClock(), onWorkerLost: () => undefined },
    );
    await expect(starting).rejects.toMatchObject({ code: 'bad-input' });
  });
});
