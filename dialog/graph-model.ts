import {
  globalPrefix,
  isWaiting,
  renditionFor,
  type Branch,
  type DialogNode,
  type DialogTree,
} from './tree.js';

/** A node as it is drawn. */
export interface GraphNode {
  readonly id: string;
  readonly kind: DialogNode['kind'] | 'globals';
  /** First words of what it says or does. */
  readonly text: string;
  /** Lines for a person who wants to know all of it. */
  readonly details: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** `ladder`: after silence or misunderstandings; `global`: from everywhere; `return`: back from a sub-tree. */
  readonly kind: 'branch' | 'move' | 'ladder' | 'global' | 'call';
}

export interface GraphModel {
  readonly title: string;
  readonly start: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Where the edges of globals begin. */
export const globalsNode = '*';

/** A tree as nodes and edges, in the order of the file. */
export function graphOf(tree: DialogTree): GraphModel {
  const nodes: GraphNode[] = [...tree.nodes.values()].map((node) => ({
    id: node.id,
    kind: node.kind,
    text: textOfNode(tree, node),
    details: detailsOf(tree, node),
  }));
  const edges = [...tree.nodes.values()].flatMap((node) => edgesOf(tree, node));
  if (tree.globals.length > 0) {
    const details = tree.globals.flatMap((branch) => branchDetails(tree, branch));
    nodes.push({ id: globalsNode, kind: 'globals', text: 'from everywhere', details });
    for (const branch of tree.globals) edges.push(...branchEdges(globalsNode, branch, 'global'));
  }
  return { title: `${tree.id} version ${tree.version}`, start: tree.start, nodes, edges };
}

function edgesOf(tree: DialogTree, node: DialogNode): GraphEdge[] {
  const edges: GraphEdge[] = [];
  const add = (to: string | null, label: string, kind: GraphEdge['kind']): void => {
    if (to !== null && tree.nodes.has(to)) edges.push({ from: node.id, to, label, kind });
  };
  switch (node.kind) {
    case 'say':
    case 'set':
      add(node.go, '', 'move');
      break;
    case 'condition':
      for (const { when, target } of node.arms) add(target, when ? when.source : 'else', 'branch');
      break;
    case 'call':
      add(node.go, 'ok', 'branch');
      add(node.onError, 'error', 'ladder');
      break;
    case 'subtree':
      add(tree.subtrees.get(node.subtree)?.start ?? null, node.subtree, 'call');
      add(node.go, 'then', 'move');
      break;
    case 'return':
      break;
    case 'handover':
      add(node.resume, 'handed back', 'ladder');
      break;
    case 'listen':
      for (const branch of node.branches) edges.push(...branchEdges(node.id, branch, 'branch'));
      break;
    case 'ask':
      if (node.go === node.goNo) add(node.go, node.slot, 'branch');
      else {
        add(node.go, 'yes', 'branch');
        add(node.goNo, 'no', 'branch');
      }
      break;
    case 'transfer':
    case 'end':
      break;
  }
  if (isWaiting(node)) {
    add(node.noInput.then, 'silence', 'ladder');
    add(node.noMatch.then, 'not understood', 'ladder');
  }
  return edges;
}

function branchEdges(from: string, branch: Branch, kind: GraphEdge['kind']): GraphEdge[] {
  const { effect } = branch;
  const id = branch.id.replace(globalPrefix, '');
  if (effect.type === 'go' || effect.type === 'cancel') return [{ from, to: effect.target, label: id, kind }];
  return effect.type === 'visit' ? [{ from, to: effect.target, label: `${id} ↩`, kind }] : [];
}

function textOfNode(tree: DialogTree, node: DialogNode): string {
  const prompt = node.say ?? (node.kind === 'ask' ? (node.prompts[0] ?? null) : null);
  if (prompt) return renditionFor(prompt, tree.language)?.chat.source ?? '';
  switch (node.kind) {
    case 'call':
      return `${node.service} ${node.operation.type === 'http' ? node.operation.path.source : node.operation.method}`;
    case 'set':
      return [...node.values.keys()].join(', ');
    case 'condition':
      return node.arms.map(({ when }) => when?.source ?? 'else').join(' | ');
    case 'handover':
      return `queue ${node.queue}`;
    case 'transfer':
      return node.target.source;
    case 'subtree':
      return node.subtree;
    default:
      return '';
  }
}

function detailsOf(tree: DialogTree, node: DialogNode): string[] {
  const lines: string[] = [];
  const say = (name: string, prompt: typeof node.say): void => {
    for (const [language, { voice, chat }] of prompt?.renditions ?? []) {
      lines.push(`${name} (${language}): ${voice.source}`);
      if (chat.source !== voice.source) lines.push(`${name} (${language}, chat): ${chat.source}`);
    }
  };
  say('says', node.say);
  if (node.kind === 'ask') {
    lines.push(`asks for ${node.slot} (${node.answer.name})`);
    node.prompts.forEach((prompt, i) => say(`prompt ${i + 1}`, prompt));
    say('reads back', node.confirm);
    if (node.validate) lines.push(`takes it if ${node.validate.expression.source}`);
  }
  if (node.kind === 'listen') for (const branch of node.branches) lines.push(...branchDetails(tree, branch));
  if (node.kind === 'set') {
    for (const [name, value] of node.values)
      lines.push(
        `${name} = ${value.type === 'text' ? JSON.stringify(value.template.source) : value.expression.source}`,
      );
  }
  if (node.kind === 'call') lines.push(`waits ${node.timeoutMs} ms, ${node.retries} further attempts`);
  if (isWaiting(node)) {
    const { accept, confirm, source } = node.thresholds;
    lines.push(`accepts from ${accept.toFixed(2)}, asks back from ${confirm.toFixed(2)} (${source})`);
    if (node.dtmf.size > 0)
      lines.push(`keys: ${[...node.dtmf].map(([key, id]) => `${key} ${id}`).join(', ')}`);
    node.noInput.prompts.forEach((prompt, i) => say(`silence ${i + 1}`, prompt));
    node.noMatch.prompts.forEach((prompt, i) => say(`not understood ${i + 1}`, prompt));
  }
  if (node.tags.length > 0) lines.push(`tags: ${node.tags.join(', ')}`);
  return lines;
}

function branchDetails(tree: DialogTree, branch: Branch): string[] {
  const { id, examples, effect, when } = branch;
  const where = 'target' in effect ? effect.target : effect.type;
  const shown = examples.slice(0, 12).join(' · ');
  const more = examples.length > 12 ? ` … (${examples.length} in all)` : '';
  const label = renditionFor(branch.label, tree.language)?.chat.source ?? id;
  return [`${id} → ${where}${when ? ` if ${when.source}` : ''} (“${label}”): ${shown}${more}`];
}
