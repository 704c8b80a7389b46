import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';

import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Config } from '../../config/schema.js';
import { loadTree } from '../../dialog/load.js';
import { WorkerMediaHost } from '../../media/worker/worker-host.js';
import type { EngineCatalog } from '../node/engine-catalog.js';
import { SpeechTiers } from '../node/speech-tiers.js';
import { UserAgent } from '../sip/user-agent.js';
import type { Command } from './arguments.js';
import { runCall } from './call.js';
import { promptGrammar } from './prompt-grammar.js';

export interface CallerNodeDeps {
  readonly catalog: EngineCatalog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly output: Writable;
}

/** RTP ports of the caller: apart from the default range of a Parley that runs on the same machine. */
const callerPorts = { from: 28_000, to: 28_099 };
const loopback = '127.0.0.1';

/** `parley call`: a caller with its own media thread, engines and SIP port; resolves with the exit code. */
export async function callWithOwnMedia(
  command: Extract<Command, { verb: 'call' }>,
  config: Config,
  deps: CallerNodeDeps,
): Promise<number> {
  const { clock, logger, random, output } = deps;
  const tiers = await SpeechTiers.create(config, deps);
  const host = await WorkerMediaHost.start(
    { workers: 1, rtpPorts: callerPorts, engines: tiers.recognizerSpecs() },
    { clock, logger, onWorkerLost: (_worker, reason) => logger.error('media worker lost', { reason }) },
  );
  tiers.watchEngines(() => host.engines);
  const userAgent = new UserAgent(
    { bind: [{ transport: 'udp', address: loopback, port: 0 }], userAgentName: config.sip.userAgent },
    {
      clock,
      random,
      logger,
      delegate: { onInvite: (invitation) => invitation.reject(486), onOptions: () => null },
    },
  );
  try {
    await userAgent.start();
    const file = config.dialog.trees[config.dialog.tree] ?? '';
    const { tree } = loadTree(readFileSync(file, 'utf8'), file);
    const language = tree?.language ?? 'en-US';
    const understands = tiers.recognizerFor(config.bot.tier, language);
    const recognizer = understands ?? tiers.anyRecognizer(config.bot.tier);
    const unavailable = Object.values(config.bot.handover.unavailable);
    return await runCall(
      {
        target: command.uri,
        lines: [...command.say, ...(command.dtmf === '' ? [] : [`#${command.dtmf}`])],
        language,
        expected: tree && understands !== null ? promptGrammar(tree, unavailable) : null,
        localAddress: loopback,
        maxMs: command.seconds * 1_000,
      },
      {
        host,
        userAgent,
        speaker: tiers.speaker(config.bot.tier),
        recognizer: recognizer ?? '',
        output,
        clock,
        random,
      },
    );
  } finally {
    await userAgent.close();
    await host.close();
    await tiers.close();
  }
}
