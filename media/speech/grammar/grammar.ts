/**
 * One element of a compiled grammar (SRGS 1.0 section 2): plain data, so it crosses worker boundaries.
 *
 * `repeat.max` is Infinity-free: an open repeat is capped at `speechLimits.grammarRepeat`.
 */
export type Expansion =
  | { readonly type: 'token'; readonly text: string }
  | { readonly type: 'sequence'; readonly items: readonly Expansion[] }
  | { readonly type: 'alternatives'; readonly items: readonly WeightedExpansion[] }
  | { readonly type: 'repeat'; readonly item: Expansion; readonly min: number; readonly max: number }
  | { readonly type: 'rule'; readonly name: string }
  | { readonly type: 'tag'; readonly value: string }
  | { readonly type: 'special'; readonly name: 'NULL' | 'VOID' | 'GARBAGE' };

export interface WeightedExpansion {
  readonly weight: number;
  readonly expansion: Expansion;
}

/**
 * A grammar ready for matching: `uri` is what results name it by (`session:…`, `builtin:…`).
 *
 * `transcribe` takes any speech; `rules` accepts what `root` derives. Voice tokens are lower-cased words (one Han
 * character each for Chinese); DTMF tokens are one of `0-9 * # A-D`. `weight` ranks grammars of one request.
 */
export type Grammar =
  | { readonly kind: 'transcribe'; readonly uri: string; readonly mode: 'voice'; readonly language: string }
  | {
      readonly kind: 'rules';
      readonly uri: string;
      readonly mode: 'voice' | 'dtmf';
      readonly language: string;
      readonly weight: number;
      readonly root: string;
      readonly rules: Readonly<Record<string, Expansion>>;
    };
