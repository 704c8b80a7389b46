import type { Report, TreePath } from './tree-problem.js';

/** What only advises: each may be silenced by `lint: { ignore: [CODE] }`. The names are stable. */
export const adviceCodes = [
  'ambiguous-key',
  'call-without-error-way',
  'chat-missing',
  'confirmation-without-value',
  'confusable-examples',
  'constant-condition',
  'cycle',
  'expression-type',
  'few-examples',
  'global-example',
  'handover-without-resume',
  'language-missing',
  'long-speech',
  'missing-label',
  'never-returns',
  'no-fallback',
  'no-way-out',
  'not-measured',
  'rejected-examples',
  'repeated-example',
  'return-to-nowhere',
  'silent-no-match',
  'slot-types',
  'speech-missing',
  'ssml',
  'subtree-call',
  'unknown-variable',
  'unreachable',
  'unreachable-arm',
  'unset-variable',
  'unspeakable-text',
  'unsupported-language',
  'unanswered-reply',
] as const;

export type AdviceCode = (typeof adviceCodes)[number];

/** What a problem is about; `invalid` is what keeps a tree from running, or a shape that the loader mends. */
export type CheckCode = AdviceCode | 'invalid' | 'unknown-service';

/** Takes advice; the code decides whether the author wants it. */
export type Advise = (code: AdviceCode, path: TreePath, message: string, fix: string) => void;

/** Advice as the loader takes it: warnings without a code. */
export function adviseInto(report: Report): Advise {
  return (_code, path, message, fix) => report('warning', path, message, fix);
}
