import { mrcpLimits, sipLimits } from '../../config/limits.js';
import type { MrcpMessage } from '../../gateway/mrcp/message.js';
import { MrcpParser } from '../../gateway/mrcp/parser.js';
import { requestBytes } from '../../gateway/mrcp/testing/mrcp-test-client.js';
import { parseDatagram } from '../../gateway/sip/parser.js';
import { parseSdp, serializeSdp } from '../../gateway/sip/sdp.js';
import { synthOffer } from '../client/mrcp-client.js';
import type { HotOperation } from './hot-operation.js';

/** What the main thread does for each SIP and MRCP message. */
export function messageOperations(): HotOperation[] {
  return [mrcpMessage(), sipMessage(), sdpBody()].map((operation) => ({
    ...operation,
    timeBarUs: null,
    allocationBarKb: null,
  }));
}

type MessageOperation = Omit<HotOperation, 'timeBarUs' | 'allocationBarKb'>;

/** The least that reads a message of lines: its text, cut. */
function splitLines(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\r\n');
}

function mrcpMessage(): MessageOperation {
  const bytes = requestBytes(
    {
      method: 'SPEAK',
      channelId: '32AECB23433802@speechsynth',
      headers: { 'Content-Type': 'text/plain', 'Speech-Language': 'en-US', 'Kill-On-Barge-In': 'true' },
      body: 'Thank you for calling. All of our colleagues are busy at the moment.',
    },
    1,
  );
  const heard: { last: MrcpMessage | null } = { last: null };
  const parser = new MrcpParser(
    {
      onMessage: (message) => {
        heard.last = message;
      },
      onError: (error) => {
        throw new Error(error.message);
      },
    },
    mrcpLimits,
  );
  return {
    name: 'MRCP parse a SPEAK',
    run: () => {
      parser.write(bytes);
      return heard.last;
    },
    baseline: () => splitLines(bytes),
  };
}

function sipMessage(): MessageOperation {
  const body = serializeSdp(synthOffer(40_000));
  const bytes = Buffer.from(
    [
      'INVITE sip:bot@127.0.0.1:5060 SIP/2.0',
      'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK74bf9a6c0e;rport',
      'Max-Forwards: 70',
      'From: <sip:caller@127.0.0.1:5070>;tag=9fxced76sl',
      'To: <sip:bot@127.0.0.1:5060>',
      'Call-ID: 3848276298220188511@127.0.0.1',
      'CSeq: 1 INVITE',
      'Contact: <sip:caller@127.0.0.1:5070>',
      'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE',
      'Supported: timer',
      'Session-Expires: 600;refresher=uac',
      'User-Agent: benchmark',
      'Content-Type: application/sdp',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
  const parsed = parseDatagram(bytes, sipLimits);
  if (!parsed?.ok) throw new Error('the sample INVITE does not parse');
  return {
    name: 'SIP parse an INVITE',
    run: () => parseDatagram(bytes, sipLimits),
    baseline: () => splitLines(bytes),
  };
}

function sdpBody(): MessageOperation {
  const body = serializeSdp(synthOffer(40_000));
  return { name: 'SDP parse an offer', run: () => parseSdp(body), baseline: () => body.split('\r\n') };
}
