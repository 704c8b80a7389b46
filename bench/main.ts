import { Children } from './children.js';
import { formatTable, type SuiteResult } from './figure.js';
import { parseOptions, type BenchOptions } from './options.js';
import { describeMachine, loadAverage, writeReport } from './report.js';
import type { Suite } from './suite.js';
import { setupSuite } from './suites/setup.js';
import { speakSuite } from './suites/speak.js';
import { pacingSuite } from './suites/pacing.js';
import { turnSuite } from './suites/turn.js';
import { startupSuite } from './suites/startup.js';
import { hotPathSuite } from './suites/hot-path.js';
import { audioSocketSuite } from './suites/audio-socket.js';
import { dialogSuite } from './suites/dialog.js';
import { matcherSuite } from './suites/matcher.js';
import { routingSuite } from './suites/routing.js';
import { chatClusterSuite } from './suites/chat-cluster.js';
import { chatEchoSuite } from './suites/chat-echo.js';
import { sessionLogSuite } from './suites/session-log.js';

const suites: readonly Suite[] = [
  setupSuite,
  speakSuite,
  pacingSuite,
  turnSuite,
  startupSuite,
  hotPathSuite,
  audioSocketSuite,
  matcherSuite,
  routingSuite,
  chatEchoSuite,
  chatClusterSuite,
  dialogSuite,
  sessionLogSuite,
];

const usage = `npm run bench [-- [suite ...] [option ...]]

suites (all when none is named):
${suites.map(({ name, about }) => `  ${name.padEnd(13)} ${about}`).join('\n')}

options:
  --quick                small samples: shows that everything runs
  --peer HOST:PORT       measure another MRCPv2 server on this machine (its SIP address) with setup, speak and pacing
  --peer-pid PID         process id of that server, for its processor time and memory
  --data DIRECTORY       labelled utterances for matcher: *.jsonl files of {"text", "intent"} lines
  --peer-modules DIR     where matcher finds node-nlp, and chat-cluster socket.io, to compare with (default: the
                         current directory)`;

/** Runs the suites one after another; resolves with the exit code. */
async function runBenchmarks(options: BenchOptions): Promise<number> {
  const chosen = suites.filter(({ name }) => options.suites.length === 0 || options.suites.includes(name));
  const loadBefore = loadAverage();
  const results: SuiteResult[] = [];
  let failures = 0;
  for (const suite of chosen) {
    if (options.peer && !suite.measuresPeers) {
      console.log(`\n${suite.name}: left out, it has nothing to ask of a peer`);
      continue;
    }
    const result = await runSuite(suite, options);
    if (result) results.push(result);
    else failures++;
  }
  const directory = writeReport(describeMachine(loadBefore), results);
  console.log(`\nwritten to ${directory}/latest.json and latest.html`);
  return failures === 0 ? 0 : 1;
}

/** Runs one suite with processes of its own; null when it could not run. */
async function runSuite(suite: Suite, options: BenchOptions): Promise<SuiteResult | null> {
  const children = new Children();
  const killNow = (): void => children.killNow();
  process.once('exit', killNow);
  console.log(`\n${suite.name}: ${suite.about}`);
  try {
    const print = (line: string): void => console.log(`  ... ${line}`);
    const measured = await within(suite.maxSeconds, suite.run({ options, children, print }));
    const result = { ...measured, notes: [...measured.notes, ...children.serverWarnings()] };
    console.log(formatTable(result));
    return result;
  } catch (err) {
    console.log(`${suite.name} could not run: ${reasons(err).join('; because ')}`);
    return null;
  } finally {
    await children.stopAll();
    process.off('exit', killNow);
  }
}

/** The message of an error and of what caused it. */
function reasons(err: unknown): string[] {
  if (!(err instanceof Error)) return [String(err)];
  return [err.message, ...(err.cause === undefined ? [] : reasons(err.cause))];
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${seconds} s`)), seconds * 1_000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const words = process.argv.slice(2);
if (words.includes('--help')) {
  console.log(usage);
} else {
  const parsed = parseOptions(
    words,
    suites.map(({ name }) => name),
  );
  if (parsed.ok) {
    // A suite that was given up may have left something open; all that was measured is written by now.
    process.exit(await runBenchmarks(parsed.options));
  } else {
    console.error(`${parsed.message}\n\n${usage}`);
    process.exitCode = 2;
  }
}
