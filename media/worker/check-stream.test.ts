import { expect, it } from 'vitest';
import { checkStream } from './check-stream.js';
import type { RtpCodec } from './media-host.js';

const codec: RtpCodec = { encoding: 'PCMU', payloadType: 0, clockRateHz: 8_000, ptimeMs: 20 };

it.each<[string, Parameters<typeof checkStream>[0], RegExp | null]>([
  ['nothing negotiated yet', { codec: null, remote: null }, null],
  ['PCMU', { codec }, null],
  ['L16 at 16 kHz', { codec: { ...codec, encoding: 'L16', payloadType: 96, clockRateHz: 16_000 } }, null],
  ['IPv6', { remote: { address: '::1', port: 4_000 } }, null],
  ['PCMU at 16 kHz', { codec: { ...codec, clockRateHz: 16_000 } }, /^clockRateHz of PCMU must be 8000/],
  ['an odd rate', { codec: { ...codec, encoding: 'L16', clockRateHz: 22_050 } }, /^clockRateHz 22050/],
  ['an odd packet time', { codec: { ...codec, ptimeMs: 25 } }, /^ptimeMs 25/],
  ['payload type 128', { codec: { ...codec, payloadType: 128 } }, /^payloadType 128/],
  [
    'one payload type for two',
    { codec: { ...codec, telephoneEventPayloadType: 0 } },
    /^telephoneEventPayloadType 0/,
  ],
  ['a host name', { remote: { address: 'pbx.example', port: 4_000 } }, /^remote.address "pbx.example"/],
  ['port 0', { remote: { address: '127.0.0.1', port: 0 } }, /^remote.port 0/],
])('checkStream: %s', (_, media, expected) => {
  const problem = checkStream(media);
  if (expected) expect(problem).toMatch(expected);
  else expect(problem).toBeNull();
});
