import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import { requestBytes } from './testing/mrcp-test-client.js';
import { ServerFixture } from './testing/server-fixture.js';

const text = { 'Content-Type': 'text/plain' };

describe('MRCP sessions', () => {
  it('have an identifier of 16 hex digits that all their channels begin with (RFC 6787 6.2.1)', () => {
    const { session, synthId, recogId } = new ServerFixture().openSession();
    expect(session.id).toMatch(/^[0-9a-f]{16}$/);
    expect([synthId, recogId]).toEqual([`${session.id}@speechsynth`, `${session.id}@speechrecog`]);
  });

  it('hold one channel of each resource (RFC 6787 4.2)', () => {
    const { session, synth, recog } = new ServerFixture().openSession();
    expect(() => session.addSynth(synth)).toThrow(/already has a speechsynth channel/);
    expect(() => session.addRecog(recog)).toThrow(/already has a speechrecog channel/);
    session.close();
    expect(() => session.addSynth(synth)).toThrow(/closed/);
  });

  it('can lose one channel and keep the other', () => {
    const fixture = new ServerFixture();
    const { session, synth, synthId, recogId } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'SPEAK', channelId: synthId, headers: text, body: 'Hi' });
    session.removeChannel(synthId);
    session.removeChannel('unknown@speechsynth');
    expect([synth.closed, synth.find(1).calls]).toEqual([1, ['stop']]);
    expect(peer.request({ method: 'STOP', channelId: synthId }).status).toBe(405);
    expect(peer.request({ method: 'STOP', channelId: recogId }).status).toBe(200);
  });
});

describe('MRCP dispatch (RFC 6787 5.4)', () => {
  it('answers 405 to an unknown Channel-Identifier, and echoes it', () => {
    const peer = new ServerFixture().connect();
    for (const channelId of ['0123456789abcdef@speechsynth', 'nonsense', '@', 'a@b@c'])
      expect(peer.request({ method: 'STOP', channelId })).toMatchObject({ status: 405, state: 'COMPLETE' });
  });

  it('answers 405 to a resource the session does not have', () => {
    const fixture = new ServerFixture();
    const { session } = fixture.openSession();
    expect(fixture.connect().request({ method: 'RECORD', channelId: `${session.id}@recorder` }).status).toBe(
      405,
    );
  });

  it('answers 406 without Channel-Identifier (6.2.1)', () => {
    expect(new ServerFixture().connect().request({ method: 'STOP', channelId: null }).status).toBe(406);
  });

  it('answers 502 to another protocol version', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    expect(fixture.connect().request({ method: 'STOP', channelId: synthId, version: '3.0' }).status).toBe(
      502,
    );
  });

  it('takes identifiers in any case', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    const peer = fixture.connect();
    peer.sendRaw(requestBytes({ method: 'STOP', channelId: synthId.toUpperCase() }, 1));
    peer.expect('STOP', 1, synthId);
    expect(peer.takeLines()).toEqual(['200 1 COMPLETE']);
  });

  it('answers 404 and 403 to SET-PARAMS with the offending field, and 200 when all is well (6.1.1)', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    const peer = fixture.connect();
    const set = (headers: Record<string, string>) =>
      peer.request({ method: 'SET-PARAMS', channelId: synthId, headers });
    const illegal = set({ 'Voice-Age': 'abc' });
    expect([illegal.status, illegal.headers.get('voice-age')]).toEqual([404, 'abc']);
    const unknown = set({ 'X-Foo': 'bar', 'Voice-Age': '25' });
    expect([unknown.status, unknown.headers.get('x-foo'), unknown.headers.has('voice-age')]).toEqual([
      403,
      'bar',
      false,
    ]);
    expect(set({ 'Voice-Age': '25' }).status).toBe(200);
  });

  it('gives all settable parameters to GET-PARAMS without fields (6.1.2)', () => {
    const fixture = new ServerFixture();
    const { recogId } = fixture.openSession();
    const { headers } = fixture.connect().request({ method: 'GET-PARAMS', channelId: recogId });
    expect(headers.get('no-input-timeout')).toBe('5000');
    expect(headers.get('logging-tag')).toBe('');
    expect(headers.size).toBeGreaterThan(20);
  });

  it('keeps a Logging-Tag from any request until it changes (6.2.14)', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    const peer = fixture.connect();
    const tag = () =>
      peer
        .request({ method: 'GET-PARAMS', channelId: synthId, headers: { 'Logging-Tag': '' } })
        .headers.get('logging-tag');
    peer.request({ method: 'STOP', channelId: synthId, headers: { 'Logging-Tag': 'call-17' } });
    expect(tag()).toBe('call-17');
    peer.request({ method: 'STOP', channelId: synthId });
    expect(tag()).toBe('call-17');
  });

  it('ignores responses and events from a client', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    const peer = fixture.connect();
    peer.sendRaw(`MRCP/2.0 99 1 200 COMPLETE\r\nChannel-Identifier: ${synthId}\r\n\r\n`);
    peer.sendRaw(`MRCP/2.0 99 SPEAK-COMPLETE 1 COMPLETE\r\nChannel-Identifier: ${synthId}\r\n\r\n`);
    expect(peer.take()).toEqual([]);
    expect(peer.request({ method: 'STOP', channelId: synthId }).status).toBe(200);
  });
});

