const levelColours: Readonly<Record<string, string>> = {
  debug: '\x1b[2m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
};
const dim = '\x1b[2m';
const plain = '\x1b[0m';

/** Anything that takes text: a terminal, a file, an array in a test. */
export interface TextSink {
  write(text: string): unknown;
}

/** Turns pino's JSON lines into one readable line each: time, level, message, then the fields as `key=value`. */
export class PrettyStream implements TextSink {
  readonly #sink: TextSink;
  readonly #colour: boolean;

  constructor(sink: TextSink, colour: boolean) {
    this.#sink = sink;
    this.#colour = colour;
  }

  write(json: string): void {
    this.#sink.write(`${formatLine(json, this.#colour)}\n`);
  }
}

/** One line for a terminal; control characters inside values are escaped, so that a peer cannot draw on the screen. */
function formatLine(json: string, colour: boolean): string {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json.trimEnd();
  }
  const { level, time, msg, err, ...fields } = line;
  const paint = (code: string, text: string) => (colour && text !== '' ? `${code}${text}${plain}` : text);
  const label = typeof level === 'string' ? level : 'info';
  const parts = [
    paint(dim, clockTime(time)),
    paint(levelColours[label] ?? '', label.toUpperCase().padEnd(5)),
    escapeControls(typeof msg === 'string' ? msg : ''),
    ...Object.entries(fields).map(([key, value]) => paint(dim, `${escapeControls(key)}=${show(value)}`)),
  ];
  return `${parts.filter((part) => part !== '').join(' ')}${errorText(err)}`;
}

function clockTime(time: unknown): string {
  return typeof time === 'string' ? time.slice(11, 23) : '';
}

function show(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\\\p{Cc}]+$/u.test(value)) return value;
  return escapeControls(JSON.stringify(value) ?? '');
}

/** A scrubbed error (scrub.ts) below its line: stack, its own fields, and the chain of causes. */
function errorText(err: unknown): string {
  if (err === undefined) return '';
  if (typeof err !== 'object' || err === null) return ` err=${show(err)}`;
  const { stack, type, message, cause, ...own } = err as Record<string, unknown>;
  const rows = typeof stack === 'string' ? stack.split('\n') : [`${show(type)}: ${show(message)}`];
  if (Object.keys(own).length > 0) rows.push(show(own));
  const text = rows.map((row) => `\n    ${escapeControls(row.trim())}`).join('');
  return cause === undefined ? text : `${text}\n    caused by:${errorText(cause)}`;
}

function escapeControls(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
