import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { templateLimits } from '../config/limits.js';
import type { Logger } from '../config/logger.js';
import { projectPath } from '../config/paths.js';
import { readTemplate } from './read-template.js';
import type { TemplateReading } from './read-template.js';
import type { ResponseTemplate, TemplateProblem } from './schema.js';

/** Where the templates of known platforms ship. */
export const bundledTemplates = projectPath('templates', 'platforms');

/** What a set of directories holds: good templates, and a problem for everything else. */
export interface LoadedTemplates {
  readonly templates: ReadonlyMap<string, ResponseTemplate>;
  readonly problems: readonly TemplateProblem[];
}

/**
 * Reads the bundled templates, then every `*.xml` under each directory (fixtures, `*.expected.xml`, apart). A later
 * directory replaces a template of an earlier one by its id. `previous` stands in for files that have become bad.
 */
export function loadTemplates(directories: readonly string[], previous?: LoadedTemplates): LoadedTemplates {
  const templates = new Map<string, ResponseTemplate>();
  const problems: TemplateProblem[] = [];
  for (const directory of [bundledTemplates, ...directories]) {
    const here = new Map<string, ResponseTemplate>();
    for (const file of templateFiles(directory, problems)) {
      const template = loadFile(file, previous, problems);
      if (template === null) continue;
      const other = here.get(template.id);
      if (other === undefined) here.set(template.id, template);
      else
        problems.push(
          fileProblem(file, `id "${template.id}" is taken by ${other.file}`, 'give it an id of its own'),
        );
    }
    for (const [id, template] of here) templates.set(id, template);
  }
  return { templates, problems };
}

function templateFiles(directory: string, problems: TemplateProblem[]): string[] {
  try {
    const files = readdirSync(directory, { withFileTypes: true, recursive: true })
      .filter(
        (entry) => entry.isFile() && entry.name.endsWith('.xml') && !entry.name.endsWith('.expected.xml'),
      )
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    if (files.length > templateLimits.files)
      problems.push(
        fileProblem(directory, `more than ${templateLimits.files} templates`, 'remove the ones not used'),
      );
    return files.slice(0, templateLimits.files);
  } catch (error) {
    problems.push(
      fileProblem(directory, `cannot be read: ${reasonOf(error)}`, 'correct templates.directories'),
    );
    return [];
  }
}

function loadFile(
  file: string,
  previous: LoadedTemplates | undefined,
  problems: TemplateProblem[],
): ResponseTemplate | null {
  const reading = readFile(file);
  if (reading.ok) return reading.template;
  problems.push(reading.problem);
  for (const template of previous?.templates.values() ?? []) if (template.file === file) return template;
  return null;
}

function readFile(file: string): TemplateReading {
  try {
    return readTemplate(file, readFileSync(file, 'utf8'));
  } catch (error) {
    return {
      ok: false,
      problem: fileProblem(file, `cannot be read: ${reasonOf(error)}`, 'check its permissions'),
    };
  }
}

function fileProblem(file: string, message: string, fix: string): TemplateProblem {
  return { file, line: 1, column: 1, message, fix };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The templates in use. Files are read at `load` and `reload` only, synchronously: both are the operator's acts, and a
 * few hundred small files take milliseconds.
 */
export class TemplateStore {
  readonly #directories: readonly string[];
  readonly #logger: Logger;
  #loaded: LoadedTemplates;

  private constructor(directories: readonly string[], logger: Logger) {
    this.#directories = directories;
    this.#logger = logger;
    this.#loaded = loadTemplates(directories);
    this.#report();
  }

  /** Loads the bundled templates and those of `directories`; bad ones are left out, logged and listed in `problems`. */
  static load(directories: readonly string[], logger: Logger): TemplateStore {
    return new TemplateStore(directories, logger);
  }

  get(id: string): ResponseTemplate | null {
    return this.#loaded.templates.get(id) ?? null;
  }

  get ids(): readonly string[] {
    return [...this.#loaded.templates.keys()];
  }

  get problems(): readonly TemplateProblem[] {
    return this.#loaded.problems;
  }

  /** Reads all files again. A template whose file has become bad stays as it was; one whose file is gone goes. */
  reload(): readonly TemplateProblem[] {
    this.#loaded = loadTemplates(this.#directories, this.#loaded);
    this.#report();
    return this.#loaded.problems;
  }

  #report(): void {
    for (const problem of this.#loaded.problems) this.#logger.warn('template refused', { ...problem });
    this.#logger.info('templates loaded', { templates: this.#loaded.templates.size });
  }
}
