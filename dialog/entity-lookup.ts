import { choiceType } from './entity-choice.js';
import { entityType, entityTypeNames, entityTypeProblem, type EntitySpec } from './entity-types.js';
import type { EntityType } from './entity.js';
import { compilePattern, type Pattern } from './pattern.js';
import { nearestName, type Report, type TreePath } from './tree-problem.js';
import type { RawCustomType } from './tree-schema.js';

/** The types that asks and branches of one tree may name: built-in ones, and the tree's own lists and patterns. */
export class EntityTypes {
  readonly #custom = new Map<string, EntityType>();
  readonly #report: Report;

  constructor(raw: Readonly<Record<string, RawCustomType>>, report: Report) {
    this.#report = report;
    for (const [name, type] of Object.entries(raw)) this.#add(name, type);
  }

  /** Null after a report. */
  get(spec: EntitySpec, path: TreePath): EntityType | null {
    const { type: name, ...options } = spec;
    const custom = this.#custom.get(name);
    if (custom) {
      if (Object.keys(options).length > 0)
        this.#report(
          'error',
          path,
          `"${name}" is a list, it has no ${Object.keys(options).join(', ')}`,
          'Remove it',
        );
      return custom;
    }
    const found = entityType(spec);
    if (found) return found;
    const near = nearestName(name, [...entityTypeNames, ...this.#custom.keys()]);
    const [message, fix] = entityTypeNames.includes(name)
      ? [entityTypeProblem(spec) ?? 'cannot be used', 'Correct it']
      : [
          `there is no type "${name}"`,
          near ? `Write "${near}"` : `Use one of ${entityTypeNames.join(', ')}, or add it under "types:"`,
        ];
    this.#report('error', path, message, fix);
    return null;
  }

  all(fill: Readonly<Record<string, string>>, path: TreePath): Map<string, EntityType> {
    const types = new Map<string, EntityType>();
    for (const [slot, name] of Object.entries(fill)) {
      const type = this.get({ type: name }, [...path, slot]);
      if (type) types.set(slot, type);
    }
    return types;
  }

  #add(name: string, raw: RawCustomType): void {
    const path = ['types', name];
    if (entityTypeNames.includes(name)) {
      this.#report('error', path, `"${name}" is a built-in type`, 'Choose another name');
      return;
    }
    const values = Object.entries(raw.values).map(([value, synonyms]) => ({ value, synonyms }));
    const patterns = raw.patterns.map((source, i) => this.#pattern(source, [...path, 'patterns', i]));
    if (values.length === 0 && patterns.length === 0)
      this.#report('error', path, `"${name}" takes nothing`, 'Add "values:" or "patterns:"');
    this.#custom.set(
      name,
      choiceType(
        name,
        values,
        patterns.filter((pattern) => pattern !== null),
      ),
    );
  }

  #pattern(source: string, path: TreePath): Pattern | null {
    const compiled = compilePattern(source, { ignoreCase: true });
    if (compiled.ok) return compiled.pattern;
    this.#report('error', path, compiled.message, compiled.fix);
    return null;
  }
}
