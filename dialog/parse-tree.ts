import { dialogLimits } from '../config/limits.js';
import { parseLocated, type ParsedFile } from './located-yaml.js';
import { knownKeys, partsWith, treeSchema, type RawTree } from './tree-schema.js';

/** Reads the YAML of a tree and checks its shape. */
export function parseTree(yamlText: string, file: string): ParsedFile<RawTree> {
  return parseLocated(yamlText, file, {
    schema: treeSchema,
    knownKeys,
    partsWith,
    characters: dialogLimits.treeBytes,
    split: 'Split the bot into several trees',
  });
}
