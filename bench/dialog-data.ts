import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Labelled utterances of one data set. */
export interface LabelledSet {
  readonly name: string;
  /** Decides which language the peer is told; ours needs none. */
  readonly language: 'en' | 'zh';
  /** Texts of each intent, distinct, in the order of the file. */
  readonly intents: ReadonlyMap<string, readonly string[]>;
  /** Texts that belong to no intent (label `oos`). */
  readonly foreign: readonly string[];
}

/** Label of utterances that belong to no intent. */
const outOfScope = 'oos';
/** Fewest utterances that give an intent five examples and something to ask. */
const fewestUtterances = 8;
const largestFileBytes = 64 * 1_048_576;
const han = /\p{Script=Han}/u;

/**
 * Reads every `*.jsonl` file of a directory: lines of `{"text", "intent"}`, anything else in them ignored.
 * Throws where there is none, and on a line that is something else; the message names file and line.
 */
export function readLabelledSets(directory: string): LabelledSet[] {
  if (!existsSync(directory)) throw new Error(`--data: there is no directory ${directory}`);
  const files = readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
  if (files.length === 0) throw new Error(`--data: ${directory} holds no .jsonl file`);
  return files.map((name) => readLabelledSet(join(directory, name)));
}

function readLabelledSet(path: string): LabelledSet {
  const bytes = statSync(path).size;
  if (bytes > largestFileBytes)
    throw new Error(`${path} has ${bytes} bytes, more than ${largestFileBytes}: cut it`);
  const intents = new Map<string, Set<string>>();
  const foreign = new Set<string>();
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      if (line.trim() === '') return;
      const { text, intent } = parseLine(line, `${path}:${index + 1}`);
      const known = intent === outOfScope ? foreign : intents.get(intent);
      if (known) known.add(text);
      else intents.set(intent, new Set([text]));
    });
  const usable = [...intents].filter(([, texts]) => texts.size >= fewestUtterances);
  return {
    name: basename(path, '.jsonl'),
    language: usable.some(([, texts]) => [...texts].some((text) => han.test(text))) ? 'zh' : 'en',
    intents: new Map(usable.map(([intent, texts]) => [intent, [...texts]])),
    foreign: [...foreign],
  };
}

function parseLine(line: string, where: string): { text: string; intent: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`${where} is not JSON; each line is {"text": "…", "intent": "…"}`);
  }
  if (typeof value === 'object' && value !== null && 'text' in value && 'intent' in value) {
    const { text, intent } = value;
    if (typeof text === 'string' && typeof intent === 'string') return { text, intent };
  }
  throw new Error(`${where} lacks a "text" or an "intent" in quotes`);
}
