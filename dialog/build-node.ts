import type { BuildContext } from './build-context.js';
import { buildAsk, buildListen } from './build-waiting.js';
import type {
  CallNode,
  CallOperationTemplate,
  ConditionNode,
  DialogNode,
  EndNode,
  HandoverNode,
  ReturnNode,
  SayNode,
  SetNode,
  SubtreeNode,
  TransferNode,
} from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawCall, RawNode } from './tree-schema.js';

const defaultFillerAfterMs = 1_000;
const httpMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

type Kind =
  'listen' | 'ask' | 'set' | 'condition' | 'call' | 'subtree' | 'return' | 'handover' | 'transfer' | 'end';

type Builder = (raw: RawNode, id: string, path: TreePath, context: BuildContext) => DialogNode | null;

/** One builder for each key that makes a node what it is; a node with none of them is a `say`. */
const builders: Readonly<Record<Kind, Builder>> = {
  listen: buildListen,
  ask: buildAsk,
  set: buildSet,
  condition: buildCondition,
  call: buildCall,
  subtree: buildSubtree,
  return: buildReturn,
  handover: buildHandover,
  transfer: buildTransfer,
  end: buildEnd,
};

/** Kinds that a `go` belongs to. */
const moving: readonly (Kind | undefined)[] = [undefined, 'ask', 'set', 'call', 'subtree'];

/** Makes a node of its YAML, or reports why not and returns null. */
export function buildNode(
  id: string,
  raw: RawNode,
  path: TreePath,
  context: BuildContext,
): DialogNode | null {
  const kinds = (Object.keys(builders) as Kind[]).filter((kind) => raw[kind] !== undefined);
  const [kind, second] = kinds;
  if (second !== undefined) {
    const message = `a node is one of ${kinds.join(', ')}, not several`;
    const fix = 'Move one of them to a node of its own and "go" there';
    context.report('error', [...path, second], message, fix);
    return null;
  }
  checkCompanions(raw, kind, path, context);
  return kind === undefined ? buildSay(raw, id, path, context) : builders[kind](raw, id, path, context);
}

function checkCompanions(
  raw: RawNode,
  kind: Kind | undefined,
  path: TreePath,
  { report }: BuildContext,
): void {
  if (raw.go && !moving.includes(kind))
    report('error', [...path, 'go'], `"go" has no effect beside "${kind ?? ''}"`, 'Remove it');
  if (raw.resume !== undefined && kind !== 'handover')
    report('error', [...path, 'resume'], '"resume" belongs to a handover', 'Remove it');
  if (raw.thresholds && kind !== 'listen' && kind !== 'ask')
    report('error', [...path, 'thresholds'], '"thresholds" belong to listen and ask', 'Remove them');
}

/** What every node has. */
export function baseOf(raw: RawNode, id: string, path: TreePath, { compiler }: BuildContext) {
  return { id, tags: raw.tags, say: raw.say ? compiler.prompt(raw.say, [...path, 'say']) : null };
}

/** Reports a missing or misplaced `go`; returns its (or its yes) target. */
export function goOf(raw: RawNode, path: TreePath, context: BuildContext, yesNo = false): string | null {
  const { report } = context;
  if (!raw.go) {
    report('error', path, 'dead end: the node does not say where to go', 'Add "go:", "listen:" or "end:"');
    return null;
  }
  if ('to' in raw.go) return context.resolve(raw.go.to);
  if (!yesNo) {
    report('error', [...path, 'go'], 'only an ask of type yes_no goes two ways', 'Name one node');
    return null;
  }
  return context.resolve(raw.go.yes);
}

function buildSay(raw: RawNode, id: string, path: TreePath, context: BuildContext): SayNode | null {
  const go = goOf(raw, path, context);
  return go === null ? null : { kind: 'say', ...baseOf(raw, id, path, context), go };
}

function buildSet(raw: RawNode, id: string, path: TreePath, context: BuildContext): SetNode | null {
  const go = goOf(raw, path, context);
  const values = context.compiler.assignments(raw.set ?? {}, [...path, 'set']);
  return go === null ? null : { kind: 'set', ...baseOf(raw, id, path, context), values, go };
}

function buildCondition(raw: RawNode, id: string, path: TreePath, context: BuildContext): ConditionNode {
  const at = [...path, 'condition'];
  const rawArms = raw.condition ?? [];
  const arms = rawArms.map((arm, i) => ({
    when: arm.if === undefined ? null : context.compiler.expression(arm.if, [...at, i, 'if']),
    target: context.resolve(arm.go),
  }));
  rawArms.forEach((arm, i) => {
    const last = i === rawArms.length - 1;
    if (last && arm.if !== undefined)
      context.report('error', [...at, i], 'nothing is said for when no condition holds', 'Add "- go: NODE"');
    if (!last && arm.if === undefined)
      context.report('error', [...at, i], 'what follows is never looked at', 'Move this to the end');
  });
  return { kind: 'condition', ...baseOf(raw, id, path, context), arms };
}

