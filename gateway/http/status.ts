import type { ReadinessReport } from './readiness.js';

/** One socket that the node listens on. */
export interface ListenerStatus {
  readonly protocol: 'http' | 'sip' | 'mrcp' | 'rtp';
  readonly transport: 'tcp' | 'udp';
  readonly address: string;
  /** One port (`5060`) or a range (`30000-31999`). */
  readonly ports: string;
}

export interface EngineStatus {
  readonly kind: 'recognizer' | 'synthesizer' | 'scorer';
  readonly name: string;
  readonly languages: readonly string[];
  readonly available: boolean;
  /** Version, or why it is not available and what to do. */
  readonly detail: string;
}

export interface TreeStatus {
  readonly id: string;
  readonly language: string;
  readonly nodes: number;
  /** True for the tree that answers when nothing chooses another. */
  readonly active: boolean;
}

/** A number that moves; `most` is its bound when it has one. */
export interface LiveNumber {
  readonly label: string;
  readonly value: number;
  readonly most?: number;
  /** `percent`: value is 0 to 1. */
  readonly unit?: 'count' | 'percent' | 'bytes' | 'ms';
}

/** Chats of this node, and of the nodes it works with. */
export interface ChatStatus {
  /** Path of the page for people. */
  readonly page: string;
  /** Path of the WebSocket. */
  readonly socket: string;
  readonly store: 'memory' | 'sqlite' | 'postgres';
  /** Null: this node is alone (`redis.mode: none`). */
  readonly routing: {
    readonly connected: boolean;
    /** Nodes that are alive, this one included. */
    readonly livingNodes: number;
  } | null;
}

/** What the composition root knows; read once for each answer, so it must be quick. */
export interface StatusFacts {
  readonly version: string;
  readonly listeners: readonly ListenerStatus[];
  readonly engines: readonly EngineStatus[];
  readonly trees: readonly TreeStatus[];
  /** Null: chat is switched off. */
  readonly chat: ChatStatus | null;
  readonly live: readonly LiveNumber[];
}

/** Body of `GET /api/v1/status`. */
export interface StatusBody extends StatusFacts {
  readonly name: 'Parley';
  readonly node: string;
  readonly uptimeSeconds: number;
  readonly readiness: ReadinessReport;
}
