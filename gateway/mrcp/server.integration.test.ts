import { createConnection } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom, systemRandom } from '../../config/random.js';
import { MrcpServer } from './server.js';
import { FakeRecogBackend, FakeSynthBackend, fakeCompiler } from './testing/fake-backends.js';
import { clientMessages, clientRuns } from './testing/fixtures.js';
import { MrcpTestClient, requestBytes } from './testing/mrcp-test-client.js';

const text = { 'Content-Type': 'text/plain' };

let server: MrcpServer;

beforeEach(async () => {
  server = new MrcpServer(
    { address: '127.0.0.1', port: 0, connectionLostGraceMs: 50 },
    {
      clock: new SystemClock(),
      random: systemRandom,
      logger: new MemoryLogger(),
      compileGrammar: fakeCompiler,
    },
  );
  await server.listen();
});

afterEach(() => server.close());

function openSession() {
  const told: string[] = [];
  let tell: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const session = server.openSession({
    onConnectionLost: () => {
      told.push('connection lost');
      tell();
    },
    onInactive: () => {
      told.push('inactive');
      tell();
    },
  });
  const synth = new FakeSynthBackend();
  const recog = new FakeRecogBackend();
  return {
    session,
    synth,
    recog,
    synthId: session.addSynth(synth),
    recogId: session.addRecog(recog),
    told,
    ended,
  };
}

/** Sends octets on a connection of its own and waits until it is closed, by whichever side. */
function throwAt(bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve());
    socket.on('data', () => undefined);
    socket.end(bytes);
  });
}

async function settled(connections: number): Promise<void> {
  for (let i = 0; i < 200 && server.stats().connections !== connections; i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('MRCP server over TCP', () => {
  it('speaks, recognises Chinese and answers in order to pipelined requests', async () => {
    const { synth, recog, synthId, recogId } = openSession();
    synth.onSpeak = ({ listener }) => setImmediate(() => listener.onComplete('normal'));
    recog.onRecognize = ({ listener }) =>
      setImmediate(() => {
        listener.onStartOfInput('speech');
        listener.onComplete({ cause: 'success', body: '<result>我要查话费</result>' });
      });
    const client = await MrcpTestClient.connect(server.port);
    const ids = [
      client.send({ method: 'SPEAK', channelId: synthId, headers: text, body: '您好，这里是宽带客服。' }),
      client.send({
        method: 'RECOGNIZE',
        channelId: recogId,
        headers: { 'Content-Type': 'text/uri-list' },
        body: 'builtin:speech/transcribe',
      }),
      client.send({ method: 'GET-PARAMS', channelId: synthId }),
    ];
    for (const id of ids) expect((await client.response(id)).status).toBe(200);
    expect(await client.nextEvent(synthId)).toMatchObject({ name: 'SPEAK-COMPLETE', requestId: 1 });
    expect(await client.nextEvent(recogId)).toMatchObject({ name: 'START-OF-INPUT', requestId: 2 });
    expect(await client.nextEvent(recogId)).toMatchObject({
      name: 'RECOGNITION-COMPLETE',
      body: '<result>我要查话费</result>',
    });
    expect(synth.find(1).request.body).toBe('您好，这里是宽带客服。');
    client.close();
  });

  it('takes a request octet by octet, and one of 300 kB', async () => {
    const { synth, synthId } = openSession();
    const client = await MrcpTestClient.connect(server.port);
    const octets = requestBytes({ method: 'SPEAK', channelId: synthId, headers: text, body: '慢' }, 1);
    client.expect('SPEAK', 1, synthId);
    for (const octet of octets) {
      client.sendRaw(Buffer.of(octet));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.response(1)).state).toBe('IN-PROGRESS');
    const long = '长'.repeat(100_000);
    const big = await client.request({ method: 'SPEAK', channelId: synthId, headers: text, body: long });
    expect(big.state).toBe('PENDING');
    synth.find(1).listener.onComplete('normal');
    expect((await client.nextEvent()).name).toBe('SPEAK-COMPLETE');
    expect((await client.nextEvent()).name).toBe('SPEECH-MARKER');
    expect(synth.find(2).request.body).toHaveLength(100_000);
    client.close();
  });

  it('tells the SIP side when the client closes its connection (RFC 6787 4.6)', async () => {
    const { synthId, told, ended, session } = openSession();
    const client = await MrcpTestClient.connect(server.port);
    await client.request({ method: 'STOP', channelId: synthId });
    client.close();
    await ended;
    session.close();
    expect(told).toEqual(['connection lost']);
    expect(server.stats()).toMatchObject({ connections: 0, sessions: 0, channels: 0 });
  });

  it('answers 504 to an oversized message and closes that connection only', async () => {
    const { synthId } = openSession();
    const good = await MrcpTestClient.connect(server.port);
    await good.request({ method: 'STOP', channelId: synthId });
    const bad = await MrcpTestClient.connect(server.port);
    bad.sendRaw('MRCP/2.0 2000000 SPEAK 1\r\n');
    bad.expect('SPEAK', 1, null);
    expect((await bad.response(1)).status).toBe(504);
    await bad.closedByServer();
    expect((await good.request({ method: 'STOP', channelId: synthId })).status).toBe(200);
    good.close();
  });

  it('outlives 200 hostile connections while another session works', async () => {
    const { synthId, session } = openSession();
    const client = await MrcpTestClient.connect(server.port);
    const random = new SeededRandom(200);
    const stream = Buffer.concat(clientRuns.flatMap((run) => clientMessages(run)));
    for (let round = 0; round < 20; round++) {
      const attacks = Array.from({ length: 10 }, () => {
        const bytes = Buffer.from(stream.subarray(random.integer(stream.length)));
        for (let n = 0; n < 20; n++) bytes[random.integer(bytes.length)] = random.integer(256);
        return throwAt(bytes);
      });
      expect((await client.request({ method: 'STOP', channelId: synthId })).status).toBe(200);
      await Promise.all(attacks);
    }
    client.close();
    session.close();
    await settled(0);
    expect(server.stats()).toMatchObject({ connections: 0, sessions: 0, channels: 0 });
  });

  it('rejects when its address is taken', async () => {
    const second = new MrcpServer(
      { address: '127.0.0.1', port: server.port },
      {
        clock: new SystemClock(),
        random: systemRandom,
        logger: new MemoryLogger(),
        compileGrammar: fakeCompiler,
      },
    );
    await expect(second.listen()).rejects.toThrow(/EADDRINUSE/);
    await second.close();
  });
});
