import { z } from 'zod';

import { audioSocketLimits, gatewayLimits, mediaLimits } from '../limits.js';
import { addressRange, list, name, secret } from './fields.js';

const parameterCondition = z
  .strictObject({
    name: z.string().min(1).max(audioSocketLimits.parameterNameCharacters).describe('Name of the parameter.'),
    value: z.string().max(audioSocketLimits.parameterCharacters).describe('Exact value.'),
  })
  .nullable()
  .default(null)
  .describe('A parameter of the start message (customParameters).');

const rule = z.strictObject({
  when: z
    .strictObject({
      source: addressRange.nullable().default(null).describe('Address of the client (CIDR).'),
      parameter: parameterCondition,
    })
    .prefault({})
    .describe('All that are given must hold; none = always.'),
  tree: name.nullable().default(null).describe('Key of dialog.trees; null = audioSocket.tree.'),
  tier: name.nullable().default(null).describe('Key of tiers; null = audioSocket.tier.'),
});

const twilio = z
  .strictObject({
    authToken: secret(16)
      .nullable()
      .default(null)
      .meta({
        writeOnly: true,
        description:
          'Auth token of the Twilio account: a connection with a right X-Twilio-Signature needs no other key. Write ${ENV_NAME} or file:/path; null = signatures count for nothing.',
        examples: ['${TWILIO_AUTH_TOKEN}'],
      }),
    publicUrl: z
      .string()
      .regex(/^(wss?|https?):\/\/[^\s?#]{1,1000}$/, {
        error: 'not a URL such as wss://voice.example.com/media',
      })
      .nullable()
      .default(null)
      .meta({
        description:
          'The URL of this socket as the other side was given it, which is what a signature covers; null = wss:// with the Host header and the path.',
        examples: ['wss://voice.example.com/media'],
      }),
  })
  .prefault({})
  .describe('Connections of Twilio Media Streams.');

export const audioSocketSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Take voice conversations over WebSocket.'),
    path: z
      .string()
      .regex(/^(\/[A-Za-z0-9._-]{1,64}){1,4}$/, { error: 'not a path such as /media' })
      .default('/media')
      .describe('Path on the HTTP port.'),
    demoPage: z
      .boolean()
      .default(true)
      .describe('Serve a page at path/demo that talks to the bot with the microphone of a browser.'),
    tree: name.nullable().default(null).describe('Key of dialog.trees; null = dialog.tree.'),
    tier: name.default('default').describe('Tier (engines and fallback) of these conversations.'),
    rules: list(rule)
      .default([])
      .meta({
        description:
          'Which conversation gets which tree and tier; the first rule whose conditions hold decides.',
        examples: [
          [{ when: { parameter: { name: 'line', value: 'sales' } }, tree: 'sales' }, { tier: 'default' }],
        ],
      }),
    tokens: list(secret(16))
      .prefault([])
      .meta({
        description:
          'Keys that open this socket and nothing else (Authorization: Bearer, or ?token= from a browser), 16 characters at least; those of security.apiKeys open it too, as a header. Write ${ENV_NAME} or file:/path. No key of either kind and no twilio.authToken = open.',
        examples: [['${PARLEY_MEDIA_TOKEN}']],
      }),
    twilio,
    leadMs: z
      .int()
      .min(0)
      .max(mediaLimits.frameLeadMs)
      .default(100)
      .describe('Prompts are sent this far ahead of real time, so that the client can bridge a late packet.'),
    maxSessions: z
      .int()
      .min(1)
      .max(20_000)
      .default(200)
      .describe('Conversations at one time; more are refused with 503. They count in sip.maxCalls, too.'),
    maxSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(gatewayLimits.callMs / 1_000)
      .describe('A conversation ends after this.'),
    startSeconds: z
      .int()
      .min(1)
      .max(300)
      .default(10)
      .describe('A client that sent no start message by then is closed (4408).'),
    idleSeconds: z
      .int()
      .min(2)
      .max(3_600)
      .default(30)
      .describe('A client that sends no audio for this long is closed (4408).'),
    aheadMs: z
      .int()
      .min(200)
      .max(60_000)
      .default(5_000)
      .describe('A client whose audio is further ahead of real time than this is closed (4429).'),
    markMs: z
      .int()
      .min(100)
      .max(30_000)
      .default(1_500)
      .describe('A prompt counts as heard this long after its end when the client does not echo its mark.'),
    bufferedBytes: z
      .int()
      .min(4_096)
      .max(16_777_216)
      .default(262_144)
      .describe('A client that leaves more than this unread is closed (4430).'),
  })
  .prefault({})
  .describe(
    'Voice over WebSocket: the Twilio Media Streams protocol, or raw L16 frames. See gateway/audio-socket/README.md.',
  );
