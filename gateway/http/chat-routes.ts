import type { FastifyReply, FastifyRequest } from 'fastify';

import { readChatFiles, toChatFile } from './chat-files.js';
import type { ChatFile, ChatFiles } from './chat-files.js';
import type { Routes } from './http-server.js';

export const chatPagePath = '/chat';

export interface ChatRoutesOptions {
  /** `chat.enabled`; false: there is nothing. */
  readonly enabled: boolean;
  /** `chat.origins`: sites that may show the page in a frame. */
  readonly origins: readonly string[];
}

/** Kept by browsers for a year: the address changes with the content. */
const forever = 'public, max-age=31536000, immutable';
/** Asked for again each time, and mostly answered 304. */
const revalidated = 'no-cache';
/** Other sites load the widget on each of their pages. */
const fiveMinutes = 'public, max-age=300';

/** Which modules a browser should load at once, without finding them in one another. */
const preloaded = /^(?:console\/|gateway\/).*\.js$/;

/**
 * The chat page at `/chat`, its modules and styles below `/chat/assets/`, and `/chat/widget.js` for other sites.
 *
 * Everything is in memory and open to all; each path is a route of its own, so that no path leads to any other file.
 * Throws when the page has not been built.
 */
export function chatRoutes(options: ChatRoutesOptions, readFiles: () => ChatFiles = readChatFiles): Routes {
  if (!options.enabled) return () => undefined;
  const files = readFiles();
  const page = toChatFile('text/html; charset=utf-8', Buffer.from(renderPage(files, options.origins)));
  const policy = contentSecurityPolicy(options.origins);
  return (app) => {
    const open = { config: { openToAll: true } };

    app.get(chatPagePath, open, (request, reply) =>
      sendFile(request, reply.header('content-security-policy', policy), page, revalidated),
    );

    app.get('/chat/widget.js', open, (request, reply) =>
      sendFile(
        request,
        reply.header('cross-origin-resource-policy', 'cross-origin'),
        files.widget,
        fiveMinutes,
      ),
    );

    for (const [path, file] of files.assets) {
      app.get<{ Params: { readonly version: string } }>(
        `/chat/assets/:version/${path}`,
        open,
        (request, reply) => {
          // While nodes of two versions serve one page, a browser may ask this node for the other's modules.
          const known = request.params.version === files.version;
          return sendFile(request, reply, file, known ? forever : revalidated);
        },
      );
    }
  };
}

function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, contentType, etag }: ChatFile,
  cacheControl: string,
): FastifyReply {
  reply.header('etag', etag).header('cache-control', cacheControl);
  if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(contentType).send(body);
}

/** If-None-Match compares weakly (RFC 9110 13.1.2). */
function namesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/**
 * Scripts, styles and connections of this server alone; pictures of cards from any site over https; frames on the
 * configured sites. No text can become markup or script (Trusted Types).
 */
function contentSecurityPolicy(origins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' https:",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${["'self'", ...origins].join(' ')}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** Addresses are relative, so that a proxy may serve all of it below a path of its own. */
function renderPage({ assets, pageTemplate, version }: ChatFiles, origins: readonly string[]): string {
  const base = `chat/assets/${version}`;
  const preloads = [...assets.keys()]
    .filter((path) => preloaded.test(path))
    .map((path) => `<link rel="modulepreload" href="${base}/${path}">`);
  return pageTemplate
    .replaceAll('{{assets}}', base)
    .replace('{{preloads}}', preloads.join('\n'))
    .replace('{{origins}}', escapeAttribute(origins.join(' ')));
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
