import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../config/paths.js';
import { SeededRandom } from '../../config/random.js';
import { buildAnswer, capabilitiesSdp, createAudioOffer, readAudioAnswer } from './descriptions.js';
import type { AnswerAllocations } from './descriptions.js';
import { planAnswer } from './offer-answer.js';
import type { AnswerPlan, AnswerPolicy } from './offer-answer.js';
import { parseSdp, serializeSdp } from './sdp.js';

const policy: AnswerPolicy = {
  encodings: ['PCMU', 'PCMA'],
  ownPreference: false,
  resources: ['speechsynth', 'speechrecog'],
};

const head = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];
const audio = ['m=audio 4000 RTP/AVP 0 8 101', 'a=rtpmap:101 telephone-event/8000', 'a=mid:1'];

function control(resource: string, ...more: string[]): string[] {
  return ['m=application 9 TCP/MRCPv2 1', 'a=setup:active', `a=resource:${resource}`, 'a=cmid:1', ...more];
}

function sdp(...sections: string[][]): string {
  return [...head, ...sections.flat(), ''].join('\r\n');
}

const origin = { sessionId: '7', version: '1' };

function allocate(plan: AnswerPlan): AnswerAllocations {
  const audioPorts = new Map<number, number>();
  const channelIds = new Map<number, string>();
  for (const line of plan.lines) {
    if (line.kind === 'audio') audioPorts.set(line.index, 30_000 + 2 * line.index);
    if (line.kind === 'control') channelIds.set(line.index, `0123abcd@${line.resource}`);
  }
  return {
    origin,
    mediaAddress: '192.0.2.9',
    audioPorts,
    mrcpAddress: '192.0.2.9',
    mrcpPort: 1544,
    channelIds,
  };
}

function answer(plan: AnswerPlan): string[] {
  return serializeSdp(buildAnswer(plan, allocate(plan)))
    .split('\r\n')
    .slice(0, -1);
}

describe('planAnswer with the offers of UniMRCP clients', () => {
  it.each([
    ['synth', 'speechsynth', 'sendonly'],
    ['recog', 'speechrecog', 'recvonly'],
  ])('accepts the %s offer as the reference server does', (name, resource, direction) => {
    const text = readFileSync(projectPath(`gateway/sip/testdata/sdp/unimrcp-${name}-offer.sdp`), 'utf8');
    const plan = planAnswer(text, policy);
    expect(plan.problem).toBeNull();
    expect(answer(plan)).toEqual([
      'v=0',
      'o=parley 7 1 IN IP4 192.0.2.9',
      's=-',
      'c=IN IP4 192.0.2.9',
      't=0 0',
      'm=application 1544 TCP/MRCPv2 1',
      'a=setup:passive',
      'a=connection:new',
      `a=channel:0123abcd@${resource}`,
      'a=cmid:1',
      'm=audio 30002 RTP/AVP 0 101',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      `a=${direction}`,
      'a=ptime:20',
      'a=mid:1',
    ]);
  });

  it('answers 404 to a resource that is not here', () => {
    const text = readFileSync(projectPath('gateway/sip/testdata/sdp/unimrcp-rec-offer.sdp'), 'utf8');
    expect(planAnswer(text, policy)).toMatchObject({
      problem: { status: 404 },
      lines: [{ kind: 'rejected', cause: 'unknown-resource' }, { kind: 'audio' }],
    });
  });
});

