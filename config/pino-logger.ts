import { pino } from 'pino';
import type { Logger as Pino } from 'pino';

import type { Clock } from './clock.js';
import type { LogFields, Logger } from './logger.js';
import { PrettyStream } from './pretty-stream.js';
import type { TextSink } from './pretty-stream.js';
import type { Config } from './schema.js';
import { scrub } from './scrub.js';
import type { Secret } from './secret.js';

export interface LoggerOptions extends Readonly<Config['logging']> {
  readonly clock: Clock;
  /** Credentials that are masked wherever they turn up in a field. */
  readonly secrets: readonly Secret[];
  /** Where lines go; standard output when left out. */
  readonly sink?: TextSink & { readonly isTTY?: boolean };
}

/** Names that the line itself uses; a field of that name is renamed, since two equal JSON keys hide one another. */
const reservedNames = ['level', 'time', 'msg'] as const;

interface Shared {
  readonly pii: boolean;
  readonly secrets: readonly Secret[];
}

/**
 * The process's logger: JSON lines, or readable ones on a terminal.
 *
 * Fields are scrubbed (see scrub.ts) and the `pii` field is dropped unless `pii` is true. Writing is synchronous: what
 * was logged before a crash is there.
 */
export function createLogger(options: LoggerOptions): Logger {
  const terminal = options.sink ? options.sink.isTTY === true : process.stdout.isTTY;
  const pretty = options.format === 'pretty' || (options.format === 'auto' && terminal);
  const sink: TextSink = options.sink ?? pino.destination({ dest: 1, sync: true });
  const engine = pino(
    {
      level: options.level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (value: unknown) => value },
      timestamp: () => `,"time":"${new Date(options.clock.epochMs()).toISOString()}"`,
    },
    pretty ? new PrettyStream(sink, terminal) : { write: (line: string) => void sink.write(line) },
  );
  return new PinoLogger(engine, { pii: options.pii, secrets: options.secrets });
}

class PinoLogger implements Logger {
  readonly #engine: Pino;
  readonly #shared: Shared;

  constructor(engine: Pino, shared: Shared) {
    this.#engine = engine;
    this.#shared = shared;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.#engine.child(this.#clean(fields)), this.#shared);
  }

  #write(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: LogFields | undefined): void {
    if (!this.#engine.isLevelEnabled(level)) return;
    if (fields === undefined) this.#engine[level](message);
    else this.#engine[level](this.#clean(fields), message);
  }

  #clean(fields: LogFields): Record<string, unknown> {
    const { pii, ...rest } = fields;
    const shown = this.#shared.pii && pii !== undefined ? { ...rest, pii } : rest;
    const cleaned = scrub(shown, this.#shared.secrets) as Record<string, unknown>;
    for (const name of reservedNames) {
      if (!(name in cleaned)) continue;
      cleaned[`field.${name}`] = cleaned[name];
      delete cleaned[name];
    }
    return cleaned;
  }
}
