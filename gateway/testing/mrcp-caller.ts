import { createSocket, type Socket } from 'node:dgram';

import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { systemRandom } from '../../config/random.js';
import { encodeG711 } from '../../media/codec/g711.js';
import { MrcpTestClient } from '../mrcp/testing/mrcp-test-client.js';
import { parseSdp, sdpAttribute } from '../sip/sdp.js';
import type { SipSession } from '../sip/user-agent-api.js';
import { UserAgent } from '../sip/user-agent.js';

export type Resource = 'speechsynth' | 'speechrecog';

const rtpHeaderBytes = 12;
const frameSamples = 160;
const frameMs = 20;

/** One RTP packet as it arrived: PCMU payload and when. */
export interface ArrivedPacket {
  readonly atMs: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

/** An MRCP client with its own SIP dialog, TCP connection and RTP socket: one session of a platform, for tests and bench. */
export class MrcpCaller {
  readonly packets: ArrivedPacket[] = [];
  /** Channel identifiers by resource. */
  readonly channels = new Map<Resource, string>();
  ended = false;
  #sequence = 0;
  #timestamp = 0;

  private constructor(
    readonly userAgent: UserAgent,
    readonly sip: SipSession,
    readonly mrcp: MrcpTestClient,
    private readonly socket: Socket,
    private readonly remotePort: number,
    readonly setUpMs: number,
  ) {}

  /** A SIP user agent for any number of callers. */
  static async createUserAgent(): Promise<UserAgent> {
    const userAgent = new UserAgent(
      { bind: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], userAgentName: 'test client' },
      {
        clock: new SystemClock(),
        random: systemRandom,
        logger: new MemoryLogger(),
        delegate: { onInvite: (invitation) => invitation.reject(486), onOptions: () => null },
      },
    );
    await userAgent.start();
    return userAgent;
  }

  /** Sets up a session with one channel for each resource, all on one audio line; rejects when it is refused. */
  static async open(
    userAgent: UserAgent,
    sipPort: number,
    resources: readonly Resource[],
    sharedConnection?: MrcpTestClient,
  ): Promise<MrcpCaller> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const startedAtMs = performance.now();
    let caller: MrcpCaller | null = null;
    const { sip, answer } = await invite(userAgent, sipPort, offer(socket.address().port, resources), () => {
      if (caller) caller.ended = true;
    });
    const setUpMs = performance.now() - startedAtMs;
    const description = parseSdp(answer);
    const control = description.media.filter(({ media }) => media === 'application');
    const audio = description.media.find(({ media }) => media === 'audio');
    const mrcp = sharedConnection ?? (await MrcpTestClient.connect(control[0]?.port ?? 0));
    caller = new MrcpCaller(userAgent, sip, mrcp, socket, audio?.port ?? 0, setUpMs);
    for (const section of control) {
      const channelId = sdpAttribute(section.attributes, 'channel');
      const resource = channelId?.split('@')[1];
      if (channelId && (resource === 'speechsynth' || resource === 'speechrecog'))
        caller.channels.set(resource, channelId);
    }
    caller.#receive();
    return caller;
  }

  channel(resource: Resource): string {
    const id = this.channels.get(resource);
    if (!id) throw new Error(`the session has no ${resource}`);
    return id;
  }

  /** Sends samples (8 kHz) as PCMU packets in real time. */
  async talk(samples: Int16Array): Promise<void> {
    const startedAtMs = performance.now();
    const payload = new Uint8Array(frameSamples);
    for (let at = 0, frame = 0; at < samples.length; at += frameSamples, frame++) {
      const waitMs = startedAtMs + frame * frameMs - performance.now();
      if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
      payload.fill(0xff);
      encodeG711('PCMU', samples.subarray(at, at + frameSamples), payload, 0);
      this.#send(0, payload, frame === 0);
      this.#timestamp += frameSamples;
    }
  }

  /** Presses a key: an RFC 4733 event of 100 ms with its three end packets. */
  async press(event: number): Promise<void> {
    const timestamp = this.#timestamp;
    for (let step = 1; step <= 7; step++) {
      const duration = Math.min(step, 5) * frameSamples;
      const body = Uint8Array.of(event, step >= 5 ? 0x8a : 0x0a, duration >> 8, duration & 0xff);
      this.#send(101, body, step === 1, timestamp);
      if (step < 5) await new Promise((resolve) => setTimeout(resolve, frameMs));
    }
    this.#timestamp = timestamp + 8 * frameSamples;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }

  /** PCMU octets heard so far, in order of sequence. */
  heard(): Buffer {
    const sorted = [...this.packets].sort((a, b) => a.sequence - b.sequence);
    return Buffer.concat(sorted.map(({ payload }) => payload));
  }

  close(closeConnection = true): void {
    this.sip.end();
    if (closeConnection) this.mrcp.close();
    this.socket.close();
  }

  #receive(): void {
    this.socket.on('message', (datagram) => {
      this.packets.push({
        atMs: performance.now(),
        sequence: datagram.readUInt16BE(2),
        timestamp: datagram.readUInt32BE(4),
        marker: (datagram.readUInt8(1) & 0x80) !== 0,
        payload: datagram.subarray(rtpHeaderBytes),
      });
    });
  }

  #send(payloadType: number, payload: Uint8Array, marker: boolean, timestamp = this.#timestamp): void {
    const packet = Buffer.alloc(rtpHeaderBytes + payload.length);
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8(payloadType | (marker ? 0x80 : 0), 1);
    packet.writeUInt16BE(this.#sequence++ & 0xffff, 2);
    packet.writeUInt32BE(timestamp >>> 0, 4);
    packet.writeUInt32BE(0x5eed, 8);
    packet.set(payload, rtpHeaderBytes);
    this.socket.send(packet, this.remotePort, '127.0.0.1');
  }
}

/** What a platform offers: control lines for the resources and one audio line, as UniMRCP's client writes them. */
export function offer(rtpPort: number, resources: readonly Resource[]): string {
  const control = resources.flatMap((resource) => [
    'm=application 9 TCP/MRCPv2 1',
    'a=setup:active',
    'a=connection:new',
    `a=resource:${resource}`,
    'a=cmid:1',
  ]);
  const lines = [
    'v=0',
    'o=client 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    ...control,
    `m=audio ${rtpPort} RTP/AVP 0 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=sendrecv',
    'a=ptime:20',
    'a=mid:1',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function invite(
  userAgent: UserAgent,
  sipPort: number,
  sdp: string,
  onEnded: () => void,
): Promise<{ sip: SipSession; answer: string }> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const sip: SipSession = userAgent.invite(`sip:mrcp@127.0.0.1:${sipPort}`, sdp, {
      onProvisional: () => undefined,
      onAnswered: (body) => {
        answer = body;
      },
      onConfirmed: () => resolve({ sip, answer }),
      onRejected: (response) => reject(new Error(`refused: ${response?.status ?? 'no answer'}`)),
      onReinvite: () => ({ accept: false, status: 488 }),
      onEnded,
    });
  });
}