describe('planAnswer chooses a codec', () => {
  const l16: AnswerPolicy = { ...policy, encodings: ['L16', 'PCMA', 'PCMU'] };
  it.each([
    ["the offerer's first by default, RFC 3264 6.1", ['8 0'], policy, 'PCMA', 8],
    ['static payload types need no rtpmap, RFC 3551 6', ['0'], policy, 'PCMU', 0],
    [
      'ours first by policy',
      ['0 8'],
      { ...policy, encodings: ['PCMA', 'PCMU'], ownPreference: true },
      'PCMA',
      8,
    ],
    ['a dynamic payload type', ['100', 'a=rtpmap:100 pcma/8000/1'], policy, 'PCMA', 100],
    ['L16 when the policy has it', ['96 0', 'a=rtpmap:96 L16/8000'], l16, 'L16', 96],
    ['no L16 at another rate', ['96 0', 'a=rtpmap:96 L16/16000'], l16, 'PCMU', 0],
    ['no L16 in stereo', ['96 0', 'a=rtpmap:96 L16/8000/2'], l16, 'PCMU', 0],
    ['nothing for a static type that is remapped', ['0 8', 'a=rtpmap:0 opus/48000/2'], policy, 'PCMA', 8],
  ] as const)('%s', (_name, [formats, ...attributes], chosenPolicy, encoding, payloadType) => {
    const plan = planAnswer(sdp([`m=audio 4000 RTP/AVP ${formats}`, ...attributes]), chosenPolicy);
    expect(plan.lines[0]).toMatchObject({ kind: 'audio', codec: { encoding, payloadType } });
  });

  it.each([
    ['a=ptime:30', 30],
    ['a=ptime:25', 20],
    ['a=ptime:x', 20],
    ['a=ptime:60\r\na=maxptime:35', 30],
    ['a=maxptime:240', 20],
    ['a=maxptime:5', 20],
  ])('answers %j with ptime %i', (attribute, ptimeMs) => {
    expect(planAnswer(sdp([...audio, attribute]), policy).lines[0]).toMatchObject({ codec: { ptimeMs } });
  });

  it('takes telephone-event only at the clock rate of the codec (RFC 4733 2.1)', () => {
    const wrongRate = ['m=audio 4000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/48000'];
    const [line] = planAnswer(sdp(wrongRate), policy).lines;
    expect(line?.kind === 'audio' && line.codec.telephoneEventPayloadType).toBeUndefined();
    expect(planAnswer(sdp(audio), policy).lines[0]).toMatchObject({
      codec: { telephoneEventPayloadType: 101 },
    });
  });
});

describe('planAnswer mirrors the direction (RFC 3264 6.1)', () => {
  it.each([
    ['a=sendrecv', '192.0.2.1', 'sendrecv'],
    ['a=sendonly', '192.0.2.1', 'recvonly'],
    ['a=recvonly', '192.0.2.1', 'sendonly'],
    ['a=inactive', '192.0.2.1', 'inactive'],
    ['a=x-none', '192.0.2.1', 'sendrecv'],
    ['a=sendrecv', '0.0.0.0', 'recvonly'],
    ['a=recvonly', '0.0.0.0', 'inactive'],
  ])('%s from %s: we are %s', (attribute, address, direction) => {
    const section = ['m=audio 4000 RTP/AVP 0', `c=IN IP4 ${address}`, attribute];
    const plan = planAnswer(sdp(section), policy);
    expect(plan.lines[0]).toMatchObject({ direction, remote: { address, port: 4000 } });
    expect(answer(plan)).toContain(`a=${direction}`);
  });

  it('takes the direction of the session where the line has none', () => {
    const text = [...head, 'a=sendonly', 'm=audio 4000 RTP/AVP 0', ''].join('\r\n');
    expect(planAnswer(text, policy).lines[0]).toMatchObject({ direction: 'recvonly' });
  });
});

