import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { renderExample } from './example.js';
import { projectPath } from './paths.js';
import { configOutline } from './schema-outline.js';
import type { SchemaOutline } from './schema-outline.js';

/** A file that is generated from a schema and committed; a test compares the two. */
export interface GeneratedFile {
  /** Path from the project's root. */
  readonly path: string;
  render(): string;
}

/** A JSON Schema file for editors; other folders register theirs by calling `writeGenerated` with one of these. */
function jsonSchemaFile(path: string, outline: () => SchemaOutline): GeneratedFile {
  return { path, render: () => `${JSON.stringify(outline(), null, 2)}\n` };
}

const exampleHeading = [
  'yaml-language-server: $schema=./parley.schema.json',
  'Every key of the configuration with its default. Keep the keys that you change, leave out the rest.',
  'An environment variable PARLEY__section__key=value wins over the file: PARLEY__http__port=8081.',
  'Relative paths start from the directory of this file. `parley check --config FILE` says what is wrong, and where.',
];

export const configFiles: readonly GeneratedFile[] = [
  jsonSchemaFile('config/parley.schema.json', configOutline),
  {
    path: 'config/parley.example.yaml',
    render: () => renderExample(configOutline(), exampleHeading),
  },
];

/** Writes the files into the project and returns their paths. */
export function writeGenerated(files: readonly GeneratedFile[]): string[] {
  return files.map((file) => {
    writeFileSync(projectPath(file.path), file.render());
    return file.path;
  });
}

const isProgram = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isProgram) process.stdout.write(`${writeGenerated(configFiles).join('\n')}\n`);
