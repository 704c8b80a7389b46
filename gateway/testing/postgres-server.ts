import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { freeTcpPort } from './free-ports.js';

const debianDirectory = '/usr/lib/postgresql';
const startMs = 30_000;

/** A PostgreSQL server of its own on 127.0.0.1, with an empty database in a temporary directory. */
export class PostgresServer {
  readonly port: number;
  readonly #programs: string;
  readonly #directory: string;
  readonly #durable: boolean;
  #process: ChildProcess | null = null;

  private constructor(programs: string, directory: string, port: number, durable: boolean) {
    this.#programs = programs;
    this.#directory = directory;
    this.port = port;
    this.#durable = durable;
  }

  /** `durable` false: it does not wait for the disk. Rejects when PostgreSQL is not installed. */
  static async start(durable = false): Promise<PostgresServer> {
    const programs = findPostgres();
    if (!programs) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
    const directory = mkdtempSync(join(tmpdir(), 'parley-postgres-'));
    const user = serverUser();
    if (user) chownSync(directory, user.uid, user.gid);
    const options = ['-U', 'parley', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
    const data = join(directory, 'data');
    execFileSync(join(programs, 'initdb'), ['-D', data, ...options], {
      ...user,
      stdio: 'ignore',
      cwd: directory,
    });
    const server = new PostgresServer(programs, directory, await freeTcpPort(), durable);
    await server.resume();
    return server;
  }

  get url(): string {
    return `postgres://parley@127.0.0.1:${this.port}/postgres`;
  }

  /** Stops the server as an administrator would; its data stay. */
  async pause(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGINT');
    await closed;
  }

  async resume(): Promise<void> {
    const data = join(this.#directory, 'data');
    const options = ['-D', data, '-p', String(this.port), '-h', '127.0.0.1', '-k', this.#directory];
    const settings = ['-c', 'max_connections=60', ...(this.#durable ? [] : ['-F'])];
    const child = spawn(join(this.#programs, 'postgres'), [...options, ...settings], {
      ...serverUser(),
      cwd: this.#directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    await ready(child);
  }

  async stop(): Promise<void> {
    await this.pause();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Where the server's programs are; Debian keeps them out of PATH. Null: not installed. */
export function findPostgres(): string | null {
  const versions = existsSync(debianDirectory) ? readdirSync(debianDirectory) : [];
  const directories = versions.map((version) => join(debianDirectory, version, 'bin'));
  const found = [...directories, ...(process.env['PATH'] ?? '').split(':')].filter((directory) =>
    existsSync(join(directory, 'initdb')),
  );
  return found.at(-1) ?? null;
}

/** PostgreSQL refuses to run as root. */
function serverUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const fail = (why: string): void => reject(new Error(`PostgreSQL ${why}: ${last.join(' ')}`));
    const timer = setTimeout(() => fail('is not ready'), startMs);
    child.once('error', reject);
    child.once('close', () => fail('ended'));
    if (!child.stderr) return fail('has no output');
    createInterface({ input: child.stderr }).on('line', (line) => {
      last.splice(0, Math.max(0, last.length - 9));
      last.push(line);
      if (!line.includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
