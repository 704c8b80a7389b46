import type { FastifyInstance, FastifyReply } from 'fastify';

import type { Clock } from '../../config/clock.js';
import { logLimits } from '../../config/limits.js';
import type { ChatSessions } from '../chat/chat-sessions.js';
import { sendError } from '../http/errors.js';
import type { Routes } from '../http/http-server.js';
import type { Router } from '../ports/router.js';
import { MessagePosting, type Posted, type Posting } from './message-posting.js';
import { sendUnavailable, serve, type Inputs, type ServeDeps } from './serve.js';
import { sessionOperations } from './session-operations.js';
import type { NewMessageInput } from './session-schemas.js';
import { bodyOf, viewDevice, viewMessage, viewNode, viewSession } from './session-views.js';

export interface SessionRoutesDeps extends ServeDeps {
  readonly chat: Pick<ChatSessions, 'end' | 'list' | 'marks' | 'open' | 'read' | 'session' | 'submit'>;
  readonly router: Pick<Router, 'connected' | 'lookup' | 'node' | 'nodes'>;
  /** Keys of dialog.trees. */
  readonly trees: { readonly names: readonly string[] };
  readonly clock: Clock;
}

/** Sessions, messages, presence and nodes for back-office systems. */
export function sessionRoutes(deps: SessionRoutesDeps): Routes {
  const posting = new MessagePosting(deps.chat, deps.clock);
  return (app) => {
    addSessions(app, deps);
    addMessages(app, deps, posting);
    addPresence(app, deps);
  };
}

function addSessions(app: FastifyInstance, deps: SessionRoutesDeps): void {
  const { chat } = deps;

  serve(app, deps, sessionOperations.list, async ({ query, tenant }, reply) => {
    const { before, limit, state, user } = query;
    const records = await chat.list({
      tenant,
      limit,
      ...(user === undefined ? {} : { userId: user }),
      ...(state === undefined ? {} : { state }),
      ...(before === undefined ? {} : { before }),
    });
    const next = records.length === limit ? (records.at(-1)?.ref.sessionId ?? null) : null;
    return reply.send({ sessions: records.map(viewSession), next });
  });

  serve(app, deps, sessionOperations.get, async ({ params, tenant }, reply) => {
    const ref = { tenant, sessionId: params.id };
    const record = await chat.session(ref);
    if (!record) return unknownSession(reply);
    return reply.send({ ...viewSession(record), marks: Object.fromEntries(await chat.marks(ref)) });
  });

  serve(app, deps, sessionOperations.open, async ({ body, tenant }, reply) => {
    const { ingress, tree, user } = body;
    if (isUnknownTree(tree, deps)) return unknownTree(reply, tree, deps);
    const { created, record } = await chat.open({ user: { tenant, userId: user }, ingress, tree });
    return reply.code(created ? 201 : 200).send(viewSession(record));
  });

  const end = async (sessionId: string, tenant: string, text: string, reply: FastifyReply) => {
    const ref = { tenant, sessionId };
    const record = await chat.session(ref);
    if (!record) return unknownSession(reply);
    if (record.state === 'open') await chat.end(ref, 'system', text);
    return reply.send(viewSession((await chat.session(ref)) ?? record));
  };
  serve(app, deps, sessionOperations.end, ({ body, params, tenant }, reply) =>
    end(params.id, tenant, body.text, reply),
  );
  serve(app, deps, sessionOperations.remove, ({ params, tenant }, reply) =>
    end(params.id, tenant, '', reply),
  );
}

function addMessages(app: FastifyInstance, deps: SessionRoutesDeps, posting: MessagePosting): void {
  const { chat } = deps;

  serve(app, deps, sessionOperations.messages, async ({ params, query, tenant }, reply) => {
    const ref = { tenant, sessionId: params.id };
    const record = await chat.session(ref);
    if (!record) return unknownSession(reply);
    const messages = await chat.read(ref, query.after, query.limit);
    return reply.send({ messages: messages.map(viewMessage), lastSeq: record.lastSeq });
  });

  serve(app, deps, sessionOperations.post, async (inputs, reply) => {
    if (isTooLarge(inputs.body)) return tooLarge(reply);
    return sendPosted(reply, await posting.toSession(inputs.params.id, postingOf(inputs)));
  });

  serve(app, deps, sessionOperations.postToUser, async (inputs, reply) => {
    const { body, params } = inputs;
    if (isTooLarge(body)) return tooLarge(reply);
    if (isUnknownTree(body.tree, deps)) return unknownTree(reply, body.tree, deps);
    return sendPosted(reply, await posting.toUser(params.user, body, postingOf(inputs)));
  });
}

function addPresence(app: FastifyInstance, deps: SessionRoutesDeps): void {
  const { router } = deps;

  serve(app, deps, sessionOperations.presence, async ({ params, tenant }, reply) => {
    const { fresh, routes } = await router.lookup({ tenant, userId: params.user });
    return reply.send({ user: params.user, fresh, devices: routes.map(viewDevice) });
  });

  serve(app, deps, sessionOperations.nodes, (_inputs, reply) =>
    reply.send({
      connected: router.connected,
      nodes: router.nodes().map((node) => viewNode(node, router.node.nodeId)),
    }),
  );
}

function postingOf({
  body,
  caller,
  headers,
  tenant,
}: Pick<
  Inputs<unknown, unknown, NewMessageInput, { readonly 'idempotency-key'?: string }>,
  'body' | 'caller' | 'headers' | 'tenant'
>): Posting {
  return { tenant, key: caller.name, idempotencyKey: headers['idempotency-key'] ?? null, message: body };
}

function sendPosted(reply: FastifyReply, { result, sessionId }: Posted): FastifyReply {
  switch (result.outcome) {
    case 'appended':
    case 'duplicate':
      if (result.outcome === 'duplicate') reply.header('idempotent-replayed', 'true');
      return reply.code(201).send({ session: sessionId, seq: result.seq, at: result.atMs });
    case 'unknown-session':
      return unknownSession(reply);
    case 'ended':
      return sendError(reply, 409, 'ended', 'the session has ended; open another');
    case 'full':
      return sendError(reply, 409, 'full', 'the session holds as many messages as it may; end it');
    case 'conflict':
      return sendError(
        reply,
        422,
        'idempotency-conflict',
        'this Idempotency-Key was used for another message',
        'idempotency-key',
      );
    case 'unavailable':
      return sendUnavailable(reply);
  }
}

function unknownSession(reply: FastifyReply): FastifyReply {
  return sendError(reply, 404, 'not-found', 'there is no such session');
}

function isUnknownTree(tree: string | null, { trees }: SessionRoutesDeps): boolean {
  return tree !== null && !trees.names.includes(tree);
}

function unknownTree(reply: FastifyReply, tree: string | null, { trees }: SessionRoutesDeps): FastifyReply {
  const message = `there is no tree "${tree}"; known: ${trees.names.join(', ')}`;
  return sendError(reply, 400, 'bad-request', message, 'tree');
}

/** Each part is within its bound, and all together may still be more than the log keeps. */
function isTooLarge(message: NewMessageInput): boolean {
  return Buffer.byteLength(JSON.stringify(bodyOf(message))) > logLimits.bodyBytes;
}

function tooLarge(reply: FastifyReply): FastifyReply {
  return sendError(
    reply,
    413,
    'body-too-large',
    `a message has at most ${logLimits.bodyBytes} bytes as JSON`,
  );
}