function buildCall(raw: RawNode, id: string, path: TreePath, context: BuildContext): CallNode | null {
  const go = goOf(raw, path, context);
  if (!raw.call) return null;
  const at = [...path, 'call'];
  const operation = operationOf(raw.call, at, context);
  if (go === null || !operation) return null;
  const { input, into, output, timeout, retries, filler, on_error: onError } = raw.call;
  const { compiler } = context;
  const say = filler && ('say' in filler ? filler.say : filler);
  const outputs = Object.entries(output).map(
    ([name, source]) => [name, compiler.expression(source, [...at, 'output', name])] as const,
  );
  return {
    kind: 'call',
    ...baseOf(raw, id, path, context),
    service: raw.call.http ?? raw.call.grpc ?? '',
    operation,
    input: compiler.assignments(input, [...at, 'input']),
    into: into ?? null,
    output: new Map(outputs),
    timeoutMs: timeout,
    retries,
    filler: say ? compiler.prompt(say, [...at, 'filler']) : null,
    fillerAfterMs: filler && 'after' in filler ? filler.after : defaultFillerAfterMs,
    onError: onError === undefined ? null : context.resolve(onError),
    go,
  };
}

function operationOf(raw: RawCall, at: TreePath, context: BuildContext): CallOperationTemplate | null {
  const { report, compiler } = context;
  if ((raw.http === undefined) === (raw.grpc === undefined)) {
    report('error', at, 'a call needs one of "http" and "grpc"', 'Add "http: SERVICE" or "grpc: SERVICE"');
    return null;
  }
  if (raw.grpc !== undefined) {
    if (raw.path !== undefined)
      report('error', [...at, 'path'], 'a gRPC call has no path', 'Write "method: package.Service/Method"');
    if (raw.method !== undefined && /^[\w.]+\/\w+$/.test(raw.method))
      return { type: 'grpc', method: raw.method };
    report('error', at, 'a gRPC call needs its method', 'Add "method: package.Service/Method"');
    return null;
  }
  const hasInput = Object.keys(raw.input).length > 0;
  const method = httpMethods.find(
    (known) => known === (raw.method ?? (hasInput ? 'POST' : 'GET')).toUpperCase(),
  );
  if (!method) {
    report('error', [...at, 'method'], `"${raw.method ?? ''}" is no method`, `Use ${httpMethods.join(', ')}`);
    return null;
  }
  const path = raw.path ?? '/';
  if (!path.startsWith('/'))
    report('error', [...at, 'path'], 'the path does not start with "/"', `Write "/${path}"`);
  return { type: 'http', method, path: compiler.template(path, [...at, 'path']) };
}

function buildSubtree(raw: RawNode, id: string, path: TreePath, context: BuildContext): SubtreeNode | null {
  const go = goOf(raw, path, context);
  const { subtree } = raw;
  if (go === null || !subtree) return null;
  return {
    kind: 'subtree',
    ...baseOf(raw, id, path, context),
    subtree: subtree.name,
    parameters: context.compiler.assignments(subtree.with, [...path, 'subtree', 'with']),
    into: new Map(Object.entries(subtree.into)),
    go,
  };
}

function buildReturn(raw: RawNode, id: string, path: TreePath, context: BuildContext): ReturnNode {
  const { otherwise, results } =
    typeof raw.return === 'object' ? raw.return : { otherwise: undefined, results: {} };
  return {
    kind: 'return',
    ...baseOf(raw, id, path, context),
    results: context.compiler.assignments(results, [...path, 'return', 'results']),
    otherwise: context.resolve(otherwise ?? context.raw.start),
  };
}

function buildHandover(raw: RawNode, id: string, path: TreePath, context: BuildContext): HandoverNode | null {
  const { handover } = raw;
  if (!handover) return null;
  const at = [...path, 'handover', 'summary'];
  const { summary } = handover;
  return {
    kind: 'handover',
    ...baseOf(raw, id, path, context),
    queue: handover.queue,
    reason: handover.reason,
    summary: summary === true ? null : context.compiler.template(summary === false ? '' : summary, at),
    resume: context.resolve(raw.resume ?? context.raw.start),
  };
}

function buildTransfer(raw: RawNode, id: string, path: TreePath, context: BuildContext): TransferNode | null {
  if (!raw.transfer) return null;
  const target = context.compiler.template(raw.transfer.to, [...path, 'transfer', 'to']);
  return { kind: 'transfer', ...baseOf(raw, id, path, context), target };
}

function buildEnd(raw: RawNode, id: string, path: TreePath, context: BuildContext): EndNode {
  const lastWords = typeof raw.end === 'object' ? raw.end.say : undefined;
  if (lastWords && raw.say)
    context.report('error', [...path, 'say'], 'an end says one thing', 'Keep either "say" or "end: {say}"');
  const node = baseOf(raw, id, path, context);
  const say = lastWords ? context.compiler.prompt(lastWords, [...path, 'end', 'say']) : node.say;
  return { kind: 'end', ...node, say };
}