describe('planAnswer with MRCP control lines (RFC 6787 4.2)', () => {
  it('accepts synthesiser and recogniser on one audio line and answers `existing` in kind', () => {
    const plan = planAnswer(
      sdp(control('speechsynth', 'a=connection:new'), control('speechrecog', 'a=connection:existing'), audio),
      policy,
    );
    expect(plan.problem).toBeNull();
    expect(plan.lines).toMatchObject([
      { kind: 'control', resource: 'speechsynth', connection: 'new', cmids: ['1'] },
      { kind: 'control', resource: 'speechrecog', connection: 'existing', cmids: ['1'] },
      { kind: 'audio', mid: '1' },
    ]);
    expect(answer(plan).filter((line) => line.startsWith('a=connection'))).toEqual([
      'a=connection:new',
      'a=connection:existing',
    ]);
  });

  it('gives the control line its own address where the MRCP server listens elsewhere', () => {
    const plan = planAnswer(sdp(control('speechsynth'), audio), policy);
    const built = buildAnswer(plan, { ...allocate(plan), mrcpAddress: '2001:db8::1' });
    expect(built.media[0]?.connection).toBe('2001:db8::1');
    expect(serializeSdp(built)).toContain('c=IN IP6 2001:db8::1');
  });

  it.each([
    ['a second resource of one kind', control('speechsynth'), 'duplicate-resource'],
    ['an unknown resource', control('speakverify'), 'unknown-resource'],
    [
      'TLS',
      ['m=application 9 TCP/TLS/MRCPv2 1', 'a=resource:speechrecog', 'a=cmid:1'],
      'unsupported-transport',
    ],
    [
      'a passive offerer',
      ['m=application 9 TCP/MRCPv2 1', 'a=setup:passive', 'a=resource:speechrecog', 'a=cmid:1'],
      'unsupported-setup',
    ],
    [
      'a cmid without audio',
      ['m=application 9 TCP/MRCPv2 1', 'a=resource:speechrecog', 'a=cmid:2'],
      'no-audio',
    ],
    ['video', ['m=video 5000 RTP/AVP 34'], 'unsupported-media'],
    ['SRTP', ['m=audio 5000 RTP/SAVP 0'], 'unsupported-transport'],
    ['a line offered with port 0', ['m=audio 0 RTP/AVP 0'], 'disabled'],
  ])('refuses %s alone, with port 0', (_name, section, cause) => {
    const plan = planAnswer(sdp(control('speechsynth'), audio, section), policy);
    expect(plan.problem).toBeNull();
    expect(plan.lines[2]).toEqual({ kind: 'rejected', index: 2, cause });
    expect(buildAnswer(plan, allocate(plan)).media[2]).toMatchObject({ port: 0, attributes: [] });
  });

  it('pairs a control line without cmid with the only audio line', () => {
    const bare = ['m=application 9 TCP/MRCPv2 1', 'a=resource:speechrecog'];
    expect(planAnswer(sdp(bare, audio), policy).lines[0]).toMatchObject({ kind: 'control', cmids: [] });
    expect(planAnswer(sdp(bare, audio, audio), policy).lines[0]).toMatchObject({ cause: 'no-audio' });
  });
});

