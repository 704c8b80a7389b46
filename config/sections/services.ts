import { validateHeaderName } from 'node:http';
import { z } from 'zod';

import { serviceLimits } from '../limits.js';
import { Secret } from '../secret.js';
import { addressRange, list, name } from './fields.js';

/** Written by us on every request, or decided by the connection. */
const ownHeaders: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const headerName = z
  .string()
  .max(128)
  .refine((text) => isHeaderName(text) && !ownHeaders.has(text.toLowerCase()), {
    error: 'not a header field that can be set here',
  });

function isHeaderName(text: string): boolean {
  try {
    validateHeaderName(text);
    return true;
  } catch {
    return false;
  }
}

const headerValue = z
  .string()
  .min(1)
  .max(serviceLimits.headerCharacters)
  .regex(/^[\x20-\x7e]*$/, { error: 'not usable as a header value: printable ASCII only' })
  .meta({ writeOnly: true })
  .transform((value) => new Secret(value));

const baseUrl = z
  .string()
  .max(1_024)
  .refine(isBaseUrl, {
    error: 'not the base URL of a service',
    params: { fix: 'write http(s)://host[:port][/path] without credentials, ?, # or ..' },
  });

function isBaseUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\/[^\s?#\\@]+$/.test(text) && !/\/(\.|%2e){1,2}(\/|$)/i.test(text);
}

const hostAndPort = z.string().regex(/^(\[[0-9a-f:]+\]|[a-z0-9._-]{1,253})(:\d{1,5})?$/, {
  error: 'not a host name in lower case, with :port where it is not the usual one',
});

const service = z
  .strictObject({
    type: z.enum(['http', 'grpc']).default('http').describe('What it speaks: JSON over HTTP, or gRPC.'),
    url: baseUrl.describe(
      'Where it is. http: the base that every path of the tree is appended to. grpc: host and port, https for TLS.',
    ),
    headers: z
      .record(headerName, headerValue)
      .prefault({})
      .describe(
        'Sent with every request: credentials, as ${ENV_NAME} or file:/path. gRPC metadata likewise.',
      ),
    protoFile: z
      .string()
      .min(1)
      .max(1_024)
      .nullable()
      .default(null)
      .describe('The .proto file of a gRPC service, relative to this file.'),
    timeoutMs: z
      .int()
      .min(10)
      .max(serviceLimits.timeoutMs)
      .default(5_000)
      .describe('Longest single attempt. The time that the tree gives covers all attempts.'),
    maxConcurrent: z
      .int()
      .min(1)
      .max(serviceLimits.concurrent)
      .default(32)
      .describe('Requests at the same time; more wait, on their own time.'),
    maxResponseBytes: z
      .int()
      .min(1)
      .max(serviceLimits.responseBytes)
      .default(65_536)
      .describe('Longer answers are refused.'),
    allowPrivate: list(addressRange)
      .default([])
      .describe(
        'Addresses (CIDR) that it may have although they are not public: loopback, private, link-local and the like are refused otherwise.',
      ),
    redirects: z
      .int()
      .min(0)
      .max(serviceLimits.redirects)
      .default(0)
      .describe('Redirects that one attempt follows.'),
    allowHosts: list(hostAndPort)
      .default([])
      .describe('Hosts (host or host:port) that redirects may lead to besides its own; they get no headers.'),
    retryOn: list(z.int().min(400).max(599))
      .default([429, 502, 503, 504])
      .describe('HTTP statuses after which another attempt is worth it, where the tree allows retries.'),
    circuit: z
      .strictObject({
        failures: z
          .int()
          .min(1)
          .max(1_000)
          .default(5)
          .describe('Failed attempts in a row after which it is left alone.'),
        openMs: z
          .int()
          .min(100)
          .max(600_000)
          .default(10_000)
          .describe('For this long; then one attempt tries.'),
      })
      .prefault({})
      .describe('Callers do not wait for a service that is down.'),
  })
  .superRefine((entry, context) => {
    const wrong = (key: string, message: string, fix: string) =>
      context.addIssue({ code: 'custom', path: [key], message, params: { fix } });
    if (entry.type === 'http' && entry.protoFile !== null)
      wrong('protoFile', 'not used by an http service', 'remove it, or write type: grpc');
    if (entry.type === 'grpc' && entry.protoFile === null)
      wrong('protoFile', 'missing, without it a gRPC service cannot be asked', 'name its .proto file');
    if (entry.type === 'grpc' && new URL(entry.url).pathname !== '/')
      wrong('url', 'not just a host and a port, as gRPC needs', 'remove the path');
  });

export const servicesSection = z
  .record(name, service)
  .prefault({})
  .describe(
    "Back-office systems that dialog trees call, by the name that trees use; trees reach nothing else, and nothing outside its URL. For example orders: { url: 'https://orders.example.com/api/v1', headers: { Authorization: '${ORDERS_TOKEN}' } }, or stock: { type: grpc, url: 'https://stock.example.com', protoFile: ./stock.proto }.",
  );

/** One service as configured; `protoFile` is absolute. */
export type ServiceConfig = z.output<typeof service>;
