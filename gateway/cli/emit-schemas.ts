import { pathToFileURL } from 'node:url';
import { z } from 'zod';

import { configFiles, writeGenerated, type GeneratedFile } from '../../config/emit-schema.js';
import { treeSchema } from '../../dialog/tree-schema.js';

/** The JSON Schema of dialog trees, for editors: `# yaml-language-server: $schema=…/config/tree.schema.json`. */
export const treeSchemaFile: GeneratedFile = {
  path: 'config/tree.schema.json',
  render: () =>
    `${JSON.stringify({ title: 'Parley dialog tree', ...z.toJSONSchema(treeSchema, { io: 'input' }) }, null, 2)}\n`,
};

const isProgram = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isProgram) process.stdout.write(`${writeGenerated([...configFiles, treeSchemaFile]).join('\n')}\n`);
