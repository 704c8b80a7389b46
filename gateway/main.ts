#!/usr/bin/env node
import { readFileSync } from 'node:fs';

import { findEspeak } from '../adapters/espeak/espeak-process.js';
import { EspeakSynthesizer } from '../adapters/espeak/synthesizer.js';
import { FliteSynthesizer } from '../adapters/flite/synthesizer.js';
import { createSessionLog } from '../adapters/database/create-session-log.js';
import { createRoutingStore } from '../adapters/redis/create-routing-store.js';
import { createSimilarityEngine } from '../adapters/similarity/create-engine.js';
import { SystemClock } from '../config/clock.js';
import { secretsOf } from '../config/config-secrets.js';
import { loadConfig } from '../config/load.js';
import type { Logger } from '../config/logger.js';
import { suggestName } from '../config/nearest.js';
import { projectPath } from '../config/paths.js';
import { createLogger } from '../config/pino-logger.js';
import { formatProblem } from '../config/problem.js';
import { systemRandom } from '../config/random.js';
import type { Config } from '../config/schema.js';
import { checkForAuthors } from '../dialog/check-authoring.js';
import { loadTree } from '../dialog/load.js';
import { loadTemplates } from '../templates/loader.js';
import { parseArguments, type Command } from './cli/arguments.js';
import { callWithOwnMedia } from './cli/caller-node.js';
import { runChat } from './cli/chat.js';
import { runCheck } from './cli/check.js';
import { runDeploy, runPromote, runRollback, type NodeVerbDeps } from './cli/deploy.js';
import { NodeClient } from './cli/node-client.js';
import { runGraph } from './cli/graph.js';
import type { TurnLogOutput } from './cli/read-turns.js';
import { runReplay } from './cli/replay.js';
import { inBoxScoring, ScoreAhead } from './cli/score-ahead.js';
import { runAccept, runSuggest } from './cli/suggest.js';
import { runTest } from './cli/test.js';
import { runVersions } from './cli/versions.js';
import type { EngineCatalog } from './node/engine-catalog.js';
import { openTurnLog } from './node/open-trees.js';
import { ParleyNode, StartError } from './node/parley-node.js';
import { startUpReport } from './node/start-up-report.js';
import { ProtoError } from './services/grpc-methods.js';
import { Services } from './services/services.js';
import { Similarity } from './session/similarity.js';
import { TreeError } from './trees/tree-version.js';

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
          checkTree: (text, file, services) =>
            checkForAuthors(text, file, services === null ? {} : { services }).problems,
          checkTemplates: (directories) =>
            loadTemplates(directories).problems.map((problem) => ({
              ...problem,
              severity: 'error',
              path: '',
            })),
        },
      );
    case 'chat':
      return chat(command);
    case 'test':
      return test(command);
    case 'graph':
      return graph(command);
    case 'suggest':
      return runSuggest({ ...command, ...turnLogOutput(), output: print });
    case 'accept':
      return runAccept({ ...command, ...turnLogOutput(), output: print });
    case 'replay':
      return runReplay({ ...command, ...turnLogOutput(), output: print });
    case 'call':
      return call(command);
    case 'deploy':
      return atNode(command, (deps) =>
        runDeploy(command, {
          ...deps,
          checkTree: (text, file) => {
            const { tree, problems } = loadTree(text, file);
            return { id: tree?.id ?? null, problems };
          },
        }),
      );
    case 'promote':
      return atNode(command, (deps) => runPromote(command.tree, command.version, deps));
    case 'rollback':
      return atNode(command, (deps) => runRollback(command.tree, deps));
    case 'versions':
      return atNode(command, (deps) => runVersions(command.tree, deps));
  }
}

/** Runs a verb that speaks to a running node. */
async function atNode(
  command: Extract<Command, { readonly node: string | null }>,
  verb: (deps: NodeVerbDeps) => Promise<0 | 1>,
): Promise<number> {
  const config = usableConfig(command.configFile);
  if (!config) return 1;
  return verb({ client: new NodeClient(config, command), output: print });
}

