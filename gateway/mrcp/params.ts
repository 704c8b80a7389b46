import { mrcpLimits } from '../../config/limits.js';
import type { FieldTable } from './header-fields.js';
import type { HeaderField } from './message.js';
import { status } from './status.js';
import type { StatusCode } from './status.js';
import { formatVendorParameters, parseVendorParameters } from './vendor-parameters.js';

/** A status and, on failure, the offending fields exactly as they came (RFC 6787 6.1.1). */
export interface FieldsVerdict {
  readonly status: StatusCode;
  readonly headers: readonly HeaderField[];
}

const vendorField = 'vendor-specific-parameters';

/** Fields of the message itself, never parameters of the session. */
const framing: ReadonlySet<string> = new Set(['channel-identifier', 'content-length']);

function isVendorField(field: HeaderField): boolean {
  return field.name.toLowerCase() === vendorField;
}

/** Illegal values first, then unsupported fields, then unsupported values: only the worst kind is told (6.1.1). */
function worst(byStatus: ReadonlyMap<StatusCode, HeaderField[]>): FieldsVerdict | null {
  for (const code of [status.illegalHeaderValue, status.unsupportedHeader, status.unsupportedHeaderValue]) {
    const headers = byStatus.get(code);
    if (headers) return { status: code, headers };
  }
  return null;
}

function collect(map: Map<StatusCode, HeaderField[]>, code: StatusCode, field: HeaderField): void {
  const list = map.get(code);
  if (list) list.push(field);
  else map.set(code, [field]);
}

function checkValue(fields: FieldTable, field: HeaderField): StatusCode {
  const result = fields.get(field.name.toLowerCase())?.check(field.value) ?? 'ok';
  if (result === 'illegal') return status.illegalHeaderValue;
  return result === 'unsupported' ? status.unsupportedHeaderValue : status.success;
}

/**
 * Checks the values of a request that is not SET-PARAMS or GET-PARAMS: 404 or 409 with the bad fields, or null.
 *
 * Unknown fields are ignored (RFC 6787 5.1 lets a resource skip what it does not know): vendors add their own, and
 * clients take a 201 for a failure.
 */
export function checkRequestFields(
  fields: FieldTable,
  headers: readonly HeaderField[],
): FieldsVerdict | null {
  const bad = new Map<StatusCode, HeaderField[]>();
  for (const field of headers) {
    const code = checkValue(fields, field);
    if (code !== status.success) collect(bad, code, field);
  }
  return worst(bad);
}

/**
 * What SET-PARAMS has set on one channel, for the life of the session (RFC 6787 6.1).
 *
 * `defaults` (by lower-cased field name) answer GET-PARAMS for what was never set. At most one value for each settable
 * field is held, each bounded by its check.
 */
export class SessionParams {
  readonly #fields: FieldTable;
  readonly #defaults: ReadonlyMap<string, string>;
  readonly #values = new Map<string, string>();
  #vendor: ReadonlyMap<string, string> = new Map<string, string>();

  constructor(fields: FieldTable, defaults: ReadonlyMap<string, string>) {
    this.#fields = fields;
    this.#defaults = defaults;
  }

  /** SET-PARAMS: all or nothing (RFC 6787 6.1.1). */
  set(headers: readonly HeaderField[]): FieldsVerdict {
    const wanted = headers.filter((field) => !framing.has(field.name.toLowerCase()));
    const bad = new Map<StatusCode, HeaderField[]>();
    for (const field of wanted) {
      const spec = this.#fields.get(field.name.toLowerCase());
      const code = spec?.settable ? checkValue(this.#fields, field) : status.unsupportedHeader;
      if (code !== status.success) collect(bad, code, field);
    }
    const vendor = this.vendorParameters(wanted);
    if (vendor.size > mrcpLimits.vendorParameters) {
      for (const field of wanted.filter(isVendorField)) collect(bad, status.unsupportedHeaderValue, field);
    }
    const verdict = worst(bad);
    if (verdict) return verdict;
    for (const field of wanted) {
      if (!isVendorField(field)) this.#values.set(field.name.toLowerCase(), field.value);
    }
    this.#vendor = vendor;
    return { status: status.success, headers: [] };
  }

  /** GET-PARAMS: the named parameters, or every settable one when none is named (RFC 6787 6.1.2). */
  get(headers: readonly HeaderField[]): FieldsVerdict {
    const asked = headers.filter((field) => !framing.has(field.name.toLowerCase()));
    const unsupported = asked.filter((field) => !this.#fields.get(field.name.toLowerCase())?.settable);
    if (unsupported.length > 0) return { status: status.unsupportedHeader, headers: unsupported };
    const answer =
      asked.length > 0
        ? asked.map((field) => ({ name: field.name, value: this.#read(field.name, field.value) }))
        : this.#all();
    return { status: status.success, headers: answer };
  }

  /** The value in force for a request: its own field, else the session's, else the default, else null (6.1.1). */
  inForce(name: string, request: readonly HeaderField[]): string | null {
    const key = name.toLowerCase();
    for (const field of request) {
      if (field.name.toLowerCase() === key) return field.value;
    }
    return this.#values.get(key) ?? this.#defaults.get(key) ?? null;
  }

  /** The session's vendor parameters, overlaid by the request's (RFC 6787 6.2.16). */
  vendorParameters(request: readonly HeaderField[]): ReadonlyMap<string, string> {
    const merged = new Map(this.#vendor);
    for (const field of request) {
      if (!isVendorField(field)) continue;
      const parsed = parseVendorParameters(field.value);
      if (!parsed.ok) continue;
      for (const [name, value] of parsed.parameters) merged.set(name, value);
    }
    return merged;
  }

  #read(name: string, selection: string): string {
    const key = name.toLowerCase();
    if (key !== vendorField) return this.#values.get(key) ?? this.#defaults.get(key) ?? '';
    const names = parseVendorParameters(selection);
    if (!names.ok || names.parameters.size === 0) return formatVendorParameters(this.#vendor);
    const chosen = new Map<string, string>();
    for (const wanted of names.parameters.keys()) chosen.set(wanted, this.#vendor.get(wanted) ?? '');
    return formatVendorParameters(chosen);
  }

  #all(): HeaderField[] {
    const all: HeaderField[] = [];
    for (const spec of this.#fields.values()) {
      if (spec.settable) all.push({ name: spec.name, value: this.#read(spec.name, '') });
    }
    return all;
  }
}
