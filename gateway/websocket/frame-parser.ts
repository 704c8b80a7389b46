import { chatLimits, chatSocketLimits } from '../../config/limits.js';
import type { ClientFrame, ErrorCode } from './protocol.js';

/** Why a frame was not taken. */
export interface FrameRefusal {
  readonly code: Extract<ErrorCode, 'bad-frame' | 'too-long'>;
  readonly message: string;
  readonly field?: string;
  /** The message's, where it could be read. */
  readonly id?: string;
  /** The peer does not speak the protocol, so that the connection has no use. */
  readonly fatal: boolean;
}

export type ParsedFrame =
  { readonly ok: true; readonly frame: ClientFrame } | { readonly ok: false; readonly refusal: FrameRefusal };

export interface FrameBounds {
  readonly frameBytes: number;
  readonly textCharacters: number;
}

/** What `JSON.parse` made of a frame: names are looked up, never trusted. */
type Fields = Readonly<Record<string, unknown>>;

class Refused extends Error {
  constructor(
    readonly field: string,
    message: string,
    readonly code: FrameRefusal['code'] = 'bad-frame',
  ) {
    super(message);
  }
}

const idPattern = /^[A-Za-z0-9._-]+$/;
const treePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Control characters other than tab and newline, and surrogates: paired ones are looked at again. */
const suspicious = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ud800-\udfff]/;

/**
 * Reads one frame of a client; total, whatever the bytes are.
 *
 * Only known fields are copied, into a new object: others, `__proto__` among them, are left behind. Bytes are UTF-8
 * that the WebSocket layer has checked (RFC 6455 8.1).
 */
export function parseFrame(bytes: Buffer, bounds: FrameBounds = chatLimits): ParsedFrame {
  if (bytes.length > bounds.frameBytes)
    return refuse('too-long', `a frame has at most ${bounds.frameBytes} bytes`, true);
  const text = bytes.toString('utf8');
  if (isTooDeep(text))
    return refuse('bad-frame', `a frame is at most ${chatSocketLimits.frameDepth} levels deep`, true);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (err) {
    return refuse('bad-frame', `a frame is JSON: ${err instanceof Error ? err.name : 'it is not'}`, true);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('bad-frame', 'a frame is a JSON object', true);
  const fields = value as Fields;
  try {
    return { ok: true, frame: readFrame(fields, bounds) };
  } catch (err) {
    if (!(err instanceof Refused)) throw err;
    return refuseField(fields, err);
  }
}

function refuse(code: FrameRefusal['code'], message: string, fatal: boolean): ParsedFrame {
  return { ok: false, refusal: { code, message, fatal } };
}

function refuseField(fields: Fields, { code, field, message }: Refused): ParsedFrame {
  const id = own(fields, 'id');
  const known = own(fields, 'type') === 'message' && isId(id) ? { id } : {};
  return { ok: false, refusal: { code, message, field, fatal: false, ...known } };
}

function readFrame(fields: Fields, bounds: FrameBounds): ClientFrame {
  const type = own(fields, 'type');
  switch (type) {
    case 'message':
      return readMessage(fields, bounds);
    case 'typing':
      return { type, on: readBoolean(fields, 'on') };
    case 'delivered':
    case 'read':
      return { type, seq: readInteger(fields, 'seq', 0, Number.MAX_SAFE_INTEGER) };
    case 'ping':
      return { type, id: readInteger(fields, 'id', 0, Number.MAX_SAFE_INTEGER) };
    case 'history':
      return {
        type,
        before: readInteger(fields, 'before', 1, Number.MAX_SAFE_INTEGER),
        limit: readInteger(fields, 'limit', 1, chatLimits.historyMessages),
      };
    case 'refresh':
      return { type, token: readToken(fields) };
    case 'end':
      return { type };
    case 'hello':
      return readHello(fields);
    default:
      throw new Refused('type', 'there is no such frame in this version of the protocol');
  }
}

function readMessage(fields: Fields, bounds: FrameBounds): ClientFrame {
  const id = readId(fields, 'id');
  const text = readText(fields, 'text', bounds);
  if (own(fields, 'value') === undefined) return { type: 'message', id, text };
  return { type: 'message', id, text, value: readText(fields, 'value', bounds) };
}

function readHello(fields: Fields): ClientFrame {
  const tree = own(fields, 'tree');
  if (tree !== undefined && (typeof tree !== 'string' || !treePattern.test(tree)))
    throw new Refused('tree', 'the tree is a name: letters, digits, ".", "_" and "-"');
  return {
    type: 'hello',
    versions: readVersions(fields),
    token: readToken(fields),
    device: readId(fields, 'device'),
    ...(own(fields, 'session') === undefined ? {} : { session: readId(fields, 'session') }),
    ...(own(fields, 'since') === undefined
      ? {}
      : { since: readInteger(fields, 'since', 0, Number.MAX_SAFE_INTEGER) }),
    ...(tree === undefined ? {} : { tree }),
  };
}

function readVersions(fields: Fields): readonly number[] {
  const value = own(fields, 'versions');
  const usable =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= chatSocketLimits.versions &&
    value.every((version) => Number.isSafeInteger(version));
  if (!usable)
    throw new Refused('versions', `versions is a list of 1 to ${chatSocketLimits.versions} whole numbers`);
  return value as readonly number[];
}

function readToken(fields: Fields): string {
  const value = own(fields, 'token');
  if (typeof value !== 'string' || value === '') throw new Refused('token', 'the token is a text');
  if (value.length > chatLimits.tokenCharacters)
    throw new Refused('token', `a token has at most ${chatLimits.tokenCharacters} characters`, 'too-long');
  return value;
}

function readId(fields: Fields, name: string): string {
  const value = own(fields, name);
  if (isId(value)) return value;
  throw new Refused(name, `${name} is 1 to ${chatLimits.idCharacters} of A-Z a-z 0-9 . _ -`);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= chatLimits.idCharacters && idPattern.test(value);
}

function readBoolean(fields: Fields, name: string): boolean {
  const value = own(fields, name);
  if (typeof value !== 'boolean') throw new Refused(name, `${name} is true or false`);
  return value;
}

function readInteger(fields: Fields, name: string, least: number, most: number): number {
  const value = own(fields, name);
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value;
  throw new Refused(name, `${name} is a whole number from ${least} to ${most}`);
}

/** Characters are UTF-16 units, as `length` counts them in JavaScript. */
function readText(fields: Fields, name: string, { textCharacters }: FrameBounds): string {
  const value = own(fields, name);
  if (typeof value !== 'string') throw new Refused(name, `${name} is a text`);
  if (value.length > textCharacters)
    throw new Refused(name, `${name} has at most ${textCharacters} characters`, 'too-long');
  const text = suspicious.test(value) ? cleanText(name, value) : value;
  if (text === '') throw new Refused(name, `${name} is empty`);
  return text;
}

/**
 * Line ends become `\n`; other control characters are taken out, since nobody sees them and paste brings them along.
 * Half of a surrogate pair is no character and refused: it cannot be stored as UTF-8.
 */
function cleanText(name: string, value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new Refused(name, `${name} has half of a surrogate pair`);
  return value.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Looks closely only at frames with more brackets than are allowed inside each other; texts may hold any. */
function isTooDeep(text: string): boolean {
  const { frameDepth } = chatSocketLimits;
  if (!hasMore(text, frameDepth)) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x22) quoted = !quoted;
    else if (quoted) i += unit === 0x5c ? 1 : 0;
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > frameDepth) return true;
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return false;
}

function hasMore(text: string, count: number): boolean {
  let found = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++found > count) return true;
  }
  return false;
}
