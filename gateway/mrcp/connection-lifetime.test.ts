import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { requestBytes } from './testing/mrcp-test-client.js';
import { ServerFixture } from './testing/server-fixture.js';

const text = { 'Content-Type': 'text/plain' };

describe('shared connections (RFC 6787 4.2, 4.4)', () => {
  it('carry the channels of several sessions, whose events keep apart', () => {
    const fixture = new ServerFixture();
    const [first, second] = [fixture.openSession(), fixture.openSession()];
    const peer = fixture.connect();
    for (const { synthId } of [first, second])
      peer.request({ method: 'SPEAK', channelId: synthId, headers: text, body: 'Hi', requestId: 1 });
    expect(peer.connection.channelCount).toBe(2);
    second.synth.find(1).listener.onComplete('normal');
    expect(peer.take()[0]?.headers.get('channel-identifier')).toBe(second.synthId);
    second.session.close();
    first.synth.find(1).listener.onComplete('normal');
    expect(peer.take()[0]?.headers.get('channel-identifier')).toBe(first.synthId);
  });

  it('stay open when the last channel goes, for a next session, and close after the orphan deadline', () => {
    const fixture = new ServerFixture();
    const first = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: first.synthId });
    first.session.close();
    fixture.clock.advance(mrcpLimits.orphanConnectionMs - 1);
    const second = fixture.openSession();
    expect(peer.request({ method: 'STOP', channelId: second.synthId }).status).toBe(200);
    fixture.clock.advance(mrcpLimits.orphanConnectionMs);
    expect(peer.socket.destroyed).toBe(false);
    second.session.close();
    fixture.clock.advance(mrcpLimits.orphanConnectionMs);
    expect(peer.socket.destroyed).toBe(true);
    expect(fixture.server.stats().closedConnections).toEqual({ 'no-channel': 1 });
    expect(fixture.clock.pendingTimers).toBe(0);
  });

  it('do not let another connection speak for a channel (405)', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    fixture.connect().request({ method: 'STOP', channelId: synthId });
    expect(fixture.connect().request({ method: 'STOP', channelId: synthId, requestId: 2 }).status).toBe(405);
  });
});

describe('losing the connection (RFC 6787 4.6)', () => {
  it('tells the SIP side once after the grace time', () => {
    const fixture = new ServerFixture();
    const { told, synthId, recogId, session } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: synthId });
    peer.request({ method: 'STOP', channelId: recogId });
    peer.connection.close('peer-closed');
    fixture.clock.advance(mrcpLimits.connectionLostGraceMs - 1);
    expect(told).toEqual([]);
    fixture.clock.advance(mrcpLimits.inactivityMs * 2);
    expect(told).toEqual(['connection lost']);
    session.close();
    expect(fixture.clock.pendingTimers).toBe(0);
  });

  it('is forgiven when the client comes back in time, and events go the new way', () => {
    const fixture = new ServerFixture();
    const { told, synth, synthId } = fixture.openSession();
    const first = fixture.connect();
    first.request({ method: 'SPEAK', channelId: synthId, headers: text, body: 'Hi' });
    first.connection.close('peer-closed');
    synth.find(1).listener.onMark('lost');
    const second = fixture.connect();
    second.request({ method: 'SPEAK', channelId: synthId, headers: text, body: 'Hi', requestId: 2 });
    fixture.clock.advance(mrcpLimits.connectionLostGraceMs * 2);
    expect(told).toEqual([]);
    synth.find(1).listener.onComplete('normal');
    second.socket.written.length = 0;
    synth.find(2).listener.onComplete('normal');
    expect(second.takeLines()).toEqual(['SPEAK-COMPLETE 2 COMPLETE 000 normal']);
    expect(fixture.logger.lines.map(({ message }) => message)).toContain(
      'MRCP event dropped: the channel has no connection',
    );
  });

  it('counts once for all channels of a session, and coming back forgives all', () => {
    const fixture = new ServerFixture();
    const { told, synthId, recogId } = fixture.openSession();
    const first = fixture.connect();
    first.request({ method: 'STOP', channelId: synthId });
    first.request({ method: 'STOP', channelId: recogId });
    first.connection.close('peer-closed');
    const second = fixture.connect();
    second.request({ method: 'STOP', channelId: synthId, requestId: 3 });
    second.request({ method: 'STOP', channelId: recogId, requestId: 4 });
    fixture.clock.advance(mrcpLimits.connectionLostGraceMs * 2);
    expect(told).toEqual([]);
  });

  it('says no more to a session that was told to end', () => {
    const fixture = new ServerFixture();
    const { told, synthId } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: synthId });
    fixture.clock.advance(mrcpLimits.inactivityMs);
    peer.connection.close('peer-closed');
    fixture.clock.advance(mrcpLimits.connectionLostGraceMs);
    expect(told).toEqual(['inactive']);
  });

  it('says nothing to a session that was closed meanwhile', () => {
    const fixture = new ServerFixture();
    const { told, synthId, session } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: synthId });
    peer.connection.close('peer-closed');
    session.close();
    fixture.clock.advance(mrcpLimits.inactivityMs * 2);
    expect(told).toEqual([]);
    expect(fixture.clock.pendingTimers).toBe(0);
  });
});