describe('request-id (RFC 6787 5.2)', () => {
  it('that is equal or lower is answered 410 and not executed', () => {
    const fixture = new ServerFixture();
    const { synth, synthId } = fixture.openSession();
    const peer = fixture.connect();
    const speak = (requestId: number) =>
      peer.request({ method: 'SPEAK', channelId: synthId, headers: text, body: 'Hi', requestId }).status;
    expect([speak(10), speak(10), speak(9), speak(4_294_967_295)]).toEqual([200, 410, 410, 200]);
    expect(synth.speaks).toHaveLength(1);
  });

  it('rises through the session: the other channel on the same connection counts too', () => {
    const fixture = new ServerFixture();
    const { synthId, recogId } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: synthId, requestId: 5 });
    expect(peer.request({ method: 'STOP', channelId: recogId, requestId: 5 }).status).toBe(410);
    expect(peer.request({ method: 'STOP', channelId: recogId, requestId: 6 }).status).toBe(200);
    expect(peer.request({ method: 'STOP', channelId: synthId, requestId: 6 }).status).toBe(410);
  });

  it('is not compared between connections, which keep no order, nor between sessions', () => {
    const fixture = new ServerFixture();
    const first = fixture.openSession();
    const second = fixture.openSession();
    const [one, two] = [fixture.connect(), fixture.connect()];
    one.request({ method: 'STOP', channelId: first.synthId, requestId: 9 });
    expect(two.request({ method: 'STOP', channelId: first.recogId, requestId: 1 }).status).toBe(200);
    expect(one.request({ method: 'STOP', channelId: second.synthId, requestId: 1 }).status).toBe(200);
  });

  it('may repeat by option, which is logged once', () => {
    const fixture = new ServerFixture({ requestIdPolicy: 'lenient' });
    const { synthId } = fixture.openSession();
    const peer = fixture.connect();
    for (const requestId of [3, 3, 2])
      expect(peer.request({ method: 'STOP', channelId: synthId, requestId }).status).toBe(200);
    expect(fixture.logger.lines.filter(({ message }) => message.includes('request-id'))).toHaveLength(1);
  });
});

