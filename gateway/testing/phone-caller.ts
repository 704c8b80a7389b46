import { answerSections, audioSection, offerOf } from './offers.js';
import type { ParleyProcess, ProcessLogLine } from './parley-process.js';
import { RtpPeer, type RtpPeerOptions } from './rtp-peer.js';
import { SipCaller, type AnsweredCall } from './sip-caller.js';

/** A phone in a call with the bot: its SIP side, its audio, and what the node's log says about the call. */
export class PhoneCaller {
  readonly #parley: ParleyProcess;
  readonly #firstLine: number;
  #asked = 0;

  private constructor(
    parley: ParleyProcess,
    readonly caller: SipCaller,
    readonly call: AnsweredCall,
    readonly audio: RtpPeer,
    /** Where the node receives this call's audio. */
    readonly mediaPort: number,
    firstLine: number,
  ) {
    this.#parley = parley;
    this.#firstLine = firstLine;
  }

  static async dial(parley: ParleyProcess, options: RtpPeerOptions = {}): Promise<PhoneCaller> {
    const firstLine = parley.lines.length;
    const caller = await SipCaller.start();
    const audio = await RtpPeer.open(options);
    const call = await caller.callAnswered(parley.ports.sip, offerOf(audioSection({ port: audio.port })));
    const mediaPort = answerSections(call.answer)[0]?.port ?? 0;
    audio.start(mediaPort);
    return new PhoneCaller(parley, caller, call, audio, mediaPort, firstLine);
  }

  /** Log lines of the node since the call began. */
  lines(msg: string): ProcessLogLine[] {
    return this.#parley.lines.slice(this.#firstLine).filter((line) => line.msg === msg);
  }

  /** Waits until the bot says, after what it was last waited for, a sentence with `text` in it. */
  async botSays(text: string, deadlineMs = 10_000): Promise<void> {
    const line = await this.#parley.waitForLine((candidate) => {
      if (candidate.msg !== 'bot says') return false;
      const index = this.#parley.lines.indexOf(candidate);
      return index >= this.#firstLine + this.#asked && saidText(candidate).includes(text);
    }, deadlineMs);
    this.#asked = this.#parley.lines.indexOf(line) + 1 - this.#firstLine;
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
