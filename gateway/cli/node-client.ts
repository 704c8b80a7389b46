import { bindAddress } from '../../config/network-plan.js';
import { isWildcard } from '../../config/cidr.js';
import type { Config } from '../../config/schema.js';

/** Where a running node is asked, as the options `--node` and `--key` say. */
export interface NodeOptions {
  readonly node: string | null;
  readonly key: string | null;
}

/** A JSON answer, or why there is none. */
export type NodeAnswer =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | { readonly ok: false; readonly reason: string };

/** Longer than the node may take to check a tree. */
const answerMs = 90_000;

/** Asks a running node over its HTTP API. */
export class NodeClient {
  readonly url: string;
  readonly #key: string | null;

  /** Without `--node` the node that this configuration starts, without `--key` its first API key for trees. */
  constructor(config: Config, { node, key }: NodeOptions) {
    this.url = (node ?? ownUrl(config)).replace(/\/$/, '');
    this.#key = key ?? ownKey(config);
  }

  get(path: string): Promise<NodeAnswer> {
    return this.#ask(path, { method: 'GET' });
  }

  postJson(path: string, value: unknown): Promise<NodeAnswer> {
    const headers = { 'content-type': 'application/json' };
    return this.#ask(path, { method: 'POST', headers, body: JSON.stringify(value) });
  }

  postYaml(path: string, text: string): Promise<NodeAnswer> {
    return this.#ask(path, { method: 'POST', headers: { 'content-type': 'application/yaml' }, body: text });
  }

  async #ask(path: string, request: RequestInit & { headers?: Record<string, string> }): Promise<NodeAnswer> {
    const headers = {
      ...request.headers,
      ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
    };
    try {
      const response = await fetch(`${this.url}${path}`, {
        ...request,
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(answerMs),
      });
      return { ok: true, status: response.status, body: await response.json() };
    } catch (err) {
      return { ok: false, reason: reasonOf(err) };
    }
  }
}

/** Of the keys that may change trees, the first. */
function ownKey({ security }: Config): string | null {
  const named = security.keys.find(({ scopes }) => scopes.includes('trees:write'));
  return (security.apiKeys[0] ?? named?.key)?.reveal() ?? null;
}

function ownUrl(config: Config): string {
  const address = bindAddress(config, 'http');
  const host = isWildcard(address) ? '127.0.0.1' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.http.port}`;
}

function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  if (err.name === 'TimeoutError') return `no answer within ${answerMs / 1_000} s`;
  const { cause } = err;
  return cause instanceof Error && cause.message !== '' ? cause.message : err.message;
}
