import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { projectPath } from '../../config/paths.js';
import { freeTcpPort } from './free-ports.js';

const run = promisify(execFile);
/** Debian keeps it outside of the PATH that not every user has. */
const program = '/usr/sbin/nginx';
const patienceMs = 10_000;

/** A real nginx on a free port of 127.0.0.1 that runs `config/cluster/nginx.conf` in front of two nodes. */
export class NginxServer {
  readonly port: number;
  readonly #directory: string;
  readonly #child: ChildProcess;
  #errors = '';

  private constructor(port: number, directory: string) {
    this.port = port;
    this.#directory = directory;
    this.#child = spawn(program, [...words(directory), '-g', 'daemon off;'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (data: Buffer) => (this.#errors += data.toString()));
  }

  /** Rejects when nginx is not installed, or refuses the configuration. */
  static async start(nodePorts: readonly [number, number]): Promise<NginxServer> {
    const directory = mkdtempSync(join(tmpdir(), 'parley-nginx-'));
    const port = await freeTcpPort();
    writeFileSync(join(directory, 'nginx.conf'), configured(port, nodePorts));
    try {
      await run(program, [...words(directory), '-t']);
    } catch (err) {
      rmSync(directory, { recursive: true, force: true });
      throw err;
    }
    const server = new NginxServer(port, directory);
    await server.#listening();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What it wrote of warnings and errors. */
  get errors(): string {
    return this.#errors;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #listening(): Promise<void> {
    const endMs = performance.now() + patienceMs;
    while (performance.now() < endMs && this.#child.exitCode === null) {
      const answer = await fetch(`${this.url}/metrics`).catch(() => null);
      if (answer) return;
      await pause(20);
    }
    await this.close();
    throw new Error(`nginx does not listen on ${this.port}: ${this.#errors}`);
  }
}

/** Errors go to where the test reads them also before the configuration is read. */
function words(directory: string): string[] {
  return ['-e', 'stderr', '-p', directory, '-c', 'nginx.conf'];
}

/** The file as it is shipped, with the ports of the test. */
function configured(port: number, nodePorts: readonly [number, number]): string {
  let text = readFileSync(projectPath('config', 'cluster', 'nginx.conf'), 'utf8');
  const [first, second] = nodePorts;
  for (const [from, to] of [
    ['server 127.0.0.1:8081', `server 127.0.0.1:${first}`],
    ['server 127.0.0.1:8082', `server 127.0.0.1:${second}`],
    ['listen 127.0.0.1:8080', `listen 127.0.0.1:${port}`],
  ] as const) {
    if (!text.includes(from)) throw new Error(`config/cluster/nginx.conf has no "${from}"`);
    text = text.replace(from, to);
  }
  return text;
}
