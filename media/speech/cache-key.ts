import { createHash } from 'node:crypto';
import type { WireEncoding } from './audio-clip.js';
import type { SynthesisRequest } from './synthesizer.js';

/** What canonical JSON can say: no undefined, no NaN, no class instances. */
export type CanonicalValue =
  string | number | boolean | null | readonly CanonicalValue[] | { readonly [name: string]: CanonicalValue };

/**
 * JSON with one spelling for one value: object names sorted by code unit, no spaces, `-0` written `0`.
 *
 * Strings go in exactly as they are. No Unicode normalisation: an engine may speak two forms of one text differently,
 * and a needless second synthesis costs less than a wrong voice. Throws RangeError for a number JSON cannot carry.
 */
export function canonicalJson(value: CanonicalValue): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} has no JSON form`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

function isList(value: object): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

/** Everything that decides which octets a prompt becomes. */
export interface SynthesisIdentity {
  readonly engine: string;
  readonly revision: string;
  /** What the engine is asked for; differs from `wireRateHz` when the cache resamples. */
  readonly engineRateHz: number;
  readonly encoding: WireEncoding;
  readonly wireRateHz: number;
  readonly request: SynthesisRequest;
}

/** A prompt's name: `md5` is the short key (32 hex digits), `canonical` the text it was made of. */
export interface SynthesisKey {
  readonly md5: string;
  readonly canonical: string;
}

/**
 * The key of one prompt's audio.
 *
 * MD5 is short and fast but not collision-proof, and callers' words reach the text through slots; whoever looks up by
 * `md5` therefore compares `canonical` before trusting a hit.
 */
export function synthesisKey(identity: SynthesisIdentity): SynthesisKey {
  const { engine, revision, engineRateHz, encoding, wireRateHz, request } = identity;
  // Every field by name: a field added to SynthesisRequest fails to compile here until it is part of the key.
  const requestFields: Record<keyof SynthesisRequest, CanonicalValue> = {
    text: request.text,
    format: request.format,
    language: request.language,
    voice: request.voice,
    speed: request.speed,
    pitch: request.pitch,
    volume: request.volume,
    sampleRateHz: request.sampleRateHz,
    extras: request.extras,
  };
  const canonical = canonicalJson({
    engine,
    revision,
    engineRateHz,
    encoding,
    wireRateHz,
    request: requestFields,
  });
  return { md5: createHash('md5').update(canonical).digest('hex'), canonical };
}
