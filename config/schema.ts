import { z } from 'zod';

import type { Secret } from './secret.js';
import { chatSection } from './sections/chat.js';
import { nodeSection, redisSection } from './sections/cluster.js';
import { audioSocketSection } from './sections/audio-socket.js';
import { botSection, dialogSection, templatesSection } from './sections/conversation.js';
import { httpSection, listenSection, mrcpSection, rtpSection, sipSection } from './sections/network.js';
import { drainSection, loggingSection, securitySection } from './sections/operation.js';
import { servicesSection } from './sections/services.js';
import { similaritySection } from './sections/similarity.js';
import { speechSection, tiersSection } from './sections/speech.js';
import { storeSection } from './sections/store.js';
import { webhooksSection } from './sections/webhooks.js';

/** The whole configuration; every key has a default, so `{}` is valid. Unknown keys are errors. */
export const configSchema = z
  .strictObject({
    listen: listenSection,
    http: httpSection,
    sip: sipSection,
    mrcp: mrcpSection,
    rtp: rtpSection,
    speech: speechSection,
    tiers: tiersSection,
    dialog: dialogSection,
    similarity: similaritySection,
    bot: botSection,
    chat: chatSection,
    store: storeSection,
    node: nodeSection,
    redis: redisSection,
    webhooks: webhooksSection,
    services: servicesSection,
    templates: templatesSection,
    logging: loggingSection,
    drain: drainSection,
    security: securitySection,
    audioSocket: audioSocketSection,
  })
  .meta({ title: 'Parley configuration' });

type DeepReadonly<T> = T extends Secret
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/**
 * The configuration in force, never changed after loading.
 *
 * `loadConfig` has completed it: `dialog.tree` is a key of `dialog.trees`, paths are absolute, no list of a tier is
 * empty, `tiers.default` exists, and `chat.visitors.enabled` is not null.
 */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
