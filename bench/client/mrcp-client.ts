import { systemRandom } from '../../config/random.js';
import { parseSdp, sdpAttribute, serializeSdp, type SessionDescription } from '../../gateway/sip/sdp.js';
import type { ServerUnderTest } from '../server-under-test.js';
import { MrcpConnection, type Exchange } from './mrcp-connection.js';
import { RtpSink } from './rtp-sink.js';
import { SipClient, type AnsweredCall } from './sip-client.js';

/** An MRCP session with one speechsynth channel and a socket that its audio comes to. */
export interface SynthCall {
  readonly sink: RtpSink;
  readonly inviteMs: number;
  /** SPEAK of plain text; the exchange completes with SPEAK-COMPLETE. */
  speak(text: string): Exchange;
  /** STOP of whatever is being spoken. */
  stop(): Exchange;
  hangUp(): Promise<void>;
}

/** An MRCPv2 client: SIP, one TCP connection for all channels, a UDP socket for each call. */
export class MrcpClient {
  readonly #sip: SipClient;
  #connection: Promise<MrcpConnection> | null = null;

  private constructor(sip: SipClient) {
    this.#sip = sip;
  }

  /** Opens a client for the time of `work`. */
  static async use<T>(server: ServerUnderTest, work: (client: MrcpClient) => Promise<T>): Promise<T> {
    const client = new MrcpClient(await SipClient.open(server));
    try {
      return await work(client);
    } finally {
      await client.#close();
    }
  }

  /** Only the SIP part of a session: the INVITE with its offer and the answer to it. */
  invite(rtpPort: number): Promise<AnsweredCall> {
    return this.#sip.call(serializeSdp(synthOffer(rtpPort)));
  }

  /** A whole session, ready to speak. */
  async call(): Promise<SynthCall> {
    const sink = await RtpSink.open();
    try {
      const answered = await this.invite(sink.port);
      const { address, port, channelId } = readControlLine(parseSdp(answered.answer));
      const connection = await this.#connect(address, port);
      return {
        sink,
        inviteMs: answered.inviteMs,
        speak: (text) =>
          connection.send({
            method: 'SPEAK',
            channelId,
            headers: { 'Content-Type': 'text/plain', 'Speech-Language': 'en-US' },
            body: text,
          }),
        stop: () => connection.send({ method: 'STOP', channelId }),
        hangUp: async () => {
          await answered.hangUp();
          sink.close();
        },
      };
    } catch (err) {
      sink.close();
      throw err;
    }
  }

  async #close(): Promise<void> {
    await this.#sip.close();
    (await this.#connection)?.close();
  }

  /** One connection serves all calls; a lost one is opened again by the next call. */
  async #connect(address: string, port: number): Promise<MrcpConnection> {
    const current = this.#connection;
    if (current && !(await current).closed) return current;
    if (this.#connection === current) this.#connection = MrcpConnection.open(address, port);
    return this.#connection ?? MrcpConnection.open(address, port);
  }
}

/** A control line and an audio line (RFC 6787 4.2 and 4.4). */
export function synthOffer(rtpPort: number): SessionDescription {
  return {
    origin: {
      username: 'bench',
      sessionId: String(systemRandom.integer(2 ** 40)),
      version: '1',
      address: '127.0.0.1',
    },
    sessionName: '-',
    connection: '127.0.0.1',
    attributes: [],
    media: [
      {
        media: 'application',
        port: 9,
        protocol: 'TCP/MRCPv2',
        formats: ['1'],
        connection: null,
        attributes: [
          { name: 'setup', value: 'active' },
          { name: 'connection', value: 'existing' },
          { name: 'resource', value: 'speechsynth' },
          { name: 'cmid', value: '1' },
        ],
      },
      {
        media: 'audio',
        port: rtpPort,
        protocol: 'RTP/AVP',
        formats: ['0'],
        connection: null,
        attributes: [
          { name: 'rtpmap', value: '0 PCMU/8000' },
          { name: 'recvonly', value: null },
          { name: 'mid', value: '1' },
        ],
      },
    ],
  };
}

function readControlLine(answer: SessionDescription): { address: string; port: number; channelId: string } {
  const control = answer.media.find((media) => media.media === 'application');
  const channelId = control && sdpAttribute(control.attributes, 'channel');
  if (!control || control.port === 0 || !channelId) throw new Error('the answer has no MRCP channel');
  return { address: control.connection ?? answer.connection ?? '127.0.0.1', port: control.port, channelId };
}