describe('planAnswer refuses a whole offer', () => {
  const opus = ['m=audio 4000 RTP/AVP 111', 'a=rtpmap:111 opus/48000/2', 'a=mid:1'];
  const tls = ['m=application 9 TCP/TLS/MRCPv2 1', 'a=resource:speechrecog', 'a=cmid:1'];
  it.each([
    ['text that is no SDP', 'hello', 400],
    ['audio without an address', 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n', 400],
    ['a host name for RTP', sdp(['m=audio 4000 RTP/AVP 0', 'c=IN IP4 phone.example.com']), 488],
    ['only Opus', sdp(opus), 488],
    ['MRCP with only Opus', sdp(control('speechrecog'), opus), 488],
    ['MRCP over TLS only', sdp(tls, audio), 488],
    ['MRCP without audio', sdp(control('speechrecog')), 488],
    ['only unknown resources', sdp(control('dtmfrecog'), audio), 404],
    ['no lines', sdp(), 488],
    ['only disabled lines', sdp(['m=audio 0 RTP/AVP 0']), 488],
  ])('%s', (_name, text, status) => {
    expect(planAnswer(text, policy).problem).toMatchObject({ status });
  });

  it('accepts plain audio where no MRCP is offered', () => {
    expect(planAnswer(sdp(audio), { ...policy, resources: [] }).problem).toBeNull();
  });
});

describe('planAnswer of a re-offer (RFC 3264 section 8)', () => {
  const first = planAnswer(sdp(control('speechsynth'), audio), policy);
  const removed = ['m=application 0 TCP/MRCPv2 1', 'a=resource:speechsynth', 'a=cmid:1'];

  it('marks what is added and what stays', () => {
    const plan = planAnswer(sdp(control('speechsynth'), audio, control('speechrecog')), policy, first);
    expect(plan.lines).toMatchObject([{ added: false }, { added: false }, { kind: 'control', added: true }]);
  });

  it('keeps a removed line at port 0, and takes its place back into use', () => {
    const second = planAnswer(sdp(removed, audio), policy, first);
    expect(second.problem).toBeNull();
    expect(second.lines[0]).toMatchObject({ cause: 'removed' });
    expect(answer(second)).toContain('m=application 0 TCP/MRCPv2 1');
    const third = planAnswer(sdp(removed, audio), policy, second);
    expect(third.lines[0]).toMatchObject({ cause: 'disabled' });
    const fourth = planAnswer(sdp(control('speechrecog'), audio), policy, third);
    expect(fourth.lines[0]).toMatchObject({ kind: 'control', resource: 'speechrecog', added: true });
  });

  it('takes another resource in the same place as a new one', () => {
    expect(planAnswer(sdp(control('speechrecog'), audio), policy, first).lines[0]).toMatchObject({
      added: true,
    });
  });

  it('lets every line be removed', () => {
    const plan = planAnswer(sdp(removed, ['m=audio 0 RTP/AVP 0']), policy, first);
    expect(plan.problem).toBeNull();
    expect(plan.lines).toMatchObject([{ cause: 'removed' }, { cause: 'removed' }]);
  });

  it('refuses with 400 when a line is missing', () => {
    expect(planAnswer(sdp(audio), policy, first).problem).toMatchObject({ status: 400 });
  });
});

describe('our own offers', () => {
  const offer = createAudioOffer({
    origin,
    address: '192.0.2.9',
    port: 30_000,
    encodings: ['PCMA', 'PCMU', 'L16'],
    direction: 'sendrecv',
    ptimeMs: 20,
  });

  it('agree with our own answer', () => {
    const plan = planAnswer(serializeSdp(offer), policy);
    const agreement = readAudioAnswer(offer, buildAnswer(plan, allocate(plan)));
    expect(agreement).toEqual({
      ok: true,
      codec: {
        encoding: 'PCMA',
        payloadType: 8,
        clockRateHz: 8_000,
        ptimeMs: 20,
        telephoneEventPayloadType: 101,
      },
      remote: { address: '192.0.2.9', port: 30_000 },
      direction: 'sendrecv',
    });
  });

  it.each([
    ['refused audio', sdp(['m=audio 0 RTP/AVP 0'])],
    ['a codec that was not offered', sdp(['m=audio 4000 RTP/AVP 9', 'a=rtpmap:9 G722/8000'])],
    ['a host name', sdp(['m=audio 4000 RTP/AVP 0', 'c=IN IP4 phone.example.com'])],
    ['another number of lines', sdp(audio, audio)],
    ['no lines', sdp()],
  ])('name the reason for %s', (_name, text) => {
    expect(readAudioAnswer(offer, parseSdp(text))).toMatchObject({ ok: false });
  });

  it('never send more than they offered', () => {
    const receiving = {
      ...offer,
      media: offer.media.map((section) => ({
        ...section,
        attributes: [
          ...section.attributes.filter((a) => a.name !== 'sendrecv'),
          { name: 'recvonly', value: null },
        ],
      })),
    };
    expect(readAudioAnswer(receiving, parseSdp(sdp(audio)))).toMatchObject({ direction: 'recvonly' });
  });

  it('list every resource for OPTIONS (RFC 6787 section 7)', () => {
    const text = serializeSdp(
      capabilitiesSdp({ origin, address: '192.0.2.9', encodings: ['PCMU'], resources: policy.resources }),
    );
    expect(text.split('\r\n').slice(5, -1)).toEqual([
      'm=application 0 TCP/MRCPv2 1',
      'a=resource:speechsynth',
      'a=resource:speechrecog',
      'm=audio 0 RTP/AVP 0 101',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
    ]);
  });
});

it('answers every readable mutation of an offer with a readable answer of as many lines', () => {
  const random = new SeededRandom(11);
  const text = sdp(control('speechsynth'), control('speechrecog'), audio);
  let answered = 0;
  for (let round = 0; round < 2_000; round++) {
    const at = random.integer(text.length);
    const plan = planAnswer(
      text.slice(0, at) + String.fromCharCode(32 + random.integer(95)) + text.slice(at + 1),
      policy,
    );
    if (plan.problem !== null) continue;
    const built = buildAnswer(plan, allocate(plan));
    expect(parseSdp(serializeSdp(built))).toEqual(built);
    expect(built.media).toHaveLength(plan.offer.media.length);
    answered++;
  }
  expect(answered).toBeGreaterThan(500);
});
