import { MrcpTestClient } from '../mrcp/testing/mrcp-test-client.js';
import { answerSections, audioSection, channelOf, controlSection, offerOf } from './offers.js';
import type { ParleyPorts } from './parley-process.js';
import { longestGapMs, RtpPeer } from './rtp-peer.js';
import { SipCaller, type AnsweredCall } from './sip-caller.js';

/** What one SPEAK was like for the client. */
export interface SpokenResult {
  /** `000 normal` (RFC 6787 8.4.4). */
  readonly cause: string;
  readonly packets: number;
  /** Longest wait between two packets of it. */
  readonly longestGapMs: number;
}

/** What one RECOGNIZE gave. */
export interface RecognizedResult {
  /** `000 success` (RFC 6787 9.4.11). */
  readonly cause: string;
  /** NLSML. */
  readonly body: string;
}

const completionMs = 20_000;
/** The last packets may still be on their way when SPEAK-COMPLETE comes. */
const lastPacketsMs = 100;

/** A well-behaved MRCPv2 client: one session with a synth and a recog channel on one audio line. */
export class WellBehavedClient {
  private constructor(
    readonly caller: SipCaller,
    readonly call: AnsweredCall,
    readonly client: MrcpTestClient,
    readonly audio: RtpPeer,
    readonly synthId: string,
    readonly recogId: string,
  ) {}

  static async open(ports: ParleyPorts): Promise<WellBehavedClient> {
    const caller = await SipCaller.start('tcp');
    const audio = await RtpPeer.open();
    const controls = [controlSection('speechsynth', '1'), controlSection('speechrecog', '1')];
    const offer = offerOf(...controls, audioSection({ port: audio.port, mid: '1' }));
    const call = await caller.callAnswered(ports.sip, offer);
    const [synth, recog, line] = answerSections(call.answer);
    const client = await MrcpTestClient.connect(ports.mrcp);
    audio.start(line?.port ?? 0);
    return new WellBehavedClient(caller, call, client, audio, channelOf(synth), channelOf(recog));
  }

  /** Has a text spoken to its end; rejects when the server does not follow RFC 6787. */
  async speak(text: string): Promise<SpokenResult> {
    const before = this.audio.heard.length;
    const headers = { 'Content-Type': 'text/plain' };
    const response = await this.client.request({
      method: 'SPEAK',
      channelId: this.synthId,
      headers,
      body: text,
    });
    if (response.status !== 200) throw new Error(`SPEAK was answered ${response.status}`);
    const event = await this.client.nextEvent(this.synthId, completionMs);
    await new Promise((resolve) => setTimeout(resolve, lastPacketsMs));
    const packets = this.audio.heard.slice(before);
    return {
      cause: event.headers.get('completion-cause') ?? '',
      packets: packets.length,
      longestGapMs: longestGapMs(packets),
    };
  }

  /** Says `speech` to a RECOGNIZE with this SRGS grammar. */
  async recognize(grammar: string, speech: Int16Array): Promise<RecognizedResult> {
    const headers = {
      'Cancel-If-Queue': 'false',
      'Content-Type': 'application/srgs+xml',
      'Content-Id': '<tester@parley>',
    };
    const response = await this.client.request({
      method: 'RECOGNIZE',
      channelId: this.recogId,
      headers,
      body: grammar,
    });
    if (response.status !== 200) throw new Error(`RECOGNIZE was answered ${response.status}`);
    this.audio.say(speech);
    let event = await this.client.nextEvent(this.recogId, completionMs);
    if (event.name === 'START-OF-INPUT') event = await this.client.nextEvent(this.recogId, completionMs);
    return { cause: event.headers.get('completion-cause') ?? '', body: event.body };
  }

  /** BYE, then the TCP connection; throws when the server ever broke a rule of RFC 6787. */
  async close(): Promise<void> {
    await this.caller.close();
    this.audio.close();
    this.client.close();
  }
}

/** An SRGS grammar of whole sentences. */
export function sentencesGrammar(...sentences: readonly string[]): string {
  const items = sentences.map((sentence) => `<item>${sentence}</item>`).join('');
  return (
    '<?xml version="1.0"?><grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" xml:lang="en-US" ' +
    `root="said"><rule id="said" scope="public"><one-of>${items}</one-of></rule></grammar>`
  );
}
