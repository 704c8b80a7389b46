import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { chatLimits, chatSocketLimits } from '../../config/limits.js';
import { projectPath } from '../../config/paths.js';
import { parseFrame } from './frame-parser.js';
import { closeCodes, mayReconnect, type ClientFrame, type ServerFrame } from './protocol.js';
import { serverFrame } from './testing/server-frame-schema.js';

/** Complete by the compiler's word. */
const clientTypes: Readonly<Record<ClientFrame['type'], true>> = {
  hello: true,
  message: true,
  typing: true,
  delivered: true,
  read: true,
  history: true,
  refresh: true,
  end: true,
  ping: true,
};
const serverTypes: Readonly<Record<ServerFrame['type'], true>> = {
  ready: true,
  message: true,
  ack: true,
  history: true,
  typing: true,
  marks: true,
  state: true,
  refreshed: true,
  reconnect: true,
  pong: true,
  error: true,
};

interface Named {
  readonly type: string;
}

interface Schema {
  readonly properties: Readonly<Record<string, { readonly const?: string; readonly maxLength?: number }>>;
}

interface AsyncApi {
  readonly asyncapi: string;
  readonly channels: { readonly chat: { readonly messages: Readonly<Record<string, unknown>> } };
  readonly operations: Readonly<
    Record<'fromClient' | 'toClient', { readonly messages: readonly { readonly $ref: string }[] }>
  >;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly payload: Schema; readonly examples: readonly { readonly payload: Named }[] }>
    >;
    readonly schemas: Readonly<Record<string, unknown>>;
  };
}

const folder = projectPath('gateway', 'websocket');
const document = parse(readFileSync(`${folder}/asyncapi.yaml`, 'utf8')) as AsyncApi;

/** The document's own schema of a message, its references written out. */
function schemaOf(name: string): z.ZodType {
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline);
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in value && typeof value.$ref === 'string')
      return inline(document.components.schemas[value.$ref.replace('#/components/schemas/', '')]);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inline(inner)]));
  };
  return z.fromJSONSchema(
    inline(document.components.messages[name]?.payload) as z.core.JSONSchema.JSONSchema,
  );
}

function namesOf(direction: 'fromClient' | 'toClient'): string[] {
  return document.operations[direction].messages.map(({ $ref }) =>
    $ref.replace('#/channels/chat/messages/', ''),
  );
}

function checkClientFrame(frame: Named): void {
  const parsed = parseFrame(Buffer.from(JSON.stringify(frame)));
  expect(parsed).toEqual({ ok: true, frame });
}

describe('asyncapi.yaml', () => {
  test('is AsyncAPI 3, and every message of the channel is defined and goes one way', () => {
    expect(document.asyncapi).toBe('3.0.0');
    const names = Object.keys(document.channels.chat.messages);
    expect(Object.keys(document.components.messages)).toEqual(names);
    expect([...namesOf('fromClient'), ...namesOf('toClient')]).toEqual(names);
  });

  test.each([
    ['fromClient', clientTypes],
    ['toClient', serverTypes],
  ] as const)('%s has every frame type of protocol.ts, and no other', (direction, types) => {
    const described = namesOf(direction).map(
      (name) => document.components.messages[name]?.payload.properties['type']?.const,
    );
    expect(described.sort()).toEqual(Object.keys(types).sort());
  });

  test.each(Object.keys(document.components.messages))('the examples of %s are such frames', (name) => {
    const examples = document.components.messages[name]?.examples ?? [];
    expect(examples.length).toBeGreaterThan(0);
    const schema = schemaOf(name);
    for (const { payload } of examples) {
      expect(schema.safeParse(payload)).toMatchObject({ success: true });
      expect(schema.safeParse({ ...payload, type: 'other' }).success).toBe(false);
      if (namesOf('fromClient').includes(name)) checkClientFrame(payload);
      else expect(serverFrame.parse(payload)).toEqual(payload);
    }
  });

  test('names the bounds that are kept', () => {
    const { hello, sendMessage } = document.components.messages;
    expect(sendMessage?.payload.properties['text']?.maxLength).toBe(chatLimits.textCharacters);
    expect(hello?.payload.properties['token']?.maxLength).toBe(chatLimits.tokenCharacters);
    expect(hello?.payload.properties['versions']).toMatchObject({ maxItems: chatSocketLimits.versions });
    expect(document.components.schemas['id']).toMatchObject({ maxLength: chatLimits.idCharacters });
  });
});

describe('README.md', () => {
  const text = readFileSync(`${folder}/README.md`, 'utf8');
  const blocks = [...text.matchAll(/```json\n([^`]*)```/g)].map((match) =>
    (match[1] ?? '')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Named),
  );

  test('shows every frame of both sides as it is', () => {
    const [fromClient = [], toClient = []] = blocks;
    for (const frame of fromClient) checkClientFrame(frame);
    for (const frame of toClient) expect(serverFrame.parse(frame)).toEqual(frame);
    const types = (frames: readonly Named[]) => [...new Set(frames.map(({ type }) => type))].sort();
    expect(types(fromClient)).toEqual(Object.keys(clientTypes).sort());
    expect(types(toClient)).toEqual(Object.keys(serverTypes).sort());
  });

  test('lists every close code in its class', () => {
    for (const [name, code] of Object.entries(closeCodes)) {
      const row = text.split('\n').find((line) => line.includes(`${code} ${name}`)) ?? '';
      const column = row.split('|').findIndex((cell) => cell.includes(`${code} ${name}`));
      expect([name, column]).toEqual([name, mayReconnect(code) ? 3 : 1]);
    }
  });
});

test.each([
  [1_000, true],
  [1_001, true],
  [1_005, true],
  [1_006, true],
  [1_011, true],
  [1_002, false],
  [1_007, false],
  [1_008, false],
  [1_009, false],
  [4_104, false],
  [4_200, true],
])('after %i a client may come again by itself: %s', (code, may) => {
  expect(mayReconnect(code)).toBe(may);
});
