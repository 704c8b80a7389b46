import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { freeTcpPort } from './free-ports.js';

const run = promisify(execFile);
/** Servers on a busy machine take their time. */
const patienceMs = 20_000;

export interface RedisServerOptions {
  /** Asked of every client; none by default. */
  readonly password?: string;
  /** Keeps what it has on disk, so that it survives `stop` and `start`. */
  readonly durable?: boolean;
  /** Further words of the command line. */
  readonly args?: readonly string[];
  /** Run as a sentinel of these lines of configuration. */
  readonly sentinel?: readonly string[];
  /** Speaks TLS alone, with this certificate and key (PEM files). */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** A real redis-server on a free port of 127.0.0.1, with a directory of its own. */
export class RedisServer {
  readonly port: number;
  readonly #options: RedisServerOptions;
  readonly #directory: string;
  #child: ChildProcess | null = null;

  private constructor(port: number, directory: string, options: RedisServerOptions) {
    this.port = port;
    this.#directory = directory;
    this.#options = options;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-redis-'));
    const server = new RedisServer(await freeTcpPort(), directory, options);
    try {
      await server.start();
    } catch (err) {
      await server.close();
      throw err;
    }
    return server;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it again on its port; empty unless it is durable. */
  async start(): Promise<void> {
    const child = spawn('redis-server', await this.#words(), { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const lines = createInterface(child.stdout);
    const ready = new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        if (/Ready to accept connections|Sentinel ID is/.test(line)) resolve();
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
      setTimeout(() => reject(new Error('redis-server does not get ready')), patienceMs).unref();
    });
    await ready;
  }

  /** Ends it at once, as a crash would. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops it and removes what it has on disk. */
  async close(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Answers nothing and keeps its connections, as behind a broken network. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Asks it something through redis-cli. */
  async ask(...words: readonly string[]): Promise<string> {
    const { password } = this.#options;
    const secret = password === undefined ? [] : ['--no-auth-warning', '-a', password];
    const { stdout } = await run('redis-cli', ['-p', String(this.port), ...secret, ...words]);
    return stdout.trim();
  }

  async #words(): Promise<readonly string[]> {
    const { password, durable, args = [], sentinel, tls } = this.#options;
    const port = tls ? tlsWords(this.port, tls) : ['--port', String(this.port)];
    const common = [...port, '--bind', '127.0.0.1', '--dir', this.#directory];
    if (sentinel) {
      const file = join(this.#directory, 'sentinel.conf');
      await writeFile(file, sentinel.join('\n'));
      return [file, '--sentinel', ...common, ...args];
    }
    const disk = durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : [];
    const secret = password === undefined ? [] : ['--requirepass', password, '--masterauth', password];
    return [...common, '--save', '', ...disk, ...secret, ...args];
  }
}

function tlsWords(port: number, tls: NonNullable<RedisServerOptions['tls']>): readonly string[] {
  const files = ['--tls-cert-file', tls.certificate, '--tls-key-file', tls.key];
  return ['--port', '0', '--tls-port', String(port), ...files, '--tls-auth-clients', 'no'];
}

/** Waits until `done`; rejects when that takes too long. */
export async function eventually(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const startMs = performance.now();
  while (!(await done())) {
    if (performance.now() - startMs > patienceMs) throw new Error(`not so after ${patienceMs} ms: ${what}`);
    await pause(25);
  }
}

/** Servers that belong together: when one does not start, none stays. */
class Started {
  readonly servers: RedisServer[] = [];

  async add(options: RedisServerOptions): Promise<RedisServer> {
    const server = await RedisServer.start(options);
    this.servers.push(server);
    return server;
  }

  async orClose<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (err) {
      for (const server of this.servers) await server.close();
      throw err;
    }
  }
}

/** A cluster of real servers: masters, and as many replicas for each as asked. */
export class RedisCluster {
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers;
  }