describe('deadlines', () => {
  it('a session whose client never connects is given up after connectDeadlineMs', () => {
    const fixture = new ServerFixture();
    const { told } = fixture.openSession();
    fixture.clock.advance(mrcpLimits.connectDeadlineMs - 1);
    expect(told).toEqual([]);
    fixture.clock.advance(mrcpLimits.inactivityMs * 2);
    expect(told).toEqual(['inactive']);
  });

  it('a client that connected and is silent (a long prompt plays elsewhere) keeps its connection and its session', () => {
    const fixture = new ServerFixture();
    const { told, recogId } = fixture.openSession();
    const peer = fixture.connect();
    fixture.clock.advance(mrcpLimits.inactivityMs - 1);
    expect([peer.socket.destroyed, told]).toEqual([false, []]);
    expect(peer.request({ method: 'STOP', channelId: recogId }).status).toBe(200);
  });

  it('a client that connected and stays silent is given up after inactivityMs, and so is its connection', () => {
    const fixture = new ServerFixture();
    const { told, session } = fixture.openSession();
    const peer = fixture.connect();
    fixture.clock.advance(mrcpLimits.inactivityMs);
    expect(told).toEqual(['inactive']);
    session.close();
    fixture.clock.advance(mrcpLimits.orphanConnectionMs);
    expect(peer.socket.destroyed).toBe(true);
    expect(fixture.clock.pendingTimers).toBe(0);
  });

  it('a client that connected and went away before its first message is given up at the connect deadline', () => {
    const fixture = new ServerFixture();
    const { told } = fixture.openSession();
    const peer = fixture.connect();
    fixture.clock.advance(5_000);
    peer.connection.close('peer-closed');
    fixture.clock.advance(mrcpLimits.connectDeadlineMs);
    expect(told).toEqual(['inactive']);
  });

  it('one idle connection vouches for one silent session, and for none that is younger', () => {
    const fixture = new ServerFixture();
    fixture.connect();
    fixture.clock.advance(1);
    const late = fixture.openSession();
    fixture.clock.advance(1);
    const crowd = [fixture.openSession(), fixture.openSession(), fixture.openSession()];
    fixture.clock.advance(1);
    fixture.connect();
    fixture.clock.advance(mrcpLimits.connectDeadlineMs);
    expect(late.told).toEqual(['inactive']);
    expect(crowd.filter(({ told }) => told.length === 0)).toHaveLength(1);
  });

  it('silent sessions keep the connections that were opened for each of them', () => {
    const fixture = new ServerFixture();
    const sessions = [1, 2, 3].map(() => {
      const session = fixture.openSession();
      fixture.connect();
      fixture.clock.advance(100);
      return session;
    });
    fixture.clock.advance(mrcpLimits.connectDeadlineMs);
    expect(sessions.map(({ told }) => told)).toEqual([[], [], []]);
  });

  it('a session whose channels come on an existing connection may begin late, as long as there is one', () => {
    const fixture = new ServerFixture();
    const first = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: first.synthId });
    const second = fixture.openSession();
    second.session.expectExistingConnection();
    fixture.clock.advance(mrcpLimits.connectDeadlineMs * 2);
    expect(second.told).toEqual([]);
    first.session.close();
    peer.connection.close('peer-closed');
    fixture.clock.advance(mrcpLimits.connectDeadlineMs);
    expect(second.told).toEqual(['inactive']);
  });

  it('a second channel on a connection of its own may begin late', () => {
    const fixture = new ServerFixture();
    const { synthId, recogId } = fixture.openSession();
    const [one, two] = [fixture.connect(), fixture.connect()];
    one.request({ method: 'STOP', channelId: synthId });
    fixture.clock.advance(mrcpLimits.orphanConnectionMs * 10);
    expect(two.socket.destroyed).toBe(false);
    expect(two.request({ method: 'STOP', channelId: recogId }).status).toBe(200);
  });

  it('a session with no message for inactivityMs is given up; each message starts that time again', () => {
    const fixture = new ServerFixture({ inactivityMs: 20_000 });
    const { told, synthId } = fixture.openSession();
    const peer = fixture.connect();
    for (let i = 0; i < 5; i++) {
      peer.request({ method: 'STOP', channelId: synthId });
      fixture.clock.advance(19_999);
    }
    expect(told).toEqual([]);
    fixture.clock.advance(1);
    expect(told).toEqual(['inactive']);
  });

  it('a session that says something itself (an event) is active', () => {
    const fixture = new ServerFixture({ inactivityMs: 20_000 });
    const { told, synth, synthId } = fixture.openSession();
    fixture.connect().request({ method: 'SPEAK', channelId: synthId, headers: text, body: 'Hi' });
    fixture.clock.advance(15_000);
    synth.find(1).listener.onComplete('normal');
    fixture.clock.advance(15_000);
    expect(told).toEqual([]);
    fixture.clock.advance(5_000);
    expect(told).toEqual(['inactive']);
  });

  it('a connection that never carries a channel is closed', () => {
    const fixture = new ServerFixture();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: null });
    fixture.clock.advance(mrcpLimits.orphanConnectionMs);
    expect(peer.socket.destroyed).toBe(true);
    expect(fixture.server.stats().connections).toBe(0);
    expect(fixture.clock.pendingTimers).toBe(0);
  });

  it('a message that drips in is cut off partialMessageMs after its first octet', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: synthId });
    const octets = requestBytes({ method: 'STOP', channelId: synthId }, 2);
    for (const octet of octets.subarray(0, 20)) {
      fixture.clock.advance(mrcpLimits.partialMessageMs / 20);
      peer.connection.receive(Uint8Array.of(octet));
    }
    expect(peer.socket.destroyed).toBe(false);
    fixture.clock.advance(mrcpLimits.partialMessageMs / 20);
    expect(peer.socket.destroyed).toBe(true);
    expect(fixture.server.stats().closedConnections).toEqual({ 'partial-message-timeout': 1 });
  });

  it('the deadline is for one message: finished ones start it again', () => {
    const fixture = new ServerFixture();
    const { synthId } = fixture.openSession();
    const peer = fixture.connect();
    peer.request({ method: 'STOP', channelId: synthId });
    for (let id = 2; id < 6; id++) {
      const octets = requestBytes({ method: 'STOP', channelId: synthId }, id);
      peer.expect('STOP', id, synthId);
      peer.connection.receive(octets.subarray(0, 30));
      fixture.clock.advance(mrcpLimits.partialMessageMs - 1);
      const next = requestBytes({ method: 'STOP', channelId: synthId }, id + 1);
      peer.connection.receive(Buffer.concat([octets.subarray(30), next.subarray(0, 10)]));
      fixture.clock.advance(1);
      peer.connection.receive(next.subarray(10));
      peer.expect('STOP', ++id, synthId);
    }
    expect(peer.socket.destroyed).toBe(false);
    expect(peer.takeLines()).toHaveLength(4);
  });
});
