import { Document, isMap, isScalar, isSeq } from 'yaml';
import { z } from 'zod';

import { dialogLimits } from '../config/limits.js';
import { parseLocated } from './located-yaml.js';
import type { SuggestedExample, Suggestions } from './suggest.js';
import type { TreeProblem } from './tree-problem.js';
import type { DialogTree } from './tree.js';

/** Goes up when a file of suggestions can no longer be read as before. */
const suggestionFormat = 1;

const id = z.string().regex(/^[\p{L}\p{N}_/-]{1,200}$/u, 'this is no name of a node or branch');
const examples = z
  .array(z.string().min(1).max(dialogLimits.textCharacters))
  .max(dialogLimits.examplesPerBranch);
const facts = {
  turns: z.number().optional(),
  utterances: z.number().optional(),
  nearest: z.string().optional(),
  similarity: z.number().optional(),
  why: z.string().optional(),
};

const file = z.strictObject({
  suggestions: z.literal(suggestionFormat, `expected ${suggestionFormat}`),
  tree: z.string(),
  version: z.int(),
  add: z
    .array(
      z.strictObject({
        accept: z.boolean(),
        node: id,
        branch: z.string().regex(/^(global:)?[\p{L}\p{N}_-]{1,64}$/u, 'this is no id of a branch'),
        examples,
        ...facts,
      }),
    )
    .default([]),
  new: z
    .array(
      z.strictObject({
        accept: z.boolean(),
        node: id,
        id: z.string().regex(/^[\p{L}\p{N}_-]{1,64}$/u, 'an id is 1 to 64 letters, digits, "_" or "-"'),
        go: id.nullable(),
        examples,
        ...facts,
      }),
    )
    .default([]),
  answers: z.array(z.strictObject({ node: id, examples, ...facts })).default([]),
});

export type SuggestionFile = z.output<typeof file>;

const knownKeys = [
  ...Object.keys(file.shape),
  ...Object.keys(facts),
  ...['accept', 'node', 'branch', 'id', 'go', 'examples'],
];

/** `suggestions` is null exactly when `problems` holds an error. */
export interface ReadSuggestions {
  readonly suggestions: SuggestionFile | null;
  readonly problems: readonly TreeProblem[];
  /** The line, from 1, of an entry of the list. */
  readonly lineOf: (list: 'add' | 'new', index: number) => number;
}

/** Reads what an author made of a file of suggestions; never throws. */
export function readSuggestions(yamlText: string, fileName: string): ReadSuggestions {
  const { lineOf, problems, raw } = parseLocated(yamlText, fileName, {
    schema: file,
    knownKeys,
    characters: dialogLimits.suggestionBytes,
    split: 'Take out what is not wanted',
  });
  return { suggestions: raw, problems, lineOf: (list, index) => lineOf([list, index]) };
}

/** The file that an author edits: every suggestion with `accept: false` and what speaks for it. */
export function writeSuggestions(
  tree: DialogTree,
  suggestions: Suggestions,
  heading: readonly string[],
): string {
  const add = suggestions.add.map(({ branch, examples: shown, node, ...group }) => ({
    accept: false,
    node,
    branch,
    examples: shown.map(notation),
    ...factsOf(group),
  }));
  const created = suggestions.new.map(({ examples: shown, id: proposed, node, ...group }) => ({
    accept: false,
    node,
    id: proposed,
    go: null,
    examples: shown.map(notation),
    ...factsOf(group),
  }));
  const answers = suggestions.answers.map(({ examples: shown, node, ...group }) => ({
    node,
    examples: shown.map(notation),
    ...factsOf(group),
  }));
  const document = new Document({
    suggestions: suggestionFormat,
    tree: tree.id,
    version: tree.version,
    add,
    new: created,
    answers,
  });
  document.commentBefore = heading.map((line) => ` ${line}`).join('\n');
  explain(document, 'add', 'More examples for a branch that is there.');
  explain(
    document,
    'new',
    'Perhaps a branch that is missing: correct its id, and write at "go" where it leads.',
  );
  explain(
    document,
    'answers',
    'Answers that an ask did not read: see its type, a synonym perhaps. Nothing to accept.',
  );
  comment(document, 'add', suggestions.add);
  comment(document, 'new', suggestions.new);
  comment(document, 'answers', suggestions.answers);
  return document.toString({ lineWidth: 0, singleQuote: true });
}

function factsOf({
  nearest,
  turns,
  utterances,
  why,
}: Pick<Suggestions['add'][number], 'turns' | 'utterances' | 'nearest' | 'why'>) {
  const near = nearest
    ? { nearest: nearest.branch, similarity: Math.round(nearest.similarity * 100) / 100 }
    : {};
  return { turns, utterances, ...near, why };
}

/** A sentence as an example says it: its signs are no notation. */
function notation({ text }: SuggestedExample): string {
  return text.replaceAll('｜', '|').replace(/[\\()|]/g, '\\$&');
}

function explain(document: Document, key: string, text: string): void {
  if (!isMap(document.contents)) return;
  const pair = document.contents.items.find(({ key: name }) => isScalar(name) && name.value === key);
  if (!pair || !isScalar(pair.key)) return;
  pair.key.commentBefore = ` ${text}`;
  pair.key.spaceBefore = true;
}

/** How often each example was said, behind it. */
function comment(
  document: Document,
  list: string,
  groups: readonly { readonly examples: readonly SuggestedExample[] }[],
): void {
  const entries = document.get(list);
  if (!isSeq(entries)) return;
  groups.forEach(({ examples: shown }, i) => {
    const entry = entries.items[i];
    const said = isMap(entry) ? entry.get('examples') : null;
    if (!isSeq(said)) return;
    shown.forEach(({ turns }, n) => {
      const item = said.items[n];
      if (isScalar(item) && turns > 1) item.comment = ` ${turns} times`;
    });
  });
}
