import type { CallOutcome, CallSpec, DialogAction } from './action.js';
import type { Coverage } from './coverage.js';
import { chatText } from './render-prompt.js';
import { Simulation, type ScoreNow } from './simulate.js';
import { expectedTexts, textMatches, type Story, type StoryFile } from './story-load.js';
import type { RawAnswer, RawStep } from './story-schema.js';
import { traceDecision } from './trace.js';
import type { DialogTree } from './tree.js';
import type { Value } from './value.js';

/** Something that a turn should have been and was not. */
export interface StoryFailure {
  readonly line: number;
  readonly message: string;
  /** Why the turn went as it did, as lines for a person. */
  readonly trace: readonly string[];
}

export interface StoryResult {
  readonly name: string;
  readonly line: number;
  readonly turns: number;
  /** Of the first turn that failed; what follows it would only fail for its sake. */
  readonly failures: readonly StoryFailure[];
  /** The conversation up to there. */
  readonly transcript: readonly string[];
}

/** Holds one story's conversation with a tree and compares. `coverage` counts what it goes through. */
export function runStory(
  tree: DialogTree,
  file: StoryFile,
  story: Story,
  scoreNow: ScoreNow,
  coverage: Pick<Coverage, 'add'>,
): StoryResult {
  return new StoryRun(tree, file, story, scoreNow, coverage).run();
}

class StoryRun {
  readonly #tree: DialogTree;
  readonly #story: Story;
  readonly #channel: 'voice' | 'chat';
  readonly #coverage: Pick<Coverage, 'add'>;
  readonly #simulation: Simulation;
  readonly #answers: RawAnswer[];
  readonly #called: string[] = [];
  readonly #unanswered: string[] = [];
  readonly #transcript: string[] = [];

  constructor(
    tree: DialogTree,
    file: StoryFile,
    story: Story,
    scoreNow: ScoreNow,
    coverage: Pick<Coverage, 'add'>,
  ) {
    this.#tree = tree;
    this.#story = story;
    this.#channel = story.raw.channel ?? file.raw.channel;
    this.#coverage = coverage;
    this.#answers = [...story.raw.answers];
    const nowMs = Date.parse(file.raw.now);
    this.#simulation = new Simulation(tree, scoreNow, { nowMs, callNow: (call) => this.#answer(call) });
  }

