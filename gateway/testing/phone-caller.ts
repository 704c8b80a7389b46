import { answerSections, audioSection, offerOf } from './offers.js';
import type { ParleyProcess, ProcessLogLine } from './parley-process.js';
import { RtpPeer, type RtpPeerOptions } from './rtp-peer.js';
import { SipCaller, type AnsweredCall } from './sip-caller.js';

const startDeadlineMs = 5_000;

/** A phone in a call with the bot: its SIP side, its audio, and what the node's log says about this call. */
export class PhoneCaller {
  readonly #parley: ParleyProcess;
  readonly #sessionId: string;
  /** Lines that `botSays` is done with. */
  #seen = 0;

  private constructor(
    parley: ParleyProcess,
    readonly caller: SipCaller,
    readonly call: AnsweredCall,
    readonly audio: RtpPeer,
    /** Where the node receives this call's audio. */
    readonly mediaPort: number,
    sessionId: string,
  ) {
    this.#parley = parley;
    this.#sessionId = sessionId;
  }

  static async dial(parley: ParleyProcess, options: RtpPeerOptions = {}): Promise<PhoneCaller> {
    const caller = await SipCaller.start();
    const audio = await RtpPeer.open(options);
    const call = await caller.callAnswered(parley.ports.sip, offerOf(audioSection({ port: audio.port })));
    const mediaPort = answerSections(call.answer)[0]?.port ?? 0;
    audio.start(mediaPort);
    const started = await parley.waitForLine(
      (line) => line.msg === 'session started' && line['callId'] === call.session.callId,
      startDeadlineMs,
    );
    return new PhoneCaller(parley, caller, call, audio, mediaPort, String(started['sessionId']));
  }

  /** Log lines of the node about this call. */
  lines(msg: string): ProcessLogLine[] {
    return this.#parley.lines.filter((line) => line.msg === msg && line['sessionId'] === this.#sessionId);
  }

  /** Waits until the bot says, after what it was last waited for, a sentence with `text` in it. */
  async botSays(text: string, deadlineMs = 10_000): Promise<void> {
    const found = (): number =>
      this.lines('bot says').findIndex((line, index) => index >= this.#seen && saidText(line).includes(text));
    await this.#parley.waitForLine(() => found() >= 0, deadlineMs);
    this.#seen = found() + 1;
  }

  /** What the node heard, in order: texts and digits. */
  inputs(): string[] {
    return this.lines('caller input').map((line) => {
      const { text, digits } = line['pii'] as { text: string; digits: string };
      return digits === '' ? text : digits;
    });
  }

  /** Releases SIP port and audio port; a call that still runs is ended with BYE. */
  async close(): Promise<void> {
    await this.caller.close();
    this.audio.close();
  }
}

function saidText(line: ProcessLogLine): string {
  return (line['pii'] as { readonly text: string }).text;
}
