import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';

/** What is used of a tokenizer. */
export interface SentenceTokenizer {
  /** With the special tokens that the model expects around a text. */
  encode(text: string): { readonly ids: readonly number[] };
  token_to_id(token: string): number | undefined;
}

/** The tokenizer of a model's `tokenizer.json`; throws when it is of a kind that is not supported. */
export function createTokenizer(
  tokenizer: object,
  config: Readonly<Record<string, unknown>>,
): SentenceTokenizer {
  // The package's own types use imports that Node's module resolution does not find.
  const Constructor = HuggingFaceTokenizer as unknown as new (
    tokenizer: object,
    config: object,
  ) => SentenceTokenizer;
  return new Constructor(tokenizer, config);
}
