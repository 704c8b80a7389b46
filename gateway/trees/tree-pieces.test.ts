import { describe, expect, test } from 'vitest';

import { examineTree } from '../../dialog/load.js';
import type { RawTree } from '../../dialog/tree-schema.js';
import { nodeWeight } from '../../dialog/walk-tree.js';
import { largeTree } from './testing/large-tree.js';
import { joinPieces, piecesOf, withoutNodes } from './tree-pieces.js';

describe('a tree in pieces', () => {
  test.each([
    ['of many nodes', largeTree(400, 1)],
    ['of one node', 'tree: x\nstart: a\nnodes: {a: {end: true}}\n'],
    [
      'with sub-trees and odd names',
      `tree: x
start: constructor
nodes:
  constructor: {subtree: {name: toString}, go: bye}
  bye: {end: true}
subtrees:
  toString: {start: a, nodes: {a: {say: hello, go: b}, b: {return: true}}}
`,
    ],
  ])('%s is the same when it is joined', (_what, text) => {
    const raw = rawOf(text);
    const rest = withoutNodes(raw);
    expect(rest.nodes).toEqual({});
    const joined = joinPieces(rest, structuredClone([...piecesOf(raw)]));
    expect(joined).toEqual(raw);
    expect(Object.keys(joined.nodes)).toEqual(Object.keys(raw.nodes));
  });

  test('has no piece that is much larger than a node', () => {
    const pieces = [...piecesOf(rawOf(largeTree(400, 1)))];
    const weights = pieces.map(({ nodes }) => nodes.reduce((sum, [, node]) => sum + nodeWeight(node), 0));
    expect(weights.length).toBeGreaterThan(20);
    expect(Math.max(...weights)).toBeLessThan(500 + 31);
  });
});

function rawOf(text: string): RawTree {
  const { parts, problems } = examineTree(text, 'x.yaml');
  if (!parts) throw new Error(problems.map(({ message }) => message).join('\n'));
  return parts.raw;
}
