import { dialogLimits } from '../config/limits.js';
import { parseLocated } from './located-yaml.js';
import { compilePattern } from './pattern.js';
import { storyKeys, storySchema, type RawStep, type RawStories, type RawStory } from './story-schema.js';
import type { TreeProblem } from './tree-problem.js';

/** A story with the lines of its parts. */
export interface Story {
  readonly raw: RawStory;
  readonly line: number;
  readonly stepLines: readonly number[];
}

export interface StoryFile {
  readonly raw: RawStories;
  readonly stories: readonly Story[];
}

/** `file` is null exactly when `problems` holds an error. Never throws on bad input. */
export interface LoadedStories {
  readonly file: StoryFile | null;
  readonly problems: readonly TreeProblem[];
}

const inputs = ['user', 'dtmf', 'silence', 'no_match', 'resume'] as const;

/** Reads stories from YAML text; `fileName` only names the place in problems. */
export function loadStories(yamlText: string, fileName: string): LoadedStories {
  const parsed = parseLocated(yamlText, fileName, {
    schema: storySchema,
    knownKeys: storyKeys,
    characters: dialogLimits.storyBytes,
    split: 'Split it into several files',
  });
  const { raw, problems, report, lineOf } = parsed;
  if (!raw) return { file: null, problems };
  const names = new Set<string>();
  raw.stories.forEach((story, i) => {
    if (names.has(story.name))
      report('error', ['stories', i, 'name'], `there are two stories "${story.name}"`, 'Rename one');
    names.add(story.name);
    story.steps.forEach((step, j) => {
      const path = ['stories', i, 'steps', j];
      const given = inputs.filter((input) => step[input] !== undefined);
      if (given.length > 1)
        report('error', path, `a step is one of ${given.join(', ')}, not several`, 'Split it into steps');
      if (given.length === 0 && j > 0)
        report('error', path, 'the step says nothing', `Add one of ${inputs.join(', ')}`);
      for (const text of expectedTexts(step)) {
        const problem = patternProblem(text);
        if (problem) report('error', [...path, 'bot'], problem.message, problem.fix);
      }
    });
  });
  if (problems.some(({ severity }) => severity === 'error')) return { file: null, problems };
  const stories = raw.stories.map((story, i) => ({
    raw: story,
    line: lineOf(['stories', i]),
    stepLines: story.steps.map((_step, j) => lineOf(['stories', i, 'steps', j])),
  }));
  return { file: { raw, stories }, problems };
}

/** The texts that a step expects of the bot. */
export function expectedTexts({ bot }: RawStep): readonly string[] {
  if (bot === undefined) return [];
  return typeof bot === 'string' ? [bot] : bot;
}

function patternProblem(text: string): { readonly message: string; readonly fix: string } | null {
  const source = patternIn(text);
  if (source === null) return null;
  const compiled = compilePattern(source);
  return compiled.ok ? null : compiled;
}

/** `a+` of `/a+/`, null for plain text. */
function patternIn(text: string): string | null {
  return text.length > 2 && text.startsWith('/') && text.endsWith('/') ? text.slice(1, -1) : null;
}

/** True when what the bot said is what a story expects: word for word, by pattern, or with parts left out by `…`. */
export function textMatches(expected: string, said: string): boolean {
  const source = patternIn(expected);
  if (source !== null) {
    const compiled = compilePattern(source);
    return compiled.ok && compiled.pattern.test(said);
  }
  const plain = squeeze(said);
  const parts = squeeze(expected).split(/\s*(?:…|\.\.\.)\s*/u);
  if (parts.length === 1) return plain === parts[0];
  let at = 0;
  return parts.every((part, i) => {
    const last = i === parts.length - 1;
    const found =
      i === 0 ? (plain.startsWith(part) ? 0 : -1) : last ? plain.lastIndexOf(part) : plain.indexOf(part, at);
    if (found < at || (last && found + part.length !== plain.length)) return false;
    at = found + part.length;
    return true;
  });
}

function squeeze(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}
