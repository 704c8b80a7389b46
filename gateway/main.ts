#!/usr/bin/env node
import { readFileSync } from 'node:fs';

import { findEspeak } from '../adapters/espeak/espeak-process.js';
import { EspeakSynthesizer } from '../adapters/espeak/synthesizer.js';
import { FliteSynthesizer } from '../adapters/flite/synthesizer.js';
import { SystemClock } from '../config/clock.js';
import { loadConfig } from '../config/load.js';
import type { Logger } from '../config/logger.js';
import { suggestName } from '../config/nearest.js';
import { projectPath } from '../config/paths.js';
import { createLogger } from '../config/pino-logger.js';
import { formatProblem } from '../config/problem.js';
import { systemRandom } from '../config/random.js';
import type { Config } from '../config/schema.js';
import { loadTree } from '../dialog/load.js';
import { NgramScorer } from '../dialog/ngram-scorer.js';
import { loadTemplates } from '../templates/loader.js';
import { parseArguments, type Command } from './cli/arguments.js';
import { callWithOwnMedia } from './cli/caller-node.js';
import { runChat } from './cli/chat.js';
import { runCheck } from './cli/check.js';
import type { EngineCatalog } from './node/engine-catalog.js';
import { ParleyNode, StartError } from './node/parley-node.js';
import { startUpReport } from './node/start-up-report.js';
import { TreeError } from './session/bots.js';

const clock = new SystemClock();

const catalog: EngineCatalog = {
  recognizers: {
    soundswallower: {
      moduleUrl: new URL('../adapters/soundswallower/recognizer.js', import.meta.url).href,
      languages: ['en-US'],
    },
  },
  createSynthesizer: async (engine, options) => {
    const known = engine === 'flite' ? ['band'] : [];
    const unknown = Object.keys(options).find((name) => !known.includes(name));
    if (unknown !== undefined)
      return { ok: false, reason: `${engine} has no option "${unknown}"`, fix: suggestName(unknown, known) };
    if (engine === 'flite') {
      const { band = 'wideband' } = options;
      if (band === 'wideband' || band === 'narrowband')
        return { ok: true, engine: new FliteSynthesizer({ clock, band }) };
      return { ok: false, reason: 'flite has no such band', fix: 'set it to wideband or narrowband' };
    }
    const installation = await findEspeak();
    if (installation) return { ok: true, engine: new EspeakSynthesizer(installation) };
    return { ok: false, reason: 'espeak-ng is not installed', fix: 'apt-get install espeak-ng' };
  },
};

/** Runs one command; resolves with the exit code. */
async function run(command: Command): Promise<number> {
  switch (command.verb) {
    case 'help':
      print(command.text);
      return 0;
    case 'version':
      print(version());
      return 0;
    case 'serve':
      return serve(command.configFile);
    case 'check':
      return runCheck(
        { ...command, env: process.env, cwd: process.cwd(), output: print },
        {
          checkTree: (text, file) => loadTree(text, file).problems,
          checkTemplates: (directories) =>
            loadTemplates(directories).problems.map((problem) => ({
              ...problem,
              severity: 'error',
              path: '',
            })),
        },
      );
    case 'chat':
      return chat(command.configFile, command.treeFile);
    case 'call':
      return call(command);
  }
}

async function serve(configFile: string | null): Promise<number> {
  const config = usableConfig(configFile);
  if (!config) return 1;
  const logger = createLogger({ ...config.logging, clock, secrets: config.security.apiKeys });
  guardProcess(logger);
  let node: ParleyNode;
  try {
    node = await ParleyNode.start(config, {
      catalog,
      clock,
      random: systemRandom,
      logger,
      version: version(),
    });
  } catch (err) {
    // What the operator can mend is told without a stack.
    const mendable = err instanceof StartError || err instanceof TreeError;
    logger.error('Parley could not start', mendable ? { reason: err.message } : { err });
    return 1;
  }
  // Before it says that it is ready: whoever waits for that word may stop it at once.
  const stopped = stoppedBySignal(node, logger);
  if (process.stdout.isTTY) startUpReport(node.parts, node.httpPort).forEach(print);
  else
    logger.info('started', {
      report: startUpReport(node.parts, node.httpPort).filter((line) => line !== ''),
    });
  logger.info('ready');
  return stopped;
}

/** Resolves with the exit code after SIGTERM or SIGINT has drained the node; SIGHUP reads the templates again. */
function stoppedBySignal(node: ParleyNode, logger: Logger): Promise<number> {
  return new Promise((resolve) => {
    const stop = (signal: string): void => {
      logger.info('signal received', { signal });
      void node.stop().then(() => resolve(0));
    };
    process.once('SIGTERM', () => stop('SIGTERM'));
    process.once('SIGINT', () => stop('SIGINT'));
    process.on('SIGHUP', () => node.reloadTemplates());
    // Timers of the node do not keep the process alive by themselves (SystemClock); its sockets do.
  });
}

/** A defect anywhere is logged with its stack before the process ends; nothing is served in an unknown state. */
function guardProcess(logger: Logger): void {
  const end = (err: unknown): void => {
    logger.error('unexpected error, the process ends', { err });
    process.exit(70);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

async function chat(configFile: string | null, treeFile: string | null): Promise<number> {
  const config = usableConfig(configFile);
  if (!config) return 1;
  const file = treeFile ?? config.dialog.trees[config.dialog.tree] ?? '';
  const { tree, problems } = loadTree(readFileSync(file, 'utf8'), file);
  for (const problem of problems) print(formatProblem(problem));
  if (!tree) return 1;
  return runChat({ tree, scorer: new NgramScorer(), input: process.stdin, output: process.stdout, clock });
}

async function call(command: Extract<Command, { verb: 'call' }>): Promise<number> {
  const config = usableConfig(command.configFile);
  if (!config) return 1;
  return callWithOwnMedia(command, config, {
    catalog,
    clock,
    random: systemRandom,
    logger: createLogger({ ...config.logging, level: 'warn', clock, secrets: config.security.apiKeys }),
    output: process.stdout,
  });
}

/** The configuration in force, or null after printing what is wrong with it. */
function usableConfig(configFile: string | null): Config | null {
  const { config, problems } = loadConfig({
    env: process.env,
    cwd: process.cwd(),
    ...(configFile === null ? {} : { file: configFile }),
  });
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  return config;
}

function version(): string {
  const manifest = JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const parsed = parseArguments(process.argv.slice(2));
if (parsed.ok) {
  process.exitCode = await run(parsed.command);
} else {
  process.stderr.write(`parley: ${parsed.message}\n        ${parsed.fix}\n`);
  process.exitCode = 2;
}
