import {
  LineCounter,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

import type { SuggestionFile } from './suggestion-file.js';
import { globalPrefix } from './tree.js';
import { subtreeSeparator } from './walk-tree.js';

/** Why an accepted suggestion cannot be put into the tree. */
export interface Unfit {
  readonly list: 'add' | 'new';
  readonly index: number;
  /** What is wrong, and what to do. */
  readonly message: string;
}

export interface Accepted {
  /** The tree's text with the accepted suggestions; unchanged when `unfit` is not empty. */
  readonly text: string;
  /** Examples that were not there before. */
  readonly examples: number;
  readonly branches: number;
  readonly unfit: readonly Unfit[];
}

/** A text to be put in at an offset. */
interface Insertion {
  readonly at: number;
  /** Of several at one place the deepest comes first. */
  readonly depth: number;
  readonly text: string;
}

/**
 * Puts accepted suggestions into the text of a tree file: each example behind the last of its branch, each new branch
 * behind the last of its node, in the style that is used there.
 *
 * Nothing else of the text is touched, so that comments, order and formatting stay to the byte. The result is not checked:
 * load it.
 */
export function acceptSuggestions(treeText: string, { add, new: created }: SuggestionFile): Accepted {
  const editor = new TreeEditor(treeText);
  const unfit: Unfit[] = [];
  const attempt = (list: Unfit['list'], index: number, problem: string | null): void => {
    if (problem !== null) unfit.push({ list, index, message: problem });
  };
  add.forEach(({ accept, branch, examples, node }, i) => {
    if (accept) attempt('add', i, editor.addExamples(node, branch, examples));
  });
  created.forEach(({ accept, examples, go, id, node }, i) => {
    if (!accept) return;
    attempt(
      'new',
      i,
      go === null ? 'write at "go" where the new branch leads' : editor.addBranch(node, { id, go, examples }),
    );
  });
  const { branches, examples } = editor;
  return { text: unfit.length > 0 ? treeText : editor.result(), examples, branches, unfit };
}

class TreeEditor {
  readonly #text: string;
  readonly #document: Document;
  readonly #lines = new LineCounter();
  /** By the list that grows, so that examples of several suggestions stand one behind the other. */
  readonly #grown = new Map<Node, string[]>();
  readonly #insertions: Insertion[] = [];
  readonly #newBranches = new Map<YAMLSeq, Set<string>>();
  examples = 0;
  branches = 0;

  constructor(text: string) {
    this.#text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, logLevel: 'silent' });
  }

  /** Null when it is done, else what is wrong. */
  addExamples(node: string, branchId: string, examples: readonly string[]): string | null {
    const branches = this.#branchesOf(node, branchId);
    if (typeof branches === 'string') return branches;
    const own = branchId.replace(globalPrefix, '');
    const branch = branches.items.find((item) => isMap(item) && item.get('id') === own);
    if (!isMap(branch))
      return `the tree has no branch "${branchId}" at "${node}": correct "branch", or leave it out`;
    const list = branch.get('examples', true);
    if (list !== undefined && !isSeq(list))
      return `the examples of "${branchId}" are written with an alias or are no list: add them by hand`;
    const known = new Set(isSeq(list) ? list.items.map((item) => (isScalar(item) ? item.value : null)) : []);
    const fresh = [...new Set(examples)].filter((example) => !known.has(example));
    if (fresh.length === 0) return null;
    this.examples += fresh.length;
    if (isSeq(list))
      this.#append(
        list,
        fresh.map((example) => this.#scalar(example, list)),
      );
    else this.#addKey(branch, 'examples', `[${fresh.map((example) => scalar(example)).join(', ')}]`);
    return null;
  }

  addBranch(
    node: string,
    { examples, go, id }: { readonly id: string; readonly go: string; readonly examples: readonly string[] },
  ): string | null {
    const branches = this.#branchesOf(node, id);
    if (typeof branches === 'string') return branches;
    const added = this.#newBranches.get(branches) ?? new Set();
    if (added.has(id) || branches.items.some((item) => isMap(item) && item.get('id') === id))
      return `"${node}" has a branch "${id}" already: write another id`;
    this.#newBranches.set(branches, added.add(id));
    this.branches++;
    this.examples += examples.length;
    const written = examples.map((example) => scalar(example));
    const last = branches.items.at(-1);
    const inline = branches.flow === true || (isMap(last) && last.flow === true);
    if (inline) this.#append(branches, [`{ id: ${id}, go: ${go}, examples: [${written.join(', ')}] }`]);
    else {
      const inner = ' '.repeat(this.#columnOf(branches) + 2);
      const lines = [`id: ${id}`, `go: ${go}`, 'examples:', ...written.map((example) => `  - ${example}`)];
      this.#append(branches, [lines.join(`\n${inner}`)]);
    }
    return null;
  }

  /** The text with everything put in. */
  result(): string {
    const all = [...this.#insertions];
    for (const [list, items] of this.#grown) if (isSeq(list)) all.push(this.#behindLast(list, items));
    all.sort((a, b) => b.at - a.at || a.depth - b.depth);
    let text = this.#text;
    for (const { at, text: added } of all) text = text.slice(0, at) + added + text.slice(at);
    return text;
  }

  /** The list that a branch stands in, or what is wrong. */
  #branchesOf(node: string, branchId: string): YAMLSeq | string {
    const list = this.#document.getIn(pathOf(node, branchId), true);
    if (isSeq(list)) return list;
    if (branchId.startsWith(globalPrefix)) return 'the tree has no list of globals: add it by hand';
    return this.#document.hasIn(nodePath(node))
      ? `"${node}" has no list of branches of its own (it is an ask, or written with an alias): add it by hand`
      : `the tree has no node "${node}": correct "node", or leave it out`;
  }

  #append(list: YAMLSeq, items: readonly string[]): void {
    const grown = this.#grown.get(list);
    if (grown) grown.push(...items);
    else this.#grown.set(list, [...items]);
  }

  #behindLast(list: YAMLSeq, items: readonly string[]): Insertion {
    const [from = 0] = list.range ?? [];
    const last = list.items.at(-1) as Node | undefined;
    if (list.flow === true) {
      if (!last?.range) return { at: from + 1, depth: 0, text: items.join(', ') };
      return { at: last.range[1], depth: 0, text: items.map((item) => `, ${item}`).join('') };
    }
    const depth = this.#columnOf(list);
    const lines = items.map((item) => `${' '.repeat(depth)}- ${item}`);
    return this.#lineBehind(last ?? list, depth, lines.join('\n'));
  }

  /** A key at the end of a map, on the same line or on one of its own. */
  #addKey(map: YAMLMap, key: string, value: string): void {
    const last = map.items.at(-1);
    const end = last ? ((last.value ?? last.key) as Node) : map;
    if (map.flow === true) {
      this.#insertions.push({ at: end.range?.[1] ?? 0, depth: 0, text: `, ${key}: ${value}` });
      return;
    }
    const depth = this.#columnOf(map);
    this.#insertions.push(this.#lineBehind(end, depth, `${' '.repeat(depth)}${key}: ${value}`));
  }

  /** A line behind the one that a value ends on, whose comment stays with it. */
  #lineBehind(value: Node, depth: number, line: string): Insertion {
    const end = endOf(value);
    if (end > 0 && this.#text[end - 1] === '\n') return { at: end, depth, text: `${line}\n` };
    const lineEnd = this.#text.indexOf('\n', end);
    if (lineEnd < 0) return { at: this.#text.length, depth, text: `\n${line}` };
    return { at: lineEnd + 1, depth, text: `${line}\n` };
  }

  /** Columns before a list or map. */
  #columnOf({ range }: Node): number {
    return this.#lines.linePos(range?.[0] ?? 0).col - 1;
  }

  #scalar(text: string, list: YAMLSeq): string {
    const last = list.items.at(-1);
    return scalar(text, isScalar(last) && last.type === 'QUOTE_DOUBLE');
  }
}

