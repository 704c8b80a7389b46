import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { projectPath } from '../../config/paths.js';
import { freeSipPort, freeTcpPort } from './free-ports.js';

export interface ParleyPorts {
  readonly http: number;
  readonly sip: number;
  readonly mrcp: number;
  readonly rtpFrom: number;
  readonly rtpTo: number;
}

/** A log line of the process, as pino wrote it. */
export interface ProcessLogLine {
  /** `error`, `warn`, `info` or `debug`; empty for what is no log line. */
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface StartOptions {
  /** Dotted keys as in the YAML file (`dialog.tree`), turned into `PARLEY__…` variables. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Arguments of node itself. */
  readonly nodeArguments?: readonly string[];
  /** Key that may do everything; without it none is asked for. */
  readonly apiKey?: string;
  /** RTP ports to take; half of them are usable. */
  readonly rtpPorts?: number;
}

/** Someone who waits for a line. */
interface Watcher {
  look(line: ProcessLogLine): void;
  fail(reason: string): void;
}

const readyDeadlineMs = 20_000;
const stopDeadlineMs = 15_000;

/** A real Parley process on free ports of 127.0.0.1, for tests and benchmarks. */
export class ParleyProcess {
  readonly lines: ProcessLogLine[] = [];
  readonly #watchers = new Set<Watcher>();
  /** After the last line of output. */
  readonly #exit: Promise<number | null>;
  #exited = false;

  private constructor(
    readonly child: ChildProcess,
    readonly ports: ParleyPorts,
    readonly directory: string,
    readonly headers: Readonly<Record<string, string>>,
  ) {
    this.#exit = new Promise((resolve) => child.once('close', (code) => resolve(code)));
    child.once('close', (code) => this.#end(code));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (text) => this.#keep(text));
    }
  }

  /** Spawns it and waits until it says that it is ready; `readyAfterMs` of the result is how long that took. */
  static async start(options: StartOptions = {}): Promise<{ parley: ParleyProcess; readyAfterMs: number }> {
    const ports = await choosePorts(options.rtpPorts ?? 200, options.settings?.['http.port']);
    const directory = mkdtempSync(join(tmpdir(), 'parley-'));
    const startedAtMs = performance.now();
    const child = spawn(
      process.execPath,
      [...(options.nodeArguments ?? []), projectPath('dist/gateway/main.js'), 'serve'],
      {
        cwd: directory,
        env: { ...process.env, ...environment(ports, { ...keySettings(options), ...options.settings }) },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const parley = new ParleyProcess(child, ports, directory, keyHeaders(options));
    try {
      await parley.waitForLine((line) => line.msg === 'ready', readyDeadlineMs);
    } catch (err) {
      child.kill('SIGKILL');
      await parley.stop();
      throw err;
    }
    return { parley, readyAfterMs: performance.now() - startedAtMs };
  }

  /** Resolves with the first line, past or future, that `matches`; rejects after `deadlineMs` or with the process. */
  waitForLine(matches: (line: ProcessLogLine) => boolean, deadlineMs: number): Promise<ProcessLogLine> {
    const found = this.lines.find(matches);
    if (found) return Promise.resolve(found);
    if (this.#exited) return Promise.reject(new Error(`Parley has exited; the last lines:\n${this.#tail()}`));
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
      };
      const watcher: Watcher = {
        look: (line) => {
          if (!matches(line)) return;
          leave();
          resolve(line);
        },
        fail: (reason) => {
          leave();
          reject(new Error(`${reason}; the last lines:\n${this.#tail()}`));
        },
      };
      const timer = setTimeout(() => watcher.fail(`no such log line within ${deadlineMs} ms`), deadlineMs);
      this.#watchers.add(watcher);
    });
  }

  /** What it has complained of as an error so far. */
  get errors(): readonly ProcessLogLine[] {
    return this.lines.filter(({ level }) => level === 'error');
  }

  async getJson(path: string): Promise<unknown> {
    return (await this.#get(path)).json();
  }

  async getText(path: string): Promise<string> {
    return (await this.#get(path)).text();
  }

  /** One Prometheus sample by its full name with labels; 0 when it is not there. */
  async metric(sample: string): Promise<number> {
    const text = await this.getText('/metrics');
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
    return line ? Number(line.slice(sample.length + 1)) : 0;
  }

  /** SIGTERM, then SIGKILL at the deadline; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const kill = setTimeout(() => this.child.kill('SIGKILL'), stopDeadlineMs);
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    const code = await this.#exit;
    clearTimeout(kill);
    rmSync(this.directory, { recursive: true, force: true });
    return code;
  }

  #get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.ports.http}${path}`, { headers: this.headers });
  }

  #keep(text: string): void {
    const line = parseLine(text);
    this.lines.push(line);
    for (const watcher of [...this.#watchers]) watcher.look(line);
  }

  #end(code: number | null): void {
    this.#exited = true;
    for (const watcher of [...this.#watchers]) watcher.fail(`Parley exited with ${code}`);
  }

  #tail(): string {
    return this.lines
      .slice(-15)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }
}

function keySettings({ apiKey }: StartOptions): Record<string, string> {
  return apiKey === undefined ? {} : { 'security.apiKeys': apiKey };
}

function keyHeaders({ apiKey }: StartOptions): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}

async function choosePorts(rtpPorts: number, httpPort?: string): Promise<ParleyPorts> {
  // Below the ephemeral range of Linux (32768 and up), above what the test programs use.
  const rtpFrom = 20_000 + 2 * Math.floor(Math.random() * ((12_000 - rtpPorts) / 2));
  return {
    http: httpPort === undefined ? await freeTcpPort() : Number(httpPort),
    sip: await freeSipPort(),
    mrcp: await freeTcpPort(),
    rtpFrom,
    rtpTo: rtpFrom + rtpPorts - 1,
  };
}

function environment(ports: ParleyPorts, settings: Readonly<Record<string, string>>): Record<string, string> {
  const all: Record<string, string> = {
    'http.port': String(ports.http),
    'sip.port': String(ports.sip),
    'mrcp.port': String(ports.mrcp),
    'rtp.from': String(ports.rtpFrom),
    'rtp.to': String(ports.rtpTo),
    // One stream takes two ports (RFC 3550 11); the configuration is checked for it.
    'sip.maxCalls': String(Math.floor((ports.rtpTo - ports.rtpFrom + 1) / 2)),
    'logging.format': 'json',
    'logging.pii': 'true',
    ...settings,
  };
  return Object.fromEntries(
    Object.entries(all).map(([key, value]) => [`PARLEY__${key.replaceAll('.', '__')}`, value]),
  );
}

function parseLine(text: string): ProcessLogLine {
  if (!text.startsWith('{')) return { level: '', msg: text };
  return JSON.parse(text) as ProcessLogLine;
}
