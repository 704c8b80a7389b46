import { stringify } from 'yaml';

import { allowsType, objectShape } from './schema-outline.js';
import type { SchemaOutline } from './schema-outline.js';

const width = 100;

/**
 * A YAML file in which every key stands with its default under a comment that explains it, for operators to copy.
 *
 * Written from the schema, so that it cannot say anything else than the program does.
 */
export function renderExample(schema: SchemaOutline, heading: readonly string[]): string {
  const lines = [...heading.map((line) => `# ${line}`.trimEnd()), ''];
  for (const [key, section] of Object.entries(schema.properties ?? {})) {
    renderKey(key, section, '', lines);
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function renderKey(key: string, schema: SchemaOutline, indent: string, lines: string[]): void {
  for (const line of wrap(describe(schema), width - indent.length - 2)) lines.push(`${indent}# ${line}`);
  for (const example of schema.examples ?? []) {
    lines.push(`${indent}# For example:`);
    for (const line of yamlLines({ [key]: example })) lines.push(`${indent}#   ${line}`);
  }
  const entry =
    schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {});
  if (entry.properties) {
    lines.push(`${indent}# Keys of an entry:`);
    describeEntry(entry, '', indent, lines);
  }
  if (schema.properties) {
    lines.push(`${indent}${key}:`);
    for (const [name, child] of Object.entries(schema.properties))
      renderKey(name, child, `${indent}  `, lines);
    return;
  }
  const value = schema.default ?? (allowsType(schema, 'null') ? null : []);
  for (const line of yamlLines({ [key]: value })) lines.push(`${indent}${line}`);
}

function describeEntry(entry: SchemaOutline, prefix: string, indent: string, lines: string[]): void {
  for (const [key, schema] of Object.entries(objectShape(entry).properties ?? {})) {
    const text = `${prefix}${key}: ${describe(schema)}`;
    const [first = '', ...more] = wrap(text, width - indent.length - 4);
    lines.push(`${indent}#   ${first}`, ...more.map((line) => `${indent}#     ${line}`));
    describeEntry(schema, `${prefix}${key}.`, indent, lines);
  }
}

function describe(schema: SchemaOutline): string {
  const allowed = schema.enum && schema.enum.length > 1 ? ` One of: ${schema.enum.join(', ')}.` : '';
  return `${schema.description ?? ''}${allowed}`;
}

function yamlLines(value: unknown): string[] {
  return stringify(value, { singleQuote: true, lineWidth: 0 }).trimEnd().split('\n');
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
