import { AddressSet } from './cidr.js';
import type { Config } from './schema.js';
import type { PlatformConditions } from './sections/conversation.js';

/** What is known about one RECOGNIZE when its answer has to be chosen. */
export interface PlatformFacts {
  /** SIP source address. */
  readonly source: string;
  readonly fromUser: string;
  readonly toUser: string;
  /** A header field of the INVITE by name, ignoring case; undefined when absent. */
  callHeader(name: string): string | undefined;
  /** Vendor-Specific-Parameters in force (RFC 6787 6.2.16). */
  readonly vendorParameters: ReadonlyMap<string, string>;
}

export interface PlatformChoice {
  /** Whether RECOGNITION-COMPLETE carries the tree's answer or plain NLSML. */
  readonly mode: 'dialogue' | 'recognition';
  readonly template: string;
  /** Key of `dialog.trees`. */
  readonly tree: string;
  /** The tree that a vendor parameter asked for and that does not exist; `tree` is then the rule's or the default. */
  readonly unknownTree: string | null;
}

interface CompiledRule {
  readonly rule: Config['templates']['rules'][number];
  readonly applies: (facts: PlatformFacts) => boolean;
}

/** Chooses mode, template and tree of MRCP requests as `mrcp.mode` and `templates.rules` describe; made once a config. */
export class PlatformRules {
  readonly #config: Config;
  readonly #rules: readonly CompiledRule[];

  constructor(config: Config) {
    this.#config = config;
    this.#rules = config.templates.rules.map((rule) => ({
      rule,
      applies: platformCondition(rule.when),
    }));
  }

  choose(facts: PlatformFacts): PlatformChoice {
    const { dialog, templates } = this.#config;
    const rule = this.#rules.find(({ applies }) => applies(facts))?.rule;
    const asked = vendorParameter(facts.vendorParameters, 'parley.tree');
    const askedExists = asked !== undefined && Object.hasOwn(dialog.trees, asked);
    return {
      mode: this.#mode(facts, asked, rule?.mode),
      template: rule?.template ?? templates.default,
      tree: askedExists ? asked : (rule?.tree ?? dialog.tree),
      unknownTree: asked !== undefined && !askedExists ? asked : null,
    };
  }

  #mode(
    facts: PlatformFacts,
    askedTree: string | undefined,
    ruleMode: PlatformChoice['mode'] | undefined,
  ): PlatformChoice['mode'] {
    const { mode } = this.#config.mrcp;
    if (mode !== 'auto') return mode;
    const asked = vendorParameter(facts.vendorParameters, 'parley.mode')?.toLowerCase();
    if (asked === 'dialogue' || asked === 'recognition') return asked;
    if (askedTree !== undefined) return 'dialogue';
    return ruleMode ?? 'recognition';
  }
}

/** Tells whether every condition that is given holds; made once, because address ranges are parsed here. */
export function platformCondition(when: PlatformConditions): (facts: PlatformFacts) => boolean {
  const source = when.source === null ? null : new AddressSet([when.source]);
  return (facts) => holds(when, source, facts);
}

function holds(when: PlatformConditions, source: AddressSet | null, facts: PlatformFacts): boolean {
  if (source && !source.has(facts.source)) return false;
  if (when.fromUser !== null && when.fromUser !== facts.fromUser) return false;
  if (when.toUser !== null && when.toUser !== facts.toUser) return false;
  if (when.callHeader && facts.callHeader(when.callHeader.name) !== when.callHeader.value) return false;
  if (!when.vendorParameter) return true;
  return vendorParameter(facts.vendorParameters, when.vendorParameter.name) === when.vendorParameter.value;
}

/** Names are compared ignoring case, and `.` is the same as `-`: some platforms allow only one of them in a name. */
export function vendorParameter(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const wanted = foldName(name);
  for (const [key, value] of parameters) if (foldName(key) === wanted) return value;
  return undefined;
}

function foldName(name: string): string {
  return name.toLowerCase().replaceAll('-', '.');
}
