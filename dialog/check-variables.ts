import type { ExpressionType } from './expression-types.js';
import type { Expression } from './expression.js';
import type { TextTemplate } from './text-template.js';
import {
  isWaiting,
  variablesOf,
  type Assignment,
  type Branch,
  type DialogNode,
  type DialogTree,
  type PromptTemplate,
} from './tree.js';
import { nearestName, type Report, type TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

/** Names that the engine itself gives: see `Turn.scope`. */
export const builtInNames = ['channel', 'language', 'raw', 'error'];

/** What values of the built-in types are; all others are texts. */
const valueTypes: ReadonlyMap<string, ExpressionType> = new Map([
  ...['number', 'integer', 'money', 'percent', 'ordinal', 'duration'].map(
    (name) => [name, 'number'] as const,
  ),
  ['yes_no', 'boolean'] as const,
]);

/** A text or an expression of the tree, with what only it may name. */
interface Reader {
  readonly names: readonly string[];
  readonly expressions: readonly Expression[];
  readonly path: TreePath;
  readonly extra?: readonly string[];
  /** True where only true and false make sense. */
  readonly condition?: boolean;
}

/** A caller's variables (`started`) are not known here, so an unknown name is only a warning. */
export function checkVariables(tree: DialogTree, raw: RawTree, report: Report): void {
  const known = knownVariables(tree);
  for (const { names, path, extra = [] } of readersOf(tree, raw)) {
    for (const name of new Set(names.map(rootOf))) {
      if (known.has(name) || extra.includes(name)) continue;
      const near = nearestName(name, [...known, ...extra]);
      const fix = near ? `Write "{${near}}"` : 'Add it to "variables:", or have the channel give it';
      report('warning', path, `nothing in the tree sets "{${name}}"`, fix);
    }
  }
}

/** Every expression is given what it can compute with. */
export function checkExpressions(tree: DialogTree, raw: RawTree, report: Report): void {
  const types = variableTypes(tree, knownVariables(tree));
  for (const reader of readersOf(tree, raw)) checkTypes(reader, types, report);
}

/** Unknown names are told by name, for the whole text, and not once more here. */
function checkTypes(
  { expressions, path, extra = [], condition = false }: Reader,
  types: ReadonlyMap<string, ExpressionType>,
  report: Report,
): void {
  const all = new Map([...types, ...extra.map((name) => [name, 'unknown'] as const)]);
  for (const expression of expressions) {
    for (const name of expression.names.map(rootOf)) if (!all.has(name)) all.set(name, 'unknown');
    for (const { severity, message, fix } of expression.check(all, condition ? 'condition' : 'value'))
      report(severity, path, `${expression.source}: ${message}`, fix);
  }
}

/** What is certain of a variable: slots hold what their type gives, everything else may be anything. */
function variableTypes(tree: DialogTree, known: ReadonlySet<string>): Map<string, ExpressionType> {
  const types = new Map<string, ExpressionType>([...known].map((name) => [name, 'unknown']));
  const setElsewhere = new Set<string>(tree.variables.keys());
  for (const node of tree.nodes.values())
    if (node.kind !== 'ask' && node.kind !== 'listen')
      for (const name of variablesOf(node)) setElsewhere.add(name);
  for (const [slot, { name }] of tree.slotTypes) {
    if (!setElsewhere.has(slot)) types.set(slot, valueTypes.get(name) ?? 'text');
  }
  types.set('channel', 'text');
  types.set('language', 'text');
  types.set('raw', 'map');
  types.set('error', 'map');
  return types;
}

/** Every name that something in the tree, or the engine, gives a value. */
export function knownVariables(tree: DialogTree): Set<string> {
  const known = new Set<string>([...tree.variables.keys(), ...builtInNames]);
  for (const { parameters } of tree.subtrees.values()) for (const name of parameters) known.add(name);
  for (const node of tree.nodes.values()) for (const name of variablesOf(node)) known.add(name);
  for (const { fill } of tree.globals) for (const name of fill.keys()) known.add(name);
  return known;
}

/** The variable that a dotted path starts at. */
export function rootOf(name: string): string {
  return name.split('.')[0] ?? name;
}

/** Every text and expression of a tree, with its place in the file. */
export function* readersOf(tree: DialogTree, raw: RawTree): Iterable<Reader> {
  yield* promptReaders(tree.texts.confirmBranch, ['confirm'], ['label']);
  yield* promptReaders(tree.texts.chooseBranch, ['choose'], ['options']);
  yield* promptReaders(tree.texts.resume, ['resume_prompt']);
  yield* promptReaders(tree.texts.corrected, ['corrected'], ['value']);
  yield* promptReaders(tree.texts.help, ['help']);
  for (const [i, branch] of tree.globals.entries()) yield* branchReaders(branch, ['globals', i]);
  for (const { id, path } of nodesOf(raw)) {
    const node = tree.nodes.get(id);
    if (node) yield* nodeReaders(node, path);
  }
}

function* nodeReaders(node: DialogNode, path: TreePath): Iterable<Reader> {
  yield* promptReaders(node.say, [...path, node.kind === 'end' ? 'end' : 'say']);
  switch (node.kind) {
    case 'listen':
      for (const [i, branch] of node.branches.entries())
        yield* branchReaders(branch, [...path, 'listen', 'branches', i]);
      break;
    case 'ask':
      for (const [i, prompt] of node.prompts.entries())
        yield* promptReaders(prompt, [...path, 'ask', 'prompts', i]);
      yield* promptReaders(node.confirm, [...path, 'ask', 'confirm']);
      if (node.validate) {
        yield* conditionReader(node.validate.expression, [...path, 'ask', 'validate', 'if']);
        yield* promptReaders(node.validate.prompt, [...path, 'ask', 'validate', 'prompt']);
      }
      break;
    case 'condition':
      for (const [i, { when }] of node.arms.entries())
        yield* conditionReader(when, [...path, 'condition', i, 'if']);
      break;
    case 'set':
      yield* assignmentReaders(node.values, [...path, 'set']);
      break;
    case 'call':
      yield* assignmentReaders(node.input, [...path, 'call', 'input']);
      if (node.operation.type === 'http') yield* reader(node.operation.path, [...path, 'call', 'path']);
      yield* promptReaders(node.filler, [...path, 'call', 'filler']);
      for (const [name, expression] of node.output)
        yield* reader(expression, [...path, 'call', 'output', name], ['result']);
      break;
    case 'subtree':
      yield* assignmentReaders(node.parameters, [...path, 'subtree', 'with']);
      break;
    case 'return':
      yield* assignmentReaders(node.results, [...path, 'return', 'results']);
      break;
    case 'handover':
      yield* reader(node.summary, [...path, 'handover', 'summary']);
      break;
    case 'transfer':
      yield* reader(node.target, [...path, 'transfer', 'to']);
      break;
    case 'say':
    case 'end':
      break;
  }
  if (isWaiting(node)) {
    const at = [...path, node.kind];
    yield* promptReaders(node.help, [...at, 'help']);
    for (const [i, prompt] of node.noInput.prompts.entries())
      yield* promptReaders(prompt, [...at, 'no_input', 'prompts', i]);
    for (const [i, prompt] of node.noMatch.prompts.entries())
      yield* promptReaders(prompt, [...at, 'no_match', 'prompts', i]);
  }
}

function* branchReaders(branch: Branch, path: TreePath): Iterable<Reader> {
  yield* promptReaders(branch.label, [...path, 'label']);
  yield* conditionReader(branch.when, [...path, 'when']);
}

function* assignmentReaders(assignments: ReadonlyMap<string, Assignment>, path: TreePath): Iterable<Reader> {
  for (const [name, assignment] of assignments)
    yield* reader(assignment.type === 'text' ? assignment.template : assignment.expression, [...path, name]);
}

function* promptReaders(
  prompt: PromptTemplate | null,
  path: TreePath,
  extra?: readonly string[],
): Iterable<Reader> {
  for (const { voice, chat, ssml, quickReplies, card } of prompt?.renditions.values() ?? []) {
    const buttons = [...quickReplies, ...(card?.buttons ?? [])].flatMap(({ title, value }) => [title, value]);
    const texts = [voice, chat, ssml, card?.title, card?.text, card?.image, card?.url, ...buttons];
    const names = new Set(texts.flatMap((text) => text?.names ?? []));
    const expressions = texts.flatMap((text) => text?.expressions ?? []);
    if (names.size > 0) yield { names: [...names], expressions, path, ...(extra ? { extra } : {}) };
  }
}

function* conditionReader(when: Expression | null, path: TreePath): Iterable<Reader> {
  for (const found of reader(when, path)) yield { ...found, condition: true };
}

function* reader(
  source: Expression | TextTemplate | null,
  path: TreePath,
  extra?: readonly string[],
): Iterable<Reader> {
  if (!source) return;
  const expressions = 'expressions' in source ? source.expressions : [source];
  yield { names: source.names, expressions, path, ...(extra ? { extra } : {}) };
}
