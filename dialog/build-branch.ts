import { dialogLimits } from '../config/limits.js';
import type { BuildContext } from './build-context.js';
import { expandExample } from './expand-example.js';
import { globalPrefix, type Branch, type BranchEffect, type PromptTemplate } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawBranch } from './tree-schema.js';

/** Makes a branch of a node, or reports why not and returns null. */
export function buildBranch(raw: RawBranch, path: TreePath, context: BuildContext): Branch | null {
  const effect = effectOf(raw, path, context);
  if (!effect) return null;
  const examples = examplesOf(raw, path, context);
  const { compiler } = context;
  return {
    id: raw.id,
    label: raw.label ? compiler.prompt(raw.label, [...path, 'label']) : plainLabel(raw, examples, context),
    examples,
    tags: raw.tags,
    effect,
    when: raw.when === undefined ? null : compiler.expression(raw.when, [...path, 'when']),
    fill: context.entityTypes(raw.fill, [...path, 'fill']),
  };
}

/** Makes a branch that is open everywhere. */
export function buildGlobal(raw: RawBranch, path: TreePath, context: BuildContext): Branch | null {
  const branch = buildBranch(raw, path, context);
  return branch && { ...branch, id: globalPrefix + branch.id };
}

function plainLabel(raw: RawBranch, examples: readonly string[], context: BuildContext): PromptTemplate {
  const text = (examples[0] ?? raw.id).replace(/[{}]/g, '');
  return context.compiler.prompt({ only: { voice: text, quick_replies: [], bargein: true } }, []);
}

function effectOf(raw: RawBranch, path: TreePath, context: BuildContext): BranchEffect | null {
  const { report, raw: tree } = context;
  const given = [raw.go, raw.visit, raw.do].filter((value) => value !== undefined);
  const withTarget = raw.do === 'cancel' && raw.visit === undefined;
  if (given.length === 0 || (given.length > 1 && !withTarget)) {
    const fix = 'Add "go: NODE", "visit: NODE" or "do: repeat|back|help|cancel|language"';
    report('error', path, `branch "${raw.id}" needs one of "go", "visit" and "do"`, fix);
    return null;
  }
  if (raw.language !== undefined && raw.do !== 'language')
    report('error', [...path, 'language'], '"language" belongs to "do: language"', 'Remove it');
  switch (raw.do) {
    case 'repeat':
    case 'back':
    case 'help':
      return { type: raw.do };
    case 'cancel':
      return { type: 'cancel', target: context.resolve(raw.go ?? tree.start) };
    case 'language':
      return languageEffect(raw, path, context);
    case undefined:
      break;
  }
  if (raw.visit !== undefined) return { type: 'visit', target: context.resolve(raw.visit) };
  return { type: 'go', target: context.resolve(raw.go ?? tree.start) };
}

function languageEffect(raw: RawBranch, path: TreePath, context: BuildContext): BranchEffect | null {
  const { language } = raw;
  if (language !== undefined && context.languages.includes(language)) return { type: 'language', language };
  const message =
    language === undefined ? '"do: language" needs a language' : `the tree has no "${language}"`;
  const fix =
    context.languages.length > 1
      ? `Write "language: ${context.languages.join('" or "')}"`
      : 'Add it to "languages:" at the top, and to the texts';
  context.report('error', language === undefined ? path : [...path, 'language'], message, fix);
  return null;
}

/** The sentences that the examples stand for. */
function examplesOf(raw: RawBranch, path: TreePath, context: BuildContext): string[] {
  const sentences: string[] = [];
  raw.examples.forEach((example, i) => {
    const at = [...path, 'examples', i];
    const expanded = expandExample(example);
    if (!expanded.ok) {
      context.report('error', at, expanded.message, expanded.fix);
      return;
    }
    if (expanded.truncated) {
      const message = `"${example}" stands for more than ${dialogLimits.examplesPerNotation} sentences, some are left out`;
      context.report('warning', at, message, 'Write several shorter ones');
    }
    sentences.push(...expanded.sentences);
  });
  return sentences;
}
