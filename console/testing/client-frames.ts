import type { ClientFrame, ProtocolLimits } from '../../gateway/websocket/protocol.js';
import { isRecord } from '../client/safe-storage.js';

type Check = (value: unknown, limits: ProtocolLimits) => boolean;

const identifier: Check = (value) => typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value);
const token: Check = (value) => typeof value === 'string' && value.length > 0 && value.length <= 4_096;
const text: Check = (value, limits) =>
  typeof value === 'string' && value.trim() !== '' && value.length <= limits.textCharacters;
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const flag: Check = (value) => typeof value === 'boolean';
const versions: Check = (value) => Array.isArray(value) && value.includes(1);
const optional =
  (check: Check): Check =>
  (value, limits) =>
    value === undefined || check(value, limits);

const fieldsOf: Readonly<Record<ClientFrame['type'], Readonly<Record<string, Check>>>> = {
  hello: {
    versions,
    token,
    device: identifier,
    session: optional(identifier),
    since: optional(count),
    tree: optional(identifier),
  },
  message: { id: identifier, text, value: optional(text) },
  typing: { on: flag },
  delivered: { seq: count },
  read: { seq: count },
  history: {
    before: count,
    limit: (value) => count(value, emptyLimits) && Number(value) >= 1 && Number(value) <= 100,
  },
  refresh: { token },
  end: {},
  ping: { id: count },
};

const emptyLimits: ProtocolLimits = {
  frameBytes: 0,
  textCharacters: 0,
  messagesPer10s: 0,
  unacknowledged: 0,
};

/** The frame, or what is wrong with it: an unknown type or field, or a value out of bounds. */
export function checkClientFrame(raw: string, limits: ProtocolLimits): ClientFrame | string {
  if (Buffer.byteLength(raw) > limits.frameBytes) return 'the frame is too long';
  const frame: unknown = JSON.parse(raw);
  if (!isRecord(frame) || typeof frame['type'] !== 'string' || !(frame['type'] in fieldsOf))
    return `no frame of the protocol: ${raw}`;
  const fields = fieldsOf[frame['type'] as ClientFrame['type']];
  for (const name of Object.keys(frame))
    if (name !== 'type' && !(name in fields)) return `${frame['type']} has no field ${name}`;
  for (const [name, check] of Object.entries(fields))
    if (!check(frame[name], limits)) return `${frame['type']}.${name} is wrong: ${raw}`;
  return frame as unknown as ClientFrame;
}