describe('hostile peers', () => {
  it('an oversized message is answered 504, then FIN, then the end (RFC 6787 5.4)', () => {
    const fixture = new ServerFixture();
    const { synthId, told } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: synthId });
    peer.sendRaw(`MRCP/2.0 9999999 SPEAK 2\r\nChannel-Identifier: ${synthId}\r\n`);
    peer.expect('SPEAK', 2, null);
    expect(peer.takeLines()).toEqual(['504 2 COMPLETE']);
    expect([peer.socket.ended, peer.socket.destroyed]).toEqual([true, false]);
    peer.sendRaw('x'.repeat(100_000));
    fixture.clock.advance(mrcpLimits.connectionLostGraceMs);
    expect(peer.socket.destroyed).toBe(true);
    expect(told).toEqual(['connection lost']);
    expect(fixture.server.stats()).toMatchObject({
      connections: 0,
      closedConnections: { 'message-too-large': 1 },
    });
  });

  it('unfinished messages of all connections together are bounded, and given back', () => {
    const fixture = new ServerFixture();
    const half = Buffer.concat([
      Buffer.from('MRCP/2.0 1048000 SPEAK 1\r\nContent-Length: 1047000\r\n\r\n'),
      Buffer.alloc(1_000_000, 'x'),
    ]);
    const peers = Array.from({ length: 80 }, () => fixture.connect());
    for (const peer of peers) peer.connection.receive(half);
    const { connections, bufferedBytes, closedConnections } = fixture.server.stats();
    expect(bufferedBytes).toBeLessThanOrEqual(mrcpLimits.bufferedBytes);
    expect(connections).toBe(67);
    expect(closedConnections).toEqual({ 'too-much-buffered': 13 });
    for (const peer of peers) peer.connection.close('peer-closed');
    expect(fixture.server.stats().bufferedBytes).toBe(0);
  });

  it('a peer that reads nothing is dropped at sendQueueBytes', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: synthId });
    peer.socket.stalled = true;
    const headers = {
      'Vendor-Specific-Parameters': `a=${'x'.repeat(4_000)}`,
      'Set-Cookie': 'y'.repeat(1_000),
    };
    let id = 1;
    const send = (method: string, fields: Record<string, string>) =>
      peer.connection.receive(requestBytes({ method, channelId: synthId, headers: fields }, ++id));
    send('SET-PARAMS', headers);
    for (let i = 0; i < 2_000 && !peer.socket.destroyed; i++) send('GET-PARAMS', {});
    expect(peer.socket.destroyed).toBe(true);
    expect(peer.socket.writableLength).toBeLessThanOrEqual(mrcpLimits.sendQueueBytes);
    expect(fixture.server.stats().closedConnections).toEqual({ 'slow-peer': 1 });
  });

  it('one that talks nonsense does not touch another session', () => {
    const fixture = new ServerFixture();
    const good = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'SPEAK', channelId: good.synthId, headers: text, body: 'Hi' });
    const random = new SeededRandom(1);
    for (let i = 0; i < 300; i++) {
      const bad = fixture.connect();
      for (let n = 0; n < 40; n++) bad.sendRaw(`${random.hex(1 + random.integer(40))}\r\n`.repeat(4));
    }
    good.synth.find(1).listener.onComplete('normal');
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 1 COMPLETE 000 normal']);
    expect(fixture.server.stats().garbageLines).toBe(300 * 101);
    fixture.clock.advance(mrcpLimits.orphanConnectionMs);
    expect(fixture.server.stats()).toMatchObject({
      connections: 1,
      closedConnections: { 'too-much-garbage': 300 },
    });
  });

  it('10,000 bad requests and 10,000 connections leave nothing behind', async () => {
    const fixture = new ServerFixture();
    const { session } = fixture.openSession();
    const peer = fixture.connect();
    for (let i = 0; i < 10_000; i++)
      peer.connection.receive(requestBytes({ method: 'FLY', channelId: 'no@one' }, i));
    expect(fixture.server.stats()).toMatchObject({ requests: 10_000, failedRequests: 10_000 });
    for (let i = 0; i < 10_000; i++) fixture.connect().connection.close('peer-closed');
    peer.connection.close('peer-closed');
    session.close();
    expect(fixture.server.stats()).toMatchObject({ connections: 0, sessions: 0, channels: 0 });
    expect(fixture.clock.pendingTimers).toBe(0);
    await fixture.server.close();
  });
});

describe('closing the server', () => {
  it('closes sessions, backends, connections and timers, and tells no delegate', async () => {
    const fixture = new ServerFixture();
    const { synth, recog, told, synthId } = fixture.openSession();
    fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'SPEAK', channelId: synthId, headers: text, body: 'Hi' });
    peer.sendRaw('MRCP/2.0 ');
    await fixture.server.close();
    await fixture.server.close();
    expect([synth.closed, recog.closed, peer.socket.destroyed]).toEqual([1, 1, true]);
    expect(fixture.server.stats()).toMatchObject({ connections: 0, sessions: 0, channels: 0 });
    expect(fixture.clock.pendingTimers).toBe(0);
    fixture.clock.advance(mrcpLimits.inactivityMs);
    expect(told).toEqual([]);
  });

  it('refuses to tell a port before it listens', () => {
    expect(() => new ServerFixture().server.port).toThrow(/does not listen/);
  });
});