async function serve(configFile: string | null): Promise<number> {
  const config = usableConfig(configFile);
  if (!config) return 1;
  const logger = createLogger({ ...config.logging, clock, secrets: secretsOf(config) });
  guardProcess(logger);
  let node: ParleyNode;
  try {
    node = await ParleyNode.start(config, {
      catalog,
      scorers: { createEngine: createSimilarityEngine },
      stores: {
        openLog: createSessionLog,
        createRouting: (redis, { clock: time, random }) => createRoutingStore(redis, time, random),
      },
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

/** Resolves with the exit code after SIGTERM or SIGINT has drained the node; SIGHUP reads templates and trees again. */
function stoppedBySignal(node: ParleyNode, logger: Logger): Promise<number> {
  return new Promise((resolve) => {
    const stop = (signal: string): void => {
      logger.info('signal received', { signal });
      void node.stop().then(() => resolve(0));
    };
    process.once('SIGTERM', () => stop('SIGTERM'));
    process.once('SIGINT', () => stop('SIGINT'));
    process.on('SIGHUP', () => node.reload());
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

async function chat({ configFile, treeFile, json }: Extract<Command, { verb: 'chat' }>): Promise<number> {
  const config = usableConfig(configFile);
  if (!config) return 1;
  const file = treeFile ?? config.dialog.trees[config.dialog.tree] ?? '';
  const { tree, problems } = loadTree(readFileSync(file, 'utf8'), file);
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  if (!tree) return 1;
  const caller = chatServices(config);
  if (!caller) return 1;
  const logger = createLogger({ ...config.logging, level: 'error', clock, secrets: secretsOf(config) });
  const turns = await openTurnLog(config, { clock, random: systemRandom, logger });
  const similarity = similarityOf(config);
  const session = `chat-${systemRandom.hex(8)}`;
  // Between two attempts at a service nothing else would, once the input is read (SystemClock).
  const alive = setInterval(() => undefined, 60_000);
  try {
    return await runChat({
      tree,
      scorers: (spoken) => similarity.readyScorersFor(spoken),
      ...(turns ? { turns: { sink: turns, session } } : {}),
      json,
      input: process.stdin,
      output: process.stdout,
      clock,
      services: { caller, context: { sessionId: session, scope: session } },
    });
  } finally {
    clearInterval(alive);
    caller.close();
    await Promise.all([turns?.close() ?? null, similarity.close()]);
  }
}

/** The configured services, or null after printing why they cannot be used. What a call came to, the chat shows. */
function chatServices(config: Config): Services | null {
  const logger = createLogger({ ...config.logging, level: 'error', clock, secrets: secretsOf(config) });
  const metrics = { serviceCalled: () => undefined };
  try {
    return new Services(config.services, { clock, random: systemRandom, logger, metrics });
  } catch (err) {
    if (!(err instanceof ProtoError)) throw err;
    process.stderr.write(`services: ${err.message}\n`);
    return null;
  }
}

function graph({ configFile, ...command }: Extract<Command, { verb: 'graph' }>): number {
  const config = usableConfig(configFile);
  if (!config) return 1;
  const treeFile = command.treeFile ?? config.dialog.trees[config.dialog.tree] ?? '';
  return runGraph({ ...command, treeFile, cwd: process.cwd(), output: print });
}

async function test(command: Extract<Command, { verb: 'test' }>): Promise<number> {
  const { configFile, scorer, stories, ...options } = command;
  const paths = stories.length > 0 ? stories : [projectPath('config/stories')];
  const config = scorer === 'ngram' ? null : usableConfig(configFile);
  if (scorer === 'configured' && !config) return 2;
  const similarity = config && config.similarity.scorer !== 'ngram' ? similarityOf(config) : null;
  // Between two attempts at a service nothing else would (SystemClock).
  const alive = setInterval(() => undefined, 60_000);
  try {
    return await runTest({
      ...options,
      paths,
      cwd: process.cwd(),
      output: print,
      scoringOf: async (tree) =>
        similarity ? new ScoreAhead(await similarity.readyScorersFor(tree), clock) : inBoxScoring(tree),
    });
  } finally {
    clearInterval(alive);
    await similarity?.close();
  }
}

/** The scorers of a verb that ends with the process. */
function similarityOf(config: Config): Similarity {
  const logger = createLogger({ ...config.logging, level: 'error', clock, secrets: secretsOf(config) });
  const scorers = { createEngine: createSimilarityEngine };
  return new Similarity(config.similarity, { catalog: scorers, clock, random: systemRandom, logger });
}

/** Complaints and progress go where they do not spoil what is piped. */
function turnLogOutput(): TurnLogOutput {
  const { stderr } = process;
  return {
    complain: (line) => stderr.write(`${line}\n`),
    progress: stderr.isTTY ? (line) => stderr.write(`\r\x1b[K${line}`) : null,
  };
}

async function call(command: Extract<Command, { verb: 'call' }>): Promise<number> {
  const config = usableConfig(command.configFile);
  if (!config) return 1;
  return callWithOwnMedia(command, config, {
    catalog,
    clock,
    random: systemRandom,
    logger: createLogger({ ...config.logging, level: 'warn', clock, secrets: secretsOf(config) }),
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
