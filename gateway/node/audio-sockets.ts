import type { Random } from '../../config/random.js';
import type { Logger } from '../../config/logger.js';
import type { Config } from '../../config/schema.js';
import type { FrameHost } from '../../media/worker/media-host.js';
import { AdmissionGuard } from '../audio-socket/admission.js';
import { AudioIngress } from '../audio-socket/audio-ingress.js';
import type { AudioSocketStats } from '../audio-socket/audio-socket-stats.js';
import { demoPage } from '../audio-socket/demo-page.js';
import type { Routes } from '../http/http-server.js';
import type { UpgradeRouter } from '../http/upgrade-router.js';
import type { SessionTable } from '../session/session-table.js';
import { AudioBots, type AudioBotsDeps } from './audio-bots.js';

export interface AudioSocketsDeps extends Omit<AudioBotsDeps, 'config'> {
  readonly host: FrameHost;
  readonly table: SessionTable;
  readonly upgrades: UpgradeRouter;
  readonly stats: AudioSocketStats;
  readonly random: Random;
  readonly logger: Logger;
}

/** Registers the audio socket of the configuration with the upgrade router; nothing when it is switched off. */
export function openAudioSockets(config: Config, deps: AudioSocketsDeps): void {
  const section = config.audioSocket;
  if (!section.enabled) return;
  const { clock, host, logger, random, stats, table } = deps;
  const audioBots = new AudioBots({ ...deps, config });
  const ingress = new AudioIngress({
    settings: {
      leadMs: section.leadMs,
      markMs: section.markMs,
      aheadMs: section.aheadMs,
      startMs: section.startSeconds * 1_000,
      idleMs: section.idleSeconds * 1_000,
      bufferedBytes: section.bufferedBytes,
      maxSessions: section.maxSessions,
    },
    guard: new AdmissionGuard({
      tokens: section.tokens,
      apiKeys: config.security.apiKeys,
      twilioAuthToken: section.twilio.authToken,
      publicUrl: section.twilio.publicUrl,
    }),
    host,
    table,
    stats,
    clock,
    random,
    logger,
    createBot: (facts, parts, sessionLogger) => audioBots.create(facts, parts, sessionLogger),
  });
  deps.upgrades.add(section.path, ingress.handle);
}

/** What is served over plain HTTP beside the socket: a page that talks to the bot. */
export function audioSocketRoutes({ audioSocket }: Config): Routes[] {
  if (!audioSocket.enabled || !audioSocket.demoPage) return [];
  return [
    (app) => {
      app.get(`${audioSocket.path}/demo`, (_request, reply) =>
        reply
          .header('content-security-policy', demoPage.contentSecurityPolicy)
          .header('permissions-policy', 'microphone=(self)')
          .type('text/html; charset=utf-8')
          .send(demoPage.html),
      );
      app.get(`${audioSocket.path}/demo/worklet.js`, (_request, reply) =>
        reply.type('text/javascript; charset=utf-8').send(demoPage.worklet),
      );
    },
  ];
}
