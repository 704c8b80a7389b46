import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeCountingTree } from './counting-tree.js';
import { freeTcpPort } from './free-ports.js';
import { ParleyProcess } from './parley-process.js';

export interface ChatNodesOptions {
  readonly nodes: number;
  readonly postgresUrl: string;
  /** Signs tokens of applications and of visitors; 32 characters at least. */
  readonly secret: string;
  /** `redis.*` settings of each node, which may reach Redis on ways of their own. */
  readonly redis: (node: number) => Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
}

interface Slot {
  readonly port: number;
  readonly index: number;
  process: ParleyProcess | null;
}

/** Real Parley nodes of one cluster that count messages, to be killed and started again on their ports. */
export class ChatNodes {
  readonly #options: ChatNodesOptions;
  readonly #directory: string;
  readonly #tree: string;
  readonly #slots: readonly Slot[];

  private constructor(options: ChatNodesOptions, ports: readonly number[]) {
    this.#options = options;
    this.#directory = mkdtempSync(join(tmpdir(), 'parley-nodes-'));
    this.#tree = writeCountingTree(this.#directory);
    this.#slots = ports.map((port, index) => ({ port, index, process: null }));
  }

  static async start(options: ChatNodesOptions): Promise<ChatNodes> {
    const ports: number[] = [];
    while (ports.length < options.nodes) ports.push(await freeTcpPort());
    const nodes = new ChatNodes(options, ports);
    try {
      await Promise.all(nodes.#slots.map(({ index }) => nodes.startNode(index)));
    } catch (err) {
      await nodes.close();
      throw err;
    }
    return nodes;
  }

  /** HTTP ports, also of nodes that do not run now. */
  get ports(): readonly number[] {
    return this.#slots.map(({ port }) => port);
  }

  /** Where clients may connect; some of them to nodes that do not run, as behind a slow balancer. */
  readonly urls = (): readonly string[] => this.ports.map((port) => `ws://127.0.0.1:${port}/ws`);

  node(index: number): ParleyProcess {
    const process = this.#slots[index]?.process;
    if (!process) throw new Error(`node ${index} does not run`);
    return process;
  }

  async startNode(index: number): Promise<void> {
    const slot = this.#slot(index);
    const { postgresUrl, redis, secret, settings } = this.#options;
    const { parley } = await ParleyProcess.start({
      rtpPorts: 20,
      settings: {
        'http.port': String(slot.port),
        'node.id': `node-${index}`,
        'dialog.tree': this.#tree,
        'speech.warm': 'false',
        'store.kind': 'postgres',
        'store.url': postgresUrl,
        'store.connections': '4',
        'chat.tokens.secret': secret,
        'chat.visitors.secret': secret,
        'chat.deadAfterSeconds': '4',
        'chat.drainSeconds': '3',
        'chat.rates.connectionsPerIp': '100000',
        'chat.rates.helloPerIpPer10s': '100000',
        'chat.rates.messagesPer10s': '1000',
        ...redis(index),
        ...settings,
      },
    });
    slot.process = parley;
  }

  /** As when the machine loses power. */
  async kill(index: number): Promise<void> {
    const parley = this.node(index);
    this.#slot(index).process = null;
    parley.child.kill('SIGKILL');
    await parley.stop();
  }

  /** SIGTERM; resolves with the exit code when it has drained. */
  drain(index: number): Promise<number | null> {
    const parley = this.node(index);
    this.#slot(index).process = null;
    return parley.stop();
  }

  async close(): Promise<void> {
    for (const { process } of this.#slots) await process?.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #slot(index: number): Slot {
    const slot = this.#slots[index];
    if (!slot) throw new Error(`there is no node ${index}`);
    return slot;
  }
}
