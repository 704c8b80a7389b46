import { z } from 'zod';

import { dialogLimits } from '../limits.js';
import { addressRange, list, name } from './fields.js';

const optionalMilliseconds = (most: number, description: string) =>
  z.int().min(0).max(most).nullable().default(null).describe(description);

export const dialogSection = z
  .strictObject({
    tree: z
      .string()
      .min(1)
      .max(1_024)
      .default('demo-en')
      .describe(
        'The tree that answers: a key of dialog.trees, a shipped one (demo-en, demo-zh), or the path of a YAML file.',
      ),
    trees: z
      .record(name, z.string().min(1).max(1_024))
      .default({})
      .meta({
        description: 'More trees by name: path of the YAML file, relative to this file.',
        examples: [{ billing: './trees/billing.yaml' }],
      }),
    dataDirectory: z
      .string()
      .min(1)
      .max(1_024)
      .default('./data')
      .describe(
        'Directory for deployed tree versions and kept sessions, relative to this file; made by the first deploy.',
      ),
    keepSessions: z
      .boolean()
      .default(false)
      .describe(
        'MRCP conversations survive a restart: after each turn, what they know (slots, the last sentences) is written under dataDirectory.',
      ),
    turnLog: z
      .strictObject({
        directory: z
          .string()
          .min(1)
          .max(1_024)
          .nullable()
          .default(null)
          .describe(
            'Directory of the log, relative to this file; null = no log. It holds what callers said: see who may read it.',
          ),
        maxBytes: z
          .int()
          .min(65_536)
          .max(1_099_511_627_776)
          .default(536_870_912)
          .describe('Size of all its files together; the oldest is deleted first.'),
        keepDays: z.int().min(1).max(3_650).default(30).describe('Files older than this are deleted.'),
      })
      .prefault({})
      .describe(
        'One JSON line for each decided turn (what was said, what it was taken for), for parley replay and parley suggest.',
      ),
  })
  .prefault({})
  .describe('The dialog tree.');

export const botSection = z
  .strictObject({
    tier: name.default('default').describe('Tier (engines and fallback) of plain calls.'),
    bargeIn: z
      .boolean()
      .default(true)
      .describe('Callers may interrupt prompts, unless a node says bargein: false.'),
    noInput: z
      .strictObject({
        afterMs: optionalMilliseconds(600_000, "Silence before the no-input prompt; null = each node's own."),
        max: z
          .int()
          .min(0)
          .max(20)
          .nullable()
          .default(null)
          .describe("No-input prompts before the node's way out; null = each node's own."),
      })
      .prefault({})
      .describe("Overrides of the tree's no_input values, for every node."),
    endpointing: z
      .strictObject({
        speechCompleteMs: z
          .int()
          .min(100)
          .max(10_000)
          .default(500)
          .describe('Silence that ends an utterance which matches an example.'),
        speechIncompleteMs: z
          .int()
          .min(100)
          .max(10_000)
          .default(1_000)
          .describe('Silence that ends any other utterance.'),
        recognitionMs: z.int().min(1_000).max(120_000).default(20_000).describe('Longest utterance.'),
        dtmfInterdigitMs: z
          .int()
          .min(200)
          .max(60_000)
          .default(3_000)
          .describe('Pause that ends a row of keys.'),
        bargeInMs: z
          .int()
          .min(0)
          .max(5_000)
          .default(200)
          .describe('Speech shorter than this does not interrupt a prompt.'),
        confidenceThreshold: z
          .number()
          .min(0)
          .max(1)
          .default(0.3)
          .describe('Results that the recogniser is less sure of count as not understood, 0 to 1.'),
      })
      .prefault({})
      .describe('When the caller has finished.'),
    handover: z
      .strictObject({
        target: z
          .string()
          .regex(/^sips?:\S{1,250}$/, { error: 'not a SIP URI such as sip:agents@10.0.0.5' })
          .nullable()
          .default(null)
          .describe(
            'SIP URI that callers who need a human are sent to (REFER); null = nobody, see unavailable.',
          ),
        unavailable: z
          .record(z.string().min(2).max(35), z.string().min(1).max(dialogLimits.textCharacters))
          .default({
            en: 'I am sorry, nobody is free at the moment.',
            zh: '抱歉，现在没有人工客服。',
          })
          .describe('Said when nobody takes the call, by language.'),
      })
      .prefault({})
      .describe('What happens when the tree asks for a human.'),
  })
  .prefault({})
  .describe('How the bot behaves in plain SIP calls.');

const namedValue = (what: string) =>
  z
    .strictObject({
      name: z.string().min(1).max(128).describe(`Name of the ${what}; upper and lower case are the same.`),
      value: z.string().max(1_024).describe('Exact value.'),
    })
    .nullable()
    .default(null);

/** What must hold for a rule to apply to a session. */
export const platformConditions = z
  .strictObject({
    source: addressRange.nullable().default(null).describe('SIP source address (CIDR).'),
    fromUser: z.string().min(1).max(256).nullable().default(null).describe('User part of the From URI.'),
    toUser: z.string().min(1).max(256).nullable().default(null).describe('User part of the To URI.'),
    callHeader: namedValue('SIP header field').describe('A header field of the INVITE.'),
    vendorParameter: namedValue('parameter').describe(
      'An entry of Vendor-Specific-Parameters (RFC 6787 6.2.16).',
    ),
  })
  .prefault({})
  .describe('All that are given must hold; none = always.');

const rule = z.strictObject({
  when: platformConditions,
  template: name.describe('Id of the template.'),
  mode: z
    .enum(['dialogue', 'recognition'])
    .default('dialogue')
    .describe('What mrcp.mode auto does for this platform.'),
  tree: name.nullable().default(null).describe('Key of dialog.trees for this platform; null = dialog.tree.'),
});

export const templatesSection = z
  .strictObject({
    directories: list(z.string().min(1).max(1_024))
      .default([])
      .meta({
        description:
          'Directories with your own templates, relative to this file; they win over the shipped ones.',
        examples: [['./templates']],
      }),
    default: name.default('nlsml-dialogue').describe('Template for dialogue results when no rule matches.'),
    rules: list(rule)
      .default([])
      .meta({
        description: 'Which platform gets which template; the first rule whose conditions hold decides.',
        examples: [
          [
            { when: { source: '10.1.0.0/16' }, template: 'genesys-nlsml' },
            { when: { callHeader: { name: 'User-Agent', value: 'FreeSWITCH' } }, template: 'nlsml-dialogue' },
          ],
        ],
      }),
  })
  .prefault({})
  .describe("The XML that carries the bot's answer in RECOGNITION-COMPLETE.");

export type PlatformConditions = z.output<typeof platformConditions>;