  run(): StoryResult {
    const { raw, line, stepLines } = this.#story;
    // The greeting belongs to the first step where that has no input of its own.
    let waiting = this.#simulation.start(this.#channel, raw.variables as Record<string, Value>);
    this.#note(waiting);
    let turns = 0;
    let failures: StoryFailure[] = [];
    for (const [i, step] of raw.steps.entries()) {
      const input = inputOf(step);
      if (input !== null) {
        this.#transcript.push(`user: ${input}`);
        this.#called.length = 0;
        waiting = this.#send(step);
        this.#note(waiting);
      }
      turns++;
      const at = stepLines[i] ?? line;
      const messages = [...this.#unanswered, ...this.#differences(step, waiting)];
      if (messages.length === 0) continue;
      const trace = this.#trace(waiting);
      failures = messages.map((message) => ({ line: at, message, trace }));
      break;
    }
    return { name: raw.name, line, turns, failures, transcript: this.#transcript };
  }

  #send(step: RawStep): readonly DialogAction[] {
    const simulation = this.#simulation;
    if (step.user !== undefined) return simulation.text(step.user);
    if (step.dtmf !== undefined) return simulation.keys(step.dtmf);
    if (step.resume) return simulation.resume();
    return step.no_match ? simulation.noMatch() : simulation.silence();
  }

  /** The next prepared answer of the service; a call without one is a failure of the story. */
  #answer(call: CallSpec): CallOutcome {
    const path = call.operation.type === 'http' ? call.operation.path : call.operation.method;
    this.#called.push(call.service);
    const found = this.#answers.findIndex(
      (answer) => answer.service === call.service && (answer.path === undefined || answer.path === path),
    );
    const [answer] = found < 0 ? [] : this.#answers.splice(found, 1);
    if (!answer) {
      this.#unanswered.push(`the story has no answer of the service "${call.service}" for ${path}`);
      return { ok: false, failure: 'unknown-service', message: 'the story has no answer' };
    }
    if (answer.failure !== undefined)
      return { ok: false, failure: answer.failure, message: 'as the story wants it' };
    return { ok: true, value: (answer.answer ?? null) as Value };
  }

  #note(actions: readonly DialogAction[]): void {
    this.#coverage.add(actions);
    for (const text of this.#said(actions)) this.#transcript.push(`bot: ${text}`);
  }

  #said(actions: readonly DialogAction[]): string[] {
    return actions.flatMap((action) => {
      if (action.type !== 'say') return [];
      const { prompt } = action;
      return [
        this.#channel === 'voice' ? prompt.voice : chatText(prompt, { quickReplies: false, cards: false }),
      ];
    });
  }

  #trace(actions: readonly DialogAction[]): string[] {
    return actions.flatMap((action) => {
      if (action.type === 'fault') return [`fault: ${action.message}`];
      return action.type === 'decided'
        ? traceDecision(this.#tree, action.decision, action.decision.scores)
        : [];
    });
  }

  #differences(step: RawStep, actions: readonly DialogAction[]): string[] {
    const found: string[] = [];
    const compare = (what: string, expected: unknown, actual: unknown): void => {
      if (expected !== undefined && !same(expected, actual))
        found.push(`${what} is ${shown(actual)}, not ${shown(expected)}`);
    };
    const decisions = actions.flatMap((action) => (action.type === 'decided' ? [action.decision] : []));
    const byUser = decisions.find(({ zone }) => zone !== 'condition' && zone !== 'called') ?? decisions[0];
    const { state } = this.#simulation;
    found.push(...this.#saidWrong(step, actions));
    compare('node', step.node, state.nodeId);
    compare('branch', step.branch, byUser?.branchId ?? null);
    compare('zone', step.zone, byUser?.zone ?? null);
    compare('language', step.language, state.language);
    for (const [name, expected] of Object.entries(step.slots ?? {}))
      compare(
        `slot "${name}"`,
        expected,
        Object.hasOwn(state.variables, name) ? state.variables[name] : null,
      );
    compare('calls', step.calls, [...this.#called]);
    const tags = actions.flatMap((action) => (action.type === 'tag' ? action.tags : []));
    compare('tags', step.tags && [...step.tags].sort(), [...tags].sort());
    const last = actions.at(-1);
    compare('the turn ends with', step.ends, last?.type ?? 'nothing');
    compare('queue', step.queue, last?.type === 'handover' ? last.handover.queue : null);
    compare('target', step.target, last?.type === 'transfer' ? last.target : null);
    if (actions.length === 0) found.push('nothing happens: the conversation is not waiting for this');
    return found;
  }

  #saidWrong(step: RawStep, actions: readonly DialogAction[]): string[] {
    if (step.bot === undefined) return [];
    const said = this.#said(actions);
    const expected = expectedTexts(step);
    const right =
      typeof step.bot === 'string'
        ? [...said, said.join(' ')].some((text) => textMatches(step.bot as string, text))
        : expected.length === said.length && expected.every((text, i) => textMatches(text, said[i] ?? ''));
    return right ? [] : [`the bot says ${shown(said)}, not ${shown(step.bot)}`];
  }
}

function inputOf({ user, dtmf, silence, no_match: noMatch, resume }: RawStep): string | null {
  if (user !== undefined) return user;
  if (dtmf !== undefined) return `[keys ${dtmf}]`;
  if (resume) return '[a human hands back]';
  if (noMatch) return '[not recognised]';
  return silence ? '[silence]' : null;
}

function same(expected: unknown, actual: unknown): boolean {
  return JSON.stringify(expected) === JSON.stringify(actual);
}

function shown(value: unknown): string {
  return JSON.stringify(value ?? null);
}
