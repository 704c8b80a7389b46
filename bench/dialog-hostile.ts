import { SystemClock } from '../config/clock.js';
import { dialogLimits } from '../config/limits.js';
import { candidates } from '../dialog/candidates.js';
import type { EntityType } from '../dialog/entity.js';
import { entityType, entityTypeNames } from '../dialog/entity-types.js';
import { assembleTree, loadTree } from '../dialog/load.js';
import type { SimilarityScorer } from '../dialog/scoring.js';
import { Simulation, type ScoreNow } from '../dialog/simulate.js';
import type { DialogTree } from '../dialog/tree.js';
import { threadExaminer } from '../gateway/trees/tree-examiner.js';
import { createNgramScorers, nextTurnOfLoop } from '../gateway/trees/tree-scorers.js';
import { BlockWatch, type LongestBlock } from './block-watch.js';

/** Times in milliseconds, memory in megabytes. */
export interface HostileResult {
  readonly nodes: number;
  readonly examples: number;
  readonly megabytes: number;
  /** In a thread of its own on a node: reading, checks, calibration where it is not too much. */
  readonly examineMs: number;
  readonly calibrated: boolean;
  /** On the main thread, with the event loop running in between. */
  readonly assembleMs: number;
  /** On the main thread, with the event loop running in between. */
  readonly prepareMs: number;
  /** Of the main thread, while the tree is examined, assembled and prepared as a node does it. */
  readonly longestBlock: LongestBlock;
  /** What the tree and its matchers hold, and what the process grew to meanwhile. */
  readonly heapMb: number;
  readonly peakRssMb: number;
  /** One utterance of a megabyte: its step and its match. */
  readonly utteranceMs: number;
  /** The worst of some expressions and patterns, one turn each. */
  readonly expressionMs: number;
  readonly patternMs: number;
  /** The slowest built-in type on the longest sentence, the worst of some. */
  readonly typesMs: number;
}

/** A tree of the largest size with utterances, expressions and patterns made to take long. */
export async function runHostile(quick: boolean): Promise<HostileResult> {
  const nodes = quick ? 200 : dialogLimits.nodes;
  const text = hostileTree(nodes, Math.round((dialogLimits.examples - 100) / dialogLimits.nodes));
  const before = process.memoryUsage().heapUsed;
  const clock = new SystemClock();
  const watch = new BlockWatch(clock);
  let startMs = performance.now();
  const { parts, problems } = await threadExaminer(clock)(text, 'hostile.yaml');
  const examineMs = performance.now() - startMs;
  if (!parts)
    throw new Error(
      problems
        .filter(({ severity }) => severity === 'error')
        .slice(0, 3)
        .map(({ message }) => message)
        .join('\n'),
    );
  startMs = performance.now();
  const tree = await assembleTree(parts, nextTurnOfLoop);
  const assembleMs = performance.now() - startMs;
  startMs = performance.now();
  const { primary } = await createNgramScorers(tree);
  const prepareMs = performance.now() - startMs;
  const longestBlock = watch.stop();
  const { heapUsed, rss } = process.memoryUsage();
  const examples = candidates(tree).reduce(
    (sum, set) => sum + set.candidates.reduce((all, one) => all + one.examples.length, 0),
    0,
  );
  const utteranceMs = await sayMegabyte(tree, primary);
  return {
    nodes: tree.nodes.size,
    examples,
    megabytes: text.length / 1_048_576,
    examineMs,
    calibrated: parts.thresholds.size > 0,
    assembleMs,
    prepareMs,
    longestBlock,
    heapMb: (heapUsed - before) / 1_048_576,
    peakRssMb: rss / 1_048_576,
    utteranceMs,
    expressionMs: worst(expressions.map((expression) => oneTurn(expressionTree(expression), 'go on'))),
    patternMs: worst(
      patterns.map((pattern) => oneTurn(patternTree(pattern), 'a'.repeat(dialogLimits.utteranceCharacters))),
    ),
    typesMs: worst(sentences.map(slowestType)),
  };
}

