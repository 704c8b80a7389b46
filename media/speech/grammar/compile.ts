import { speechLimits } from '../../../config/limits.js';
import type { RecognitionCause } from '../recognizer.js';
import { builtinGrammar } from './builtin.js';
import { GrammarError, compilationFailure } from './errors.js';
import type { Grammar } from './grammar.js';
import { compileJsgf } from './jsgf.js';
import { splitMultipart } from './multipart.js';
import type { CompiledGrammar, GrammarReferences } from './rule-set.js';
import { compileSrgs } from './srgs.js';
import { resolveUriList } from './uri-list.js';

/** What a grammar document may rely on. */
export interface GrammarContext {
  /** BCP 47; the language of grammars that name none. */
  readonly language: string;
  /** What results call an inline grammar (`session:<Content-ID>`). */
  readonly uri: string;
  /** Grammars that were defined in this session under a `session:` URI; null when there are none. */
  lookup(sessionUri: string): readonly Grammar[] | null;
  /** True: an unknown `builtin:` voice grammar is an error; false: free transcription with a warning. */
  readonly strictBuiltins: boolean;
}

/**
 * The grammars of a document in its order (one, unless it is a list), or why there are none.
 *
 * `unsupported-type` is a media type that is not a grammar here (MRCP answers 409); `failed` carries the completion
 * cause of RFC 6787 9.4.11 and a reason that names the line.
 */
export type GrammarCompilation =
  | { readonly ok: true; readonly grammars: readonly Grammar[]; readonly warnings: readonly string[] }
  | {
      readonly ok: false;
      readonly kind: 'unsupported-type' | 'failed';
      readonly cause: RecognitionCause;
      readonly reason: string;
    };

/** Media types `compileGrammarDocument` takes. */
const grammarMediaTypes = [
  'application/srgs+xml',
  'application/grammar+xml',
  'application/srgs',
  'application/x-jsgf',
  'application/jsgf',
  'text/uri-list',
  'text/grammar-ref-list',
  'multipart/mixed',
] as const;

type GrammarMediaType = (typeof grammarMediaTypes)[number];

/** More warnings than this say nothing new. */
const mostWarnings = 50;

/**
 * Compiles the body of a DEFINE-GRAMMAR or RECOGNIZE (RFC 6787 9.5.1); nothing is fetched and nothing is thrown.
 *
 * @param contentType as in the header, with its parameters (`multipart/mixed;boundary=…`).
 */
export function compileGrammarDocument(
  contentType: string,
  body: string,
  context: GrammarContext,
): GrammarCompilation {
  const type = mediaType(contentType);
  if (type === null) {
    const reason = `"${contentType}" is not a grammar type; use one of ${grammarMediaTypes.join(', ')}`;
    return { ok: false, kind: 'unsupported-type', cause: 'grammar-load-failure', reason };
  }
  const warnings: string[] = [];
  try {
    if (Buffer.byteLength(body) > speechLimits.grammarBytes)
      throw compilationFailure(`the grammar is larger than ${speechLimits.grammarBytes} bytes`);
    const warn = (text: string): void => void (warnings.length < mostWarnings && warnings.push(text));
    const compile = type === 'multipart/mixed' ? compileParts : compileOne;
    return { ok: true, grammars: compile(contentType, body, context, warn), warnings };
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    return { ok: false, kind: 'failed', cause: error.completionCause, reason: error.message };
  }
}

function mediaType(contentType: string): GrammarMediaType | null {
  const name = contentType.split(';', 1)[0]?.trim().toLowerCase();
  return grammarMediaTypes.find((type) => type === name) ?? null;
}

type Warn = (text: string) => void;

function compileOne(contentType: string, body: string, context: GrammarContext, warn: Warn): Grammar[] {
  const references = referencesOf(context);
  const finish = (compiled: CompiledGrammar): Grammar[] => {
    compiled.warnings.forEach(warn);
    return [compiled.grammar];
  };
  switch (mediaType(contentType)) {
    case 'application/srgs+xml':
    case 'application/grammar+xml':
      return finish(compileSrgs(body, references));
    case 'application/srgs':
      if (/^\uFEFF?\s*</.test(body)) return finish(compileSrgs(body, references));
      throw compilationFailure('the ABNF form of SRGS is not taken; send application/srgs+xml');
    case 'application/x-jsgf':
    case 'application/jsgf':
      return finish(compileJsgf(body, references));
    case 'text/uri-list':
    case 'text/grammar-ref-list':
      return resolveUriList(body, references, warn);
    case 'multipart/mixed':
      throw compilationFailure('a multipart body inside another is not taken');
    case null:
      throw compilationFailure(`a part of type "${contentType}" is no grammar`);
  }
}

/** RFC 6787 9.5.1: documents first, so that a list among the parts may name them by `session:<Content-ID>`. */
function compileParts(contentType: string, body: string, context: GrammarContext, warn: Warn): Grammar[] {
  const parts = splitMultipart(contentType, body);
  const compiled = new Map<number, Grammar[]>();
  const local = new Map<string, readonly Grammar[]>();
  const inner: GrammarContext = { ...context, lookup: (uri) => local.get(uri) ?? context.lookup(uri) };
  for (const [index, part] of parts.entries()) {
    if (isList(part.contentType)) continue;
    const uri = part.contentId === null ? context.uri : `session:${part.contentId}`;
    const grammars = compileOne(part.contentType, part.body, { ...inner, uri }, warn);
    compiled.set(index, grammars);
    if (part.contentId !== null) local.set(uri, grammars);
  }
  const all = parts.flatMap(
    (part, index) => compiled.get(index) ?? compileOne(part.contentType, part.body, inner, warn),
  );
  if (all.length === 0) throw compilationFailure('the multipart body has no part');
  if (all.length > speechLimits.grammarsPerRequest)
    throw new GrammarError('grammar-load-failure', `more than ${speechLimits.grammarsPerRequest} grammars`);
  return all;
}

function isList(contentType: string): boolean {
  const type = mediaType(contentType);
  return type === 'text/uri-list' || type === 'text/grammar-ref-list';
}

function referencesOf(context: GrammarContext): GrammarReferences {
  return {
    language: context.language,
    uri: context.uri,
    resolve: (uri, language, warn) => {
      const scheme = uri.slice(0, uri.indexOf(':') + 1).toLowerCase();
      if (scheme === 'builtin:')
        return [builtinGrammar(uri, { language, strict: context.strictBuiltins }, warn)];
      if (scheme === 'session:') return sessionGrammars(uri, context);
      const advice = 'send the grammar itself, or a session: or builtin: URI';
      throw new GrammarError('uri-failure', `"${uri}" is not fetched; ${advice}`);
    },
  };
}

/** A defined grammar, or one rule of it where the URI has a fragment (SRGS 1.0 section 2.2.2). */
function sessionGrammars(uri: string, context: GrammarContext): readonly Grammar[] {
  const whole = context.lookup(uri);
  if (whole !== null && whole.length > 0) return whole;
  const hash = uri.lastIndexOf('#');
  const found = hash < 0 ? null : context.lookup(uri.slice(0, hash));
  const root = uri.slice(hash + 1);
  const [grammar, ...others] = found ?? [];
  if (grammar?.kind !== 'rules' || others.length > 0 || !Object.hasOwn(grammar.rules, root))
    throw new GrammarError('grammar-load-failure', `no grammar is defined as "${uri}"`);
  return [{ ...grammar, uri, root }];
}
