import { z } from 'zod';

import { mediaLimits, mrcpLimits } from '../limits.js';
import { addressRange, ipAddress, list, name, portNumber } from './fields.js';

const ownAddress = (protocol: string) =>
  ipAddress.nullable().default(null).describe(`Address to bind ${protocol} to; null = listen.address.`);

const milliseconds = (fallback: number, most: number, description: string) =>
  z.int().min(0).max(most).default(fallback).describe(description);

export const listenSection = z
  .strictObject({
    public: z
      .boolean()
      .default(false)
      .describe(
        'Allow addresses that other machines can reach. Needs sip.allowFrom and security.apiKeys or security.keys; without them the start is refused.',
      ),
    address: ipAddress
      .nullable()
      .default(null)
      .describe(
        'Address that every protocol binds to; null = 127.0.0.1, or 0.0.0.0 when listen.public is true.',
      ),
    advertised: ipAddress
      .nullable()
      .default(null)
      .meta({
        description:
          'Address written into SDP and SIP Contact when it differs from the bound one (NAT, 0.0.0.0); null = the bound one, or the first interface that is not loopback.',
        examples: ['203.0.113.7'],
      }),
  })
  .prefault({})
  .describe('Where Parley listens.');

export const httpSection = z
  .strictObject({
    address: ownAddress('HTTP'),
    port: portNumber.default(8080).describe('HTTP, WebSocket and console port; 0 = any free one.'),
    maxConnections: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(25_000)
      .describe('TCP connections at one time, chats included.'),
  })
  .prefault({})
  .describe('Health, metrics, API, console, chat.');

export const sipSection = z
  .strictObject({
    udp: z.boolean().default(true).describe('Listen on UDP.'),
    tcp: z.boolean().default(true).describe('Listen on TCP.'),
    address: ownAddress('SIP'),
    port: portNumber.default(5060).describe('SIP port, UDP and TCP; 0 = any free one.'),
    allowFrom: list(addressRange)
      .default([])
      .meta({
        description:
          'Source addresses (CIDR) that may send requests; others get 403. Empty = everyone who can reach the port.',
        examples: [['10.0.0.0/8', '192.168.1.20']],
      }),
    sessionExpiresSeconds: z
      .int()
      .min(90)
      .max(86_400)
      .default(600)
      .describe('Session timer (RFC 4028): a call whose peer vanished ends after this.'),
    maxCalls: z.int().min(1).max(20_000).default(500).describe('Calls at one time; more get 486 or 503.'),
    userAgent: z
      .string()
      .regex(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/, { error: 'not printable ASCII without outer spaces' })
      .max(128)
      .default('Parley')
      .describe('Text of the User-Agent and Server header fields.'),
  })
  .prefault({})
  .describe('SIP signalling (RFC 3261), for calls and for MRCPv2 sessions.');

const recognitionDefaults = z
  .strictObject({
    noInputMs: milliseconds(5_000, 600_000, 'No-Input-Timeout: nobody speaks.'),
    recognitionMs: milliseconds(20_000, 600_000, 'Recognition-Timeout: from detected speech (9.4.7).'),
    speechCompleteMs: milliseconds(500, 60_000, 'Speech-Complete-Timeout: silence after a complete match.'),
    speechIncompleteMs: milliseconds(
      1_000,
      60_000,
      'Speech-Incomplete-Timeout: silence after a partial one.',
    ),
    dtmfInterdigitMs: milliseconds(3_000, 60_000, 'DTMF-Interdigit-Timeout: between two keys.'),
    dtmfTermMs: milliseconds(3_000, 60_000, 'DTMF-Term-Timeout: for the terminating key.'),
    confidenceThreshold: z.number().min(0).max(1).default(0.5).describe('Confidence-Threshold, 0 to 1.'),
  })
  .prefault({})
  .describe('Values in force when the client sends none (RFC 6787 9.4).');

export const mrcpSection = z
  .strictObject({
    address: ownAddress('MRCPv2'),
    port: portNumber.default(1544).describe('MRCPv2 port, TCP; 0 = any free one.'),
    playoutDelayMs: milliseconds(
      80,
      1_000,
      "SPEAK-COMPLETE waits this long after the last packet, so that the client's jitter buffer plays out.",
    ),
    requestIds: z
      .enum(['strict', 'lenient'])
      .default('strict')
      .describe(
        'strict: a request-id that does not increase is answered 410 (RFC 6787 5.2); lenient: it is executed and logged.',
      ),
    inactivitySeconds: z
      .int()
      .min(5)
      .max(86_400)
      .default(mrcpLimits.inactivityMs / 1_000)
      .describe('A connection without a message for this long is closed and its sessions end.'),
    mode: z
      .enum(['auto', 'dialogue', 'recognition'])
      .default('auto')
      .describe(
        "What RECOGNITION-COMPLETE carries. dialogue: the tree's answer in the platform's template. recognition: plain NLSML of what was heard. auto: decided for each RECOGNIZE: vendor parameter parley.mode, else dialogue if vendor parameter parley.tree is sent, else the mode of the first matching templates.rules entry, else recognition.",
      ),
    tier: name.default('default').describe('Tier (engines and fallback) of MRCP sessions.'),
    defaults: recognitionDefaults,
  })
  .prefault({})
  .describe('MRCPv2 server (RFC 6787).');

export const rtpSection = z
  .strictObject({
    address: ownAddress('RTP'),
    from: z.int().min(1_024).max(65_534).default(30_000).describe('First port of the range; even.'),
    to: z
      .int()
      .min(1_025)
      .max(65_535)
      .default(31_999)
      .describe('Last port of the range; one call takes two.'),
    jitterMs: z
      .int()
      .min(0)
      .max(mediaLimits.jitterBufferMs)
      .default(40)
      .describe('Target depth of the jitter buffer, in milliseconds.'),
    workers: z
      .int()
      .min(0)
      .max(256)
      .default(0)
      .describe('Media worker threads; 0 = one fewer than the processor has cores, at least 1.'),
    ptimeMs: z
      .literal([10, 20, 30, 40, 60])
      .default(20)
      .describe('Packet time that we offer and prefer, in milliseconds.'),
  })
  .prefault({})
  .describe('Audio over RTP (RFC 3550).');
