import { speechLimits } from '../../../config/limits.js';
import { compilationFailure } from './errors.js';

/** One part of a `multipart/mixed` body (RFC 2046 section 5.1). */
export interface BodyPart {
  /** As written; `text/plain` when the part names none (RFC 2046 5.1). */
  readonly contentType: string;
  /** Without angle brackets, or null. */
  readonly contentId: string | null;
  readonly body: string;
}

/**
 * Cuts a multipart body into its parts.
 *
 * The boundary is the parameter of `contentType`; where that is missing (or was lower-cased on the way), it is the
 * first line that starts with two hyphens.
 *
 * @throws GrammarError when there is no boundary, no part, or more than `speechLimits.grammarsPerRequest` parts.
 */
export function splitMultipart(contentType: string, body: string): BodyPart[] {
  const named = boundaryOf(contentType);
  const present = named !== undefined && (body.startsWith(`--${named}`) || body.includes(`\n--${named}`));
  const boundary = present ? named : /^--(.*?)\s*$/m.exec(body)?.[1];
  if (boundary === undefined || boundary === '')
    throw compilationFailure('the multipart body has no boundary');
  const parts: BodyPart[] = [];
  let lines: string[] | null = null;
  for (const line of body.split(/\r?\n/)) {
    const marker = line.trimEnd();
    if (marker !== `--${boundary}` && marker !== `--${boundary}--`) {
      lines?.push(line);
      continue;
    }
    if (lines !== null) parts.push(readPart(lines));
    if (parts.length > speechLimits.grammarsPerRequest)
      throw compilationFailure(`the multipart body has more than ${speechLimits.grammarsPerRequest} parts`);
    lines = [];
    if (marker.endsWith('--') && marker !== `--${boundary}`) return parts;
  }
  throw compilationFailure('the multipart body has no closing boundary');
}

function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

function readPart(lines: readonly string[]): BodyPart {
  const blank = lines.indexOf('');
  const head = blank < 0 ? [] : lines.slice(0, blank);
  const field = (name: string): string | null => {
    const prefix = `${name}:`;
    const line = head.find((text) => text.toLowerCase().startsWith(prefix));
    return line === undefined ? null : line.slice(prefix.length).trim();
  };
  return {
    contentType: field('content-type') ?? 'text/plain',
    contentId: field('content-id')?.replace(/^<|>$/g, '') ?? null,
    body: lines.slice(blank + 1).join('\n'),
  };
}
