import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

import { projectPath } from '../config/paths.js';
import type { SuiteResult } from './figure.js';
import { reportPage } from './report-page.js';

/** Where and when a run took place; figures of two machines are not to be compared, their ratios are. */
export interface Machine {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** One-minute average, before and after the run (0 where the system has none). */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly finishedAt: string;
}

export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}

export function describeMachine(loadBefore: number): Machine {
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: cpus().length,
    loadBefore,
    loadAfter: loadAverage(),
    finishedAt: new Date().toISOString(),
  };
}

/** Writes `bench/results/latest.json` and `latest.html`, replacing those of the run before; returns the folder. */
export function writeReport(machine: Machine, results: readonly SuiteResult[]): string {
  const directory = projectPath('bench', 'results');
  mkdirSync(directory, { recursive: true });
  const summaries = results.map(({ suite, figures, notes }) => ({ suite, figures, notes }));
  const json = JSON.stringify({ machine, results: summaries }, null, 2);
  writeFileSync(join(directory, 'latest.json'), `${json}\n`);
  const load = `load ${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after`;
  const about = `Node ${machine.node} on ${machine.cores} x ${machine.cpu}, ${load}, ${machine.finishedAt}`;
  writeFileSync(join(directory, 'latest.html'), reportPage(about, results));
  return directory;
}
