import { z } from 'zod';
import { dialogLimits } from '../config/limits.js';

/** The YAML shape of a text: plain, by channel, and by language. */

const sentence = z.string().max(dialogLimits.textCharacters);

const quickReply = z.union([
  sentence.transform((title) => ({ title, value: title })),
  z.strictObject({ title: sentence, value: sentence }),
]);

const card = z.strictObject({
  title: sentence,
  text: sentence.default(''),
  image: sentence.optional(),
  url: sentence.optional(),
  buttons: z.array(quickReply).max(dialogLimits.quickReplies).default([]),
});

const byChannel = z.strictObject({
  voice: sentence.optional(),
  ssml: sentence.optional(),
  chat: sentence.optional(),
  quick_replies: z.array(quickReply).max(dialogLimits.quickReplies).default([]),
  card: card.optional(),
  bargein: z.boolean().default(true),
});

const plain = sentence.transform((voice): RawRendition => ({ voice, quick_replies: [], bargein: true }));

const rendition = z.union([plain, byChannel]);

const languageTag = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

/**
 * A text: one for all channels and languages, one for each channel (`voice:`, `chat:` …), or one for each language
 * (`zh-CN:`, `en-US:`), each of which may again be one or by channel.
 */
export const text = z
  .union(
    [
      rendition.transform((only): RawText => ({ only })),
      z
        .record(z.string().regex(languageTag), rendition)
        .refine((languages) => Object.keys(languages).length > 0)
        .transform((languages): RawText => ({ languages })),
    ],
    'expected a text, or voice:, chat:, ssml:, quick_replies:, card: and bargein:, or one of these for each language',
  )
  .meta({ description: 'One text, texts by channel, or either by language' });

export type RawRendition = z.output<typeof byChannel>;
export type RawText =
  | { readonly only: RawRendition; readonly languages?: undefined }
  | { readonly only?: undefined; readonly languages: Readonly<Record<string, RawRendition>> };
export type RawCard = z.output<typeof card>;
export type RawQuickReply = z.output<typeof quickReply>;
