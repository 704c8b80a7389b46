import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

import { similarityLimits } from '../../../config/limits.js';
import type { Secret } from '../../../config/secret.js';
import { SimilarityError, type SimilarityFault } from '../similarity-error.js';
import { retryAfterMs } from './retry-after.js';

export interface JsonClientOptions {
  /** For errors, such as `openai`. */
  readonly name: string;
  /** http or https; a path in it comes before the path of each request. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`; null = none. */
  readonly apiKey: Secret | null;
  /** Unix time in milliseconds, for a Retry-After that is a date. */
  readonly epochMs: () => number;
}

/** How one service says what went wrong, in addition to what HTTP says. */
export type FaultOfStatus = (status: number) => SimilarityFault | null;

/**
 * JSON requests to one service over connections that are kept open.
 *
 * Redirects are not followed, so that the credential goes nowhere else. Answers have a bound; a 2xx answer is JSON or an
 * error. Rejects with SimilarityError, or with the signal's reason when it aborts.
 */
export class JsonClient {
  readonly #options: JsonClientOptions;
  readonly #agent: HttpAgent;
  readonly #faultOf: FaultOfStatus;

  constructor(options: JsonClientOptions, faultOf: FaultOfStatus = () => null) {
    this.#options = options;
    this.#faultOf = faultOf;
    const pool = {
      keepAlive: true,
      maxSockets: similarityLimits.connections,
      timeout: similarityLimits.idleConnectionMs,
    };
    this.#agent = new URL(options.baseUrl).protocol === 'https:' ? new HttpsAgent(pool) : new HttpAgent(pool);
  }

  /** `path` starts with `/`; without a body it is a GET. */
  async request(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
    try {
      return await this.#exchange(path, payload, signal);
    } catch (err) {
      // The server closed a kept connection just as it was taken again; asking twice changes nothing there.
      if (err instanceof StaleConnectionError) return this.#exchange(path, payload, signal);
      throw err;
    }
  }

  /** Closes every connection; what is under way rejects. */
  close(): void {
    this.#agent.destroy();
  }

  #exchange(path: string, payload: Buffer | null, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = this.#start(path, payload);
      const abort = (): void => {
        fail(signal.reason);
        request.destroy();
      };
      const fail = (reason: unknown): void => {
        signal.removeEventListener('abort', abort);
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      };
      signal.addEventListener('abort', abort, { once: true });
      request.on('error', (err) => fail(this.#connectionError(err, request)));
      request.on('response', (response) => {
        this.#read(response).then(
          (value) => {
            signal.removeEventListener('abort', abort);
            resolve(value);
          },
          (err: unknown) => {
            request.destroy();
            fail(err);
          },
        );
      });
      request.end(payload);
    });
  }

  #start(path: string, payload: Buffer | null): ClientRequest {
    const { apiKey, baseUrl } = this.#options;
    const url = new URL(baseUrl.replace(/\/$/, '') + path);
    return (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      agent: this.#agent,
      method: payload ? 'POST' : 'GET',
      headers: {
        accept: 'application/json',
        ...(payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {}),
        ...(apiKey ? { authorization: `Bearer ${apiKey.reveal()}` } : {}),
      },
    });
  }

  #connectionError(err: Error, request: ClientRequest): Error {
    const code = 'code' in err ? String(err.code) : err.message;
    if (request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE'))
      return new StaleConnectionError('unreachable', this.#says(`closed the connection (${code})`));
    return new SimilarityError('unreachable', this.#says(`cannot be reached (${code})`), { cause: err });
  }

  async #read(response: IncomingMessage): Promise<unknown> {
    const status = response.statusCode ?? 0;
    const ok = status >= 200 && status < 300;
    const body = await this.#body(
      response,
      ok ? similarityLimits.responseBytes : similarityLimits.errorBytes,
      ok,
    );
    if (!ok) throw this.#statusError(status, response);
    try {
      return JSON.parse(body.toString('utf8')) as unknown;
    } catch (err) {
      throw new SimilarityError('garbage', this.#says('sent an answer that is not JSON'), { cause: err });
    }
  }

  /** An answer that breaks off is an error; one that is too large as well, unless nobody needs it. */
  async #body(response: IncomingMessage, most: number, needed: boolean): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > most) break;
        chunks.push(chunk);
      }
    } catch (err) {
      throw new SimilarityError('garbage', this.#says('broke off its answer'), { cause: err });
    }
    if (bytes > most && needed)
      throw new SimilarityError('garbage', this.#says(`sent more than ${most} bytes`));
    return Buffer.concat(chunks);
  }

  #statusError(status: number, response: IncomingMessage): SimilarityError {
    const fault = this.#faultOf(status) ?? faultOfStatus(status);
    const asked = retryAfterMs(response.headers['retry-after'], this.#options.epochMs());
    const hint = status === 401 || status === 403 ? ': check similarity.apiKey' : '';
    return new SimilarityError(fault, this.#says(`answered with status ${status}${hint}`), {
      ...(asked === null ? {} : { retryAfterMs: asked }),
    });
  }

  #says(what: string): string {
    return `${this.#options.name} ${what}`;
  }
}

class StaleConnectionError extends SimilarityError {}

function faultOfStatus(status: number): SimilarityFault {
  if (status === 413) return 'too-large';
  if (status === 429 || status === 503) return 'overloaded';
  return status >= 500 ? 'unreachable' : 'refused';
}