  static start(
    options: { readonly masters?: number; readonly replicas?: number } = {},
  ): Promise<RedisCluster> {
    const { masters = 3, replicas = 0 } = options;
    const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
    const started = new Started();
    return started.orClose(async () => {
      for (let i = 0; i < masters * (replicas + 1); i++) await started.add({ durable: true, args });
      const cluster = new RedisCluster(started.servers);
      const words = ['--cluster', 'create', ...cluster.addresses, '--cluster-replicas', String(replicas)];
      await run('redis-cli', [...words, '--cluster-yes']);
      await eventually('the cluster is ready', () => cluster.isReady());
      await eventually('the replicas follow', () => cluster.isInStep());
      return cluster;
    });
  }

  get addresses(): readonly string[] {
    return this.servers.map(({ address }) => address);
  }

  /** The server that has the slot of a key now, as another one says. */
  async masterOf(key: string): Promise<RedisServer> {
    const [first] = this.servers;
    if (!first) throw new Error('the cluster is empty');
    const slot = Number(await first.ask('cluster', 'keyslot', key));
    for (const server of this.servers) {
      const nodes = await server.ask('cluster', 'nodes').catch(() => '');
      const own = nodes.split('\n').find((line) => line.includes('myself,master')) ?? '';
      const has = own.split(' ').slice(8);
      if (has.some((range) => inRange(slot, range))) return server;
    }
    throw new Error(`nobody has the slot ${slot}`);
  }

  /** Empties every master that runs. */
  async flush(): Promise<void> {
    for (const server of this.servers) await server.ask('flushall').catch(notOfMasters);
  }

  async close(): Promise<void> {
    for (const server of this.servers) await server.close();
  }

  /** Every replica has what its master has. */
  async isInStep(): Promise<boolean> {
    const states = await Promise.all(this.servers.map((server) => server.ask('info', 'replication')));
    return states.every((state) => !state.includes('role:slave') || state.includes('master_link_status:up'));
  }

  /** Every server that runs says so. */
  async isReady(): Promise<boolean> {
    const states = await Promise.all(
      this.servers.map((server) => server.ask('cluster', 'info').catch(() => 'gone')),
    );
    return states.every((state) => state === 'gone' || state.includes('cluster_state:ok'));
  }
}

function inRange(slot: number, range: string): boolean {
  const [from = '', to = from] = range.split('-');
  return slot >= Number(from) && slot <= Number(to);
}

function notOfMasters(err: unknown): string {
  if (/READONLY|Connection refused/.test(String(err))) return '';
  throw err;
}

/** A master with one replica and one sentinel, which alone decides. */
export class RedisSentinels {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;

  private constructor(master: RedisServer, replica: RedisServer, sentinel: RedisServer) {
    this.master = master;
    this.replica = replica;
    this.sentinel = sentinel;
  }

  static start(password?: string): Promise<RedisSentinels> {
    const secret = password === undefined ? {} : { password };
    const started = new Started();
    return started.orClose(async () => {
      const master = await started.add(secret);
      const replicaof = ['--replicaof', `127.0.0.1 ${master.port}`];
      const replica = await started.add({ ...secret, args: replicaof });
      const sentinel = await started.add({
        sentinel: [
          `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
          'sentinel down-after-milliseconds mymaster 1000',
          'sentinel failover-timeout mymaster 5000',
          ...(password === undefined ? [] : [`sentinel auth-pass mymaster "${password}"`]),
        ],
      });
      await eventually('the sentinel knows the replica', async () =>
        (await sentinel.ask('sentinel', 'replicas', 'mymaster')).includes(String(replica.port)),
      );
      // It promotes none that it believes to be cut off, and looks only every ten seconds once it has seen it.
      await eventually('the sentinel sees the replica follow', async () =>
        (await sentinel.ask('sentinel', 'replicas', 'mymaster')).includes('master-link-status\nok'),
      );
      await eventually('the replica follows', async () =>
        (await replica.ask('info', 'replication')).includes('master_link_status:up'),
      );
      return new RedisSentinels(master, replica, sentinel);
    });
  }

  async close(): Promise<void> {
    for (const server of [this.sentinel, this.replica, this.master]) await server.close();
  }
}
