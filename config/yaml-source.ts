import { isAlias, isCollection, isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';

import { configLimits } from './limits.js';
import type { Problem } from './problem.js';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML file as plain data that still knows where each value stands. */
export interface YamlSource {
  /** Plain objects, arrays and scalars; `{}` for an empty file, undefined when the text is not usable. */
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** Place of the value at `path` (or of its key), else of the nearest enclosing value that exists. */
  locate(path: readonly PropertyKey[], part: 'key' | 'value'): Place;
}

/**
 * Parses one YAML 1.2 document within the bounds of `configLimits`; never throws.
 *
 * Duplicate keys, several documents, unresolved aliases and too much of anything are problems with line and column.
 */
export function readYaml(text: string, file: string): YamlSource {
  if (Buffer.byteLength(text) > configLimits.fileBytes)
    return unusable(
      file,
      `larger than ${configLimits.fileBytes} bytes`,
      'split it or remove what is not needed',
    );
  if (nestsTooDeep(text))
    return unusable(file, `nested deeper than ${configLimits.yamlDepth} levels`, 'flatten it');
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
    return new ParsedSource(document, lines, file);
  } catch (error) {
    return unusable(file, error instanceof Error ? error.message : String(error), 'write plain YAML 1.2');
  }
}

function unusable(file: string, message: string, fix: string): YamlSource {
  const problem: Problem = { severity: 'error', file, line: 0, column: 0, path: '', message, fix };
  return { data: undefined, problems: [problem], locate: () => ({ line: 0, column: 0 }) };
}

/** Cheap bound before the recursive composer runs: brackets in a row, and dashes or question marks that nest on one line. */
function nestsTooDeep(text: string): boolean {
  let open = 0;
  for (const character of text) {
    if (character === '[' || character === '{') open++;
    else if (character === ']' || character === '}') open = Math.max(0, open - 1);
    if (open > configLimits.yamlDepth * 4) return true;
  }
  return /^[ ]*(?:[-?:][ ]+){32}/m.test(text) || /^[ ]{512}/m.test(text);
}

class ParsedSource implements YamlSource {
  readonly data: unknown;
  readonly problems: readonly Problem[];
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #file: string;

  constructor(document: Document.Parsed, lines: LineCounter, file: string) {
    this.#document = document;
    this.#lines = lines;
    this.#file = file;
    const problems = document.errors
      .slice(0, configLimits.problems)
      .map((error) => this.#problem(error.pos[0], firstLine(error.message)));
    if (problems.length === 0) problems.push(...this.#boundProblems());
    this.data = problems.length === 0 ? this.#toData(problems) : undefined;
    this.problems = problems;
  }

  locate(path: readonly PropertyKey[], part: 'key' | 'value'): Place {
    let here: Node | null = this.#document.contents;
    let offset = here?.range?.[0] ?? 0;
    for (const [index, key] of path.entries()) {
      const step = this.#child(here, key);
      if (step === null) break;
      here = step.value;
      const wantsKey = part === 'key' && index === path.length - 1;
      offset = (wantsKey ? undefined : here?.range?.[0]) ?? step.key?.range?.[0] ?? offset;
    }
    return this.#place(offset);
  }

  #child(parent: Node | null, key: PropertyKey): { key: Node | null; value: Node | null } | null {
    const holder = isAlias(parent) ? parent.resolve(this.#document) : parent;
    if (!isCollection(holder)) return null;
    if (!isMap(holder)) {
      const item = holder.get(key, true);
      return item === undefined ? null : { key: null, value: item as Node | null };
    }
    for (const pair of holder.items) {
      if (!isScalar(pair.key) || String(pair.key.value) !== String(key)) continue;
      return { key: pair.key, value: pair.value as Node | null };
    }
    return null;
  }

  #boundProblems(): Problem[] {
    let nodes = 0;
    const visit = (node: unknown, depth: number): string | null => {
      if (++nodes > configLimits.yamlNodes) return `more than ${configLimits.yamlNodes} values`;
      if (depth > configLimits.yamlDepth) return `nested deeper than ${configLimits.yamlDepth} levels`;
      if (isPair(node)) return visit(node.value, depth);
      if (!isCollection(node)) return null;
      for (const item of node.items) {
        const problem = visit(item, depth + 1);
        if (problem !== null) return problem;
      }
      return null;
    };
    const message = visit(this.#document.contents, 0);
    return message === null ? [] : [this.#problem(0, message)];
  }

  #toData(problems: Problem[]): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: configLimits.yamlAliases }) ?? {};
    } catch (error) {
      problems.push(this.#problem(0, error instanceof Error ? error.message : String(error)));
      return undefined;
    }
  }

  #problem(offset: number, message: string): Problem {
    const { line, column } = this.#place(offset);
    return { severity: 'error', file: this.#file, line, column, path: '', message, fix: 'correct the YAML' };
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}