async function sayMegabyte(tree: DialogTree, scorer: SimilarityScorer): Promise<number> {
  const utterance = 'pay the wxyz bill 账单 '.repeat(60_000).slice(0, 1_048_576);
  const nodeId = 'n1';
  const simulation = new Simulation(tree, () => []);
  simulation.start('chat');
  const startMs = performance.now();
  simulation.text(utterance);
  await scorer.score(nodeId, utterance, ['a', 'b'], new AbortController().signal);
  return performance.now() - startMs;
}

function hostileTree(nodes: number, examples: number): string {
  const lines = ['tree: hostile', 'start: n1', 'fallback: bye', 'nodes:', '  bye: {end: true}'];
  for (let node = 1; node < nodes; node++) {
    const [a, b] = [0, 1].map((half) =>
      Array.from(
        { length: examples / 2 },
        (_, i) => `${word(node * 31 + i)} ${word(i * 7 + half)} ${node}`,
      ).join(','),
    );
    const next = (node % (nodes - 1)) + 1;
    lines.push(
      `  n${node}: {say: q,listen: {branches: [{id: a,go: n${next},examples: [${a}]},{id: b,go: bye,examples: [${b}]}]}}`,
    );
  }
  return lines.join('\n');
}

/** One of a few thousand words. */
function word(n: number): string {
  const syllables = ['ba', 'ke', 'li', 'mo', 'nu', 'ra', 'se', 'ti', 'vo', 'za'];
  return [n, n / 10, n / 100].map((part) => syllables[Math.floor(part) % 10] ?? '').join('');
}

const deep = '('.repeat(dialogLimits.expressionDepth - 4);
const expressions = [
  `${deep}x${')'.repeat(dialogLimits.expressionDepth - 4)} == 1`,
  Array(200).fill('length(x)').join(' + '),
  `contains_all(x, ${'[1]'})`,
  Array(30).fill("matches(x, '(a*)*b')").join(' or '),
  Array(100).fill('x contains "aab"').join(' and '),
].filter((expression) => expression.length <= dialogLimits.expressionCharacters);

const patterns = [
  '(a+)+$',
  '(a|a)*b',
  '(a*)*(a*)*(a*)*c',
  `${'a?'.repeat(150)}${'a'.repeat(150)}`,
  '(.*a){30}',
];

const sentences = [
  '十',
  '3个',
  '三分之',
  '京A1',
  'a@',
  'a dot ',
  'twenty ',
  'one or ',
  '1-',
  '-',
  '嗯1',
  'not ',
];

/** The slowest built-in type on a sentence of one piece over and over, the best of three. */
function slowestType(piece: string): number {
  const types = entityTypeNames.flatMap((type) => entityType({ type }) ?? []);
  const text = piece.repeat(dialogLimits.utteranceCharacters).slice(0, dialogLimits.utteranceCharacters);
  const context = { nowMs: 0, timeZone: 'Asia/Shanghai', language: 'zh-CN' };
  const read = (type: EntityType): number => {
    const startMs = performance.now();
    type.find(text, context);
    return performance.now() - startMs;
  };
  return worst(types.map((type) => Math.min(read(type), read(type), read(type))));
}

function expressionTree(expression: string): string {
  return `tree: x
start: m
variables: { x: '${'a'.repeat(dialogLimits.textCharacters)}' }
nodes:
  m: { say: q, listen: { branches: [{ id: a, go: c, examples: [go on, go on please] }] } }
  c: { condition: [{ if: ${JSON.stringify(expression)}, go: m }, { go: m }] }
`;
}

function patternTree(pattern: string): string {
  return `tree: x
start: m
types: { odd: { patterns: [${JSON.stringify(pattern)}] } }
nodes:
  m: { ask: { slot: s, type: odd, prompts: [q] }, go: e }
  e: { end: true }
`;
}

/** How long a turn takes in a tree, the best of three: the compiler is slower than the bound; -1 for a tree that is refused. */
function oneTurn(text: string, said: string): number {
  const first: ScoreNow = (_node, _text, [branchId]) =>
    branchId === undefined ? [] : [{ branchId, score: 1 }];
  const { tree } = loadTree(text, 'x.yaml');
  if (!tree) return -1;
  const times = [1, 2, 3].map(() => {
    const simulation = new Simulation(tree, first);
    simulation.start('chat');
    const startMs = performance.now();
    simulation.text(said);
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

function worst(times: readonly number[]): number {
  return Math.max(...times);
}
