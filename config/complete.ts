import { statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';

import { isLoopback } from './cidr.js';
import { suggestName } from './nearest.js';
import { bindAddress } from './network-plan.js';
import { projectPath } from './paths.js';
import type { Finding } from './problem.js';
import type { Config } from './schema.js';

/** Trees that ship with Parley; `dialog.tree` and `dialog.trees` may name them. */
const shippedTrees: readonly string[] = ['demo-en', 'demo-zh'];

/**
 * Fills in what the operator left to us: absolute paths, the engines of tiers that name none, the default tier, and
 * `dialog.tree` as a key of `dialog.trees`. `directory` is what relative paths start from.
 */
export function completeConfig(config: Config, directory: string): { config: Config; findings: Finding[] } {
  const { dialog, findings } = completeTrees(config.dialog, directory);
  const directories = config.templates.directories.map((path) => resolve(directory, path));
  const completed: Config = {
    ...config,
    chat: completeChat(config),
    dialog,
    services: completeServices(config.services, directory),
    similarity: completeSimilarity(config.similarity, directory),
    store: completeStore(config.store, directory),
    templates: { ...config.templates, directories },
    tiers: completeTiers(config),
  };
  return { config: completed, findings };
}

/** A missing proto file is told when the node starts, by the loader that reads it and all that it imports. */
function completeServices(services: Config['services'], directory: string): Config['services'] {
  const entries = Object.entries(services).map(([name, service]) => {
    const { protoFile } = service;
    return [name, protoFile === null ? service : { ...service, protoFile: resolve(directory, protoFile) }];
  });
  return Object.fromEntries(entries) as Config['services'];
}

type Dialog = Config['dialog'];

function completeTrees(dialog: Dialog, directory: string): { dialog: Dialog; findings: Finding[] } {
  const findings: Finding[] = [];
  const trees: Record<string, string> = {};
  const add = (id: string, path: string, setAt: readonly string[]) => {
    const file = resolve(directory, path);
    trees[id] = file;
    if (!isFile(file)) findings.push(wrong(setAt, `there is no file ${file}`, 'correct the path'));
  };
  for (const [id, path] of Object.entries(dialog.trees)) add(id, path, ['dialog', 'trees', id]);
  const { turnLog } = dialog;
  const placed = {
    ...dialog,
    trees,
    dataDirectory: resolve(directory, dialog.dataDirectory),
    turnLog: {
      ...turnLog,
      directory: turnLog.directory === null ? null : resolve(directory, turnLog.directory),
    },
  };
  let { tree } = dialog;
  if (Object.hasOwn(trees, tree)) return { dialog: placed, findings };
  if (shippedTrees.includes(tree)) {
    trees[tree] = projectPath('config', 'trees', `${tree}.yaml`);
  } else if (/[/\\]|\.ya?ml$/.test(tree)) {
    const id = basename(tree, extname(tree));
    const path = tree;
    if (!Object.hasOwn(trees, id)) tree = id;
    add(tree, path, ['dialog', 'tree']);
  } else {
    const fix = `${suggestName(tree, [...Object.keys(trees), ...shippedTrees])}; a path ends in .yaml`;
    findings.push(wrong(['dialog', 'tree'], `there is no tree "${tree}"`, fix));
  }
  return { dialog: { ...placed, tree }, findings };
}

function completeSimilarity(similarity: Config['similarity'], directory: string): Config['similarity'] {
  const absolute = (path: string | null) => (path === null ? null : resolve(directory, path));
  return {
    ...similarity,
    directory: absolute(similarity.directory),
    runtimeModule: absolute(similarity.runtimeModule),
    cache: { ...similarity.cache, directory: resolve(directory, similarity.cache.directory) },
  };
}

function completeStore(store: Config['store'], directory: string): Config['store'] {
  const { archiveDirectory, file } = store;
  return {
    ...store,
    file: resolve(directory, file),
    archiveDirectory: archiveDirectory === null ? null : resolve(directory, archiveDirectory),
  };
}

function wrong(path: readonly string[], message: string, fix: string): Finding {
  return { severity: 'error', path, part: 'value', message, fix };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function completeTiers(config: Config): Config['tiers'] {
  const everyRecognizer = config.speech.recognizers.map((engine) => engine.name);
  const everySynthesizer = config.speech.synthesizers.map((engine) => engine.name);
  const all = { recognizers: everyRecognizer, synthesizers: everySynthesizer };
  const tiers: Record<string, Config['tiers'][string]> = { default: all };
  for (const [name, tier] of Object.entries(config.tiers))
    tiers[name] = {
      recognizers: tier.recognizers.length > 0 ? tier.recognizers : everyRecognizer,
      synthesizers: tier.synthesizers.length > 0 ? tier.synthesizers : everySynthesizer,
    };
  return tiers;
}

/** Nobody but this machine can come in by default. */
function completeChat(config: Config): Config['chat'] {
  const { visitors } = config.chat;
  const enabled = visitors.enabled ?? isLoopback(bindAddress(config, 'http'));
  return { ...config.chat, visitors: { ...visitors, enabled } };
}
