import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file as it is sent. */
export interface ChatFile {
  readonly contentType: string;
  readonly body: Buffer;
  /** Strong entity tag (RFC 9110 8.8.3), quotes included. */
  readonly etag: string;
}

/** The chat page in memory. */
export interface ChatFiles {
  /** Of all modules and styles together: it names their version in addresses. */
  readonly version: string;
  /** By path below `/chat/assets/<version>/`. */
  readonly assets: ReadonlyMap<string, ChatFile>;
  /** With `{{assets}}`, `{{preloads}}` and `{{origins}}` to be put in. */
  readonly pageTemplate: string;
  readonly widget: ChatFile;
}

/** Where the build puts what browsers load, and where the sources of the page lie. */
const builtDirectory = fileURLToPath(new URL('../../browser/', import.meta.url));
const sourceDirectory = fileURLToPath(new URL('../../../console/chat/', import.meta.url));

const protocolModule = 'gateway/websocket/protocol.js';
const moduleFolders = ['console/client', 'console/chat'] as const;

/** What is left of a module of types, which nobody loads. */
const typesOnly = Buffer.from('export {};\n');

const script = 'text/javascript; charset=utf-8';

export function toChatFile(contentType: string, body: Buffer): ChatFile {
  return { contentType, body, etag: `"${digest([body])}"` };
}

/** Reads the built page; throws when it has not been built. */
export function readChatFiles(): ChatFiles {
  const assets = new Map<string, ChatFile>();
  for (const path of [protocolModule, ...moduleFolders.flatMap(modulesOf)]) {
    const body = readBuilt(path);
    if (!body.equals(typesOnly)) assets.set(path, toChatFile(script, body));
  }
  assets.set('chat.css', toChatFile('text/css; charset=utf-8', readSource('chat.css')));
  assets.set('icon.svg', toChatFile('image/svg+xml', readSource('icon.svg')));
  return {
    version: digest([...assets].flatMap(([path, { body }]) => [path, body])).slice(0, 16),
    assets,
    pageTemplate: readSource('chat.html').toString('utf8'),
    widget: toChatFile(script, readBuilt('console/widget/widget.js')),
  };
}

function modulesOf(folder: string): readonly string[] {
  return readdirSync(join(builtDirectory, folder))
    .filter((name) => /^[a-z-]+\.js$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function readBuilt(path: string): Buffer {
  try {
    return readFileSync(join(builtDirectory, path));
  } catch (error) {
    throw new Error(`the chat page is not built: ${path} is missing; run npm run build`, { cause: error });
  }
}

function readSource(name: string): Buffer {
  return readFileSync(join(sourceDirectory, name));
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url').slice(0, 27);
}
