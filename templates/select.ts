import { BlockList, isIP } from 'node:net';

/** All conditions that are given must hold; `*` in a value stands for any text. None given: every call. */
export interface TemplateConditions {
  /** Source of the SIP signalling: an address or a CIDR block, IPv4 or IPv6. */
  readonly source?: string | undefined;
  /** User part of the From and To URIs. */
  readonly fromUser?: string | undefined;
  readonly toUser?: string | undefined;
  /** A header field of the INVITE; its name in any case. */
  readonly callHeader?: NamedValue | undefined;
  /** One of the MRCP Vendor-Specific-Parameters (RFC 6787 6.2.16). */
  readonly vendorParameter?: NamedValue | undefined;
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

export interface TemplateRule {
  /** Id of the template. */
  readonly template: string;
  readonly when: TemplateConditions;
}

/** What is known about the session that asks. */
export interface TemplateFacts {
  readonly sourceAddress: string;
  readonly fromUser: string;
  readonly toUser: string;
  readonly headers: readonly NamedValue[];
  readonly vendorParameters: ReadonlyMap<string, string>;
}

/** Id of the first rule's template whose conditions all hold, or null. */
export function selectTemplate(rules: readonly TemplateRule[], facts: TemplateFacts): string | null {
  return rules.find((rule) => allHold(rule.when, facts))?.template ?? null;
}

function allHold(when: TemplateConditions, facts: TemplateFacts): boolean {
  const { source, fromUser, toUser, callHeader, vendorParameter } = when;
  if (source !== undefined && !inBlock(facts.sourceAddress, source)) return false;
  if (fromUser !== undefined && !matches(fromUser, facts.fromUser)) return false;
  if (toUser !== undefined && !matches(toUser, facts.toUser)) return false;
  if (callHeader !== undefined && !hasHeader(callHeader, facts.headers)) return false;
  if (vendorParameter === undefined) return true;
  const value = facts.vendorParameters.get(vendorParameter.name);
  return value !== undefined && matches(vendorParameter.value, value);
}

function hasHeader(wanted: NamedValue, headers: readonly NamedValue[]): boolean {
  const name = wanted.name.toLowerCase();
  return headers.some((header) => header.name.toLowerCase() === name && matches(wanted.value, header.value));
}

/** Parts between the stars, in their order; the first and the last are anchored. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** False, too, for a block or an address that is none: the configuration's check names those. */
function inBlock(address: string, block: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const [base = '', prefix] = block.split('/');
  const family = isIP(base);
  if (family === 0 || isIP(plain) !== family) return false;
  const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(base, bits, type);
  return list.check(plain, type);
}