/** Where a value ends, without the comments and empty lines behind it. */
function endOf(value: Node): number {
  if (isSeq(value) && value.flow !== true) {
    const last = value.items.at(-1) as Node | undefined;
    if (last) return endOf(last);
  }
  if (isMap(value) && value.flow !== true) {
    const last = value.items.at(-1);
    if (last) return endOf((last.value ?? last.key) as Node);
  }
  return value.range?.[1] ?? 0;
}

function nodePath(node: string): string[] {
  const [subtree = '', inner] = node.split(subtreeSeparator);
  return inner === undefined ? ['nodes', node] : ['subtrees', subtree, 'nodes', inner];
}

function pathOf(node: string, branchId: string): string[] {
  return branchId.startsWith(globalPrefix) ? ['globals'] : [...nodePath(node), 'listen', 'branches'];
}

/** Words that YAML or its readers take for something else. */
const notPlain = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** A sentence as it is written between others, plain where that is safe. */
function scalar(text: string, doubleQuoted = false): string {
  if (doubleQuoted || /[\p{C}\u{85}\u{2028}\u{2029}]/u.test(text)) return JSON.stringify(text);
  if (/^\p{L}[\p{L}\p{M}\p{N} ]*$/u.test(text) && !text.endsWith(' ') && !notPlain.test(text)) return text;
  return `'${text.replaceAll("'", "''")}'`;
}
