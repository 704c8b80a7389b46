import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';

import { dialogLimits } from '../../config/limits.js';
import type { Change, Refusal } from '../trees/tree-change.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import { sendError } from './errors.js';
import type { Routes } from './http-server.js';
import { activation, fileName, treeApi } from './tree-api.js';

export interface TreeRoutesDeps {
  readonly trees: Pick<TreeLibrary, 'activate' | 'default' | 'names' | 'report' | 'rollback' | 'upload'>;
}

const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'text/vnd.yaml'];

const activationFix =
  'write {"version": 4}, or beside it "canary": {"percent": 10} or "canary": {"rule": {"source": "10.1.0.0/16"}}';

const statusOf: Readonly<Record<Refusal['code'], number>> = {
  'unknown-tree': 404,
  'unknown-version': 404,
  'invalid-tree': 422,
  'version-taken': 409,
  'nothing-to-roll-back': 409,
  busy: 503,
  failed: 500,
};

interface Named {
  readonly Params: { readonly name: string };
}

/**
 * Trees over HTTP: what is in force, upload of versions, activation, canary and rollback.
 *
 * A refusal is `{error: {code, message, field, fix, problems}}`; each problem has its file, line and fix.
 */
export function treeRoutes({ trees }: TreeRoutesDeps): Routes {
  return (app) => {
    app.addContentTypeParser(yamlTypes, { parseAs: 'string' }, (_request, body, done) => done(null, body));
    const reads = 'trees:read';
    const writes = 'trees:write';

    app.get('/api/v1/trees', { config: { scope: reads, api: treeApi.list } }, () => ({
      trees: trees.names.map((name) => ({ name, default: name === trees.default.id, ...trees.report(name) })),
    }));

    app.get<Named>(
      '/api/v1/trees/:name',
      { config: { scope: reads, api: treeApi.get } },
      (request, reply) => {
        const { name } = request.params;
        const report = trees.report(name);
        if (report) return reply.send({ name, default: name === trees.default.id, ...report });
        return sendError(
          reply,
          404,
          'not-found',
          `there is no tree "${name}"; known: ${trees.names.join(', ')}`,
        );
      },
    );

    app.post<Named & { Querystring: { readonly file?: unknown } }>(
      '/api/v1/trees/:name/versions',
      { config: { scope: writes, api: treeApi.upload }, bodyLimit: dialogLimits.treeBytes },
      async (request, reply) => {
        const { body, params, query } = request;
        if (typeof body !== 'string' || !isYaml(request))
          return sendError(reply, 415, 'unsupported-media-type', 'send the YAML as application/yaml');
        const file = fileName.safeParse(query.file);
        const change = await trees.upload(params.name, body, file.data ?? `${params.name}.yaml`);
        return answer(reply, change, change.ok && change.value.created ? 201 : 200);
      },
    );

    app.post<Named>(
      '/api/v1/trees/:name/activate',
      { config: { scope: writes, api: treeApi.activate } },
      async (request, reply) => {
        const parsed = activation.safeParse(request.body);
        if (!parsed.success) return refuseBody(reply, parsed.error);
        const { version, canary } = parsed.data;
        return answer(reply, await trees.activate(request.params.name, version, canary), 200);
      },
    );

    app.post<Named>(
      '/api/v1/trees/:name/rollback',
      { config: { scope: writes, api: treeApi.rollback } },
      async (request, reply) => answer(reply, await trees.rollback(request.params.name), 200),
    );
  };
}

function answer<T>(reply: FastifyReply, change: Change<T>, status: number): FastifyReply {
  if (change.ok) return reply.code(status).send(change.value);
  const { refusal } = change;
  if (refusal.code === 'busy') reply.header('retry-after', '5');
  return reply.code(statusOf[refusal.code]).send({ error: refusal });
}

function refuseBody(reply: FastifyReply, error: z.ZodError): FastifyReply {
  const [issue] = error.issues;
  const field = issue?.path.join('.') ?? '';
  const message = `${field === '' ? 'the body' : field} is not valid: ${issue?.message ?? ''}`;
  const refusal = { code: 'bad-request', field: field || 'body', message, fix: activationFix, problems: [] };
  return reply.code(400).send({ error: refusal });
}

function isYaml({ headers }: FastifyRequest): boolean {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  return yamlTypes.includes(type.trim().toLowerCase());
}
