import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { projectPath } from '../../config/paths.js';

export interface SippRun {
  /** File name in `gateway/testdata/sipp`. */
  readonly scenario: string;
  readonly transport: 'udp' | 'tcp';
  readonly port: number;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Local RTP port that the offers name. */
  readonly mediaPort: number;
}

export interface SippVerdict {
  /** SIPp's own: 0 when every call passed. */
  readonly code: number | null;
  /** What it printed and what it logged about calls that failed, for a failing test's message. */
  readonly output: string;
}

const runSeconds = 30;
const shownCharacters = 4_000;

/** Runs a SIPp scenario as caller; resolves with its verdict. */
export async function runSipp(run: SippRun): Promise<SippVerdict> {
  const directory = mkdtempSync(join(tmpdir(), 'sipp-'));
  const child = spawn('sipp', sippArguments(run), { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-shownCharacters);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const errors = readdirSync(directory).filter((name) => name.endsWith('_errors.log'));
  for (const name of errors) output += readFileSync(join(directory, name), 'utf8').slice(0, shownCharacters);
  rmSync(directory, { recursive: true, force: true });
  return { code, output };
}

function sippArguments(run: SippRun): string[] {
  return [
    ...['-sf', projectPath('gateway', 'testdata', 'sipp', run.scenario)],
    ...['-t', run.transport === 'udp' ? 'u1' : 't1'],
    ...['-i', '127.0.0.1', '-mp', String(run.mediaPort)],
    ...['-m', String(run.calls), '-r', String(run.callsPerSecond)],
    ...['-timeout', String(runSeconds), '-timeout_error', '-nostdin', '-trace_err'],
    `127.0.0.1:${run.port}`,
  ];
}
