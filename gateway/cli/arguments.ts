import { parseArgs } from 'node:util';

import { nearestName, suggestName } from '../../config/nearest.js';
import { verbs, type VerbDefinition } from './verbs.js';

/** What the user asked for on the command line; null stands for an option that was not given. */
export type Command =
  | { readonly verb: 'serve'; readonly configFile: string | null }
  | {
      readonly verb: 'check';
      readonly configFile: string | null;
      readonly treeFile: string | null;
      readonly json: boolean;
      readonly strict: boolean;
    }
  | {
      readonly verb: 'chat';
      readonly configFile: string | null;
      readonly treeFile: string | null;
      readonly json: boolean;
    }
  | {
      readonly verb: 'call';
      readonly configFile: string | null;
      readonly uri: string;
      /** What the synthetic caller says, one utterance a turn. */
      readonly say: readonly string[];
      /** Digits to press after the utterances, or empty. */
      readonly dtmf: string;
      readonly seconds: number;
    }
  | {
      readonly verb: 'test';
      readonly configFile: string | null;
      /** The scorer that the configuration names, or the in-box matcher whatever it names. */
      readonly scorer: 'configured' | 'ngram';
      /** Files and directories; empty for the shipped stories. */
      readonly stories: readonly string[];
      readonly treeFile: string | null;
      readonly json: boolean;
      readonly junitFile: string | null;
      /** Percent. */
      readonly minNodes: number;
      readonly minBranches: number;
      /** Rates of recognition errors to try, 0 to 1; empty: none. */
      readonly noise: readonly number[];
      readonly seed: number;
    }
  | (NodeArguments & {
      readonly verb: 'deploy';
      readonly file: string;
      /** Name of the tree at the node; null: the name in the file. */
      readonly tree: string | null;
      /** 1 to 99. */
      readonly canary: number | null;
    })
  | (NodeArguments & { readonly verb: 'promote'; readonly tree: string; readonly version: number | null })
  | (NodeArguments & { readonly verb: 'rollback'; readonly tree: string })
  | (NodeArguments & { readonly verb: 'versions'; readonly tree: string | null })
  | {
      readonly verb: 'graph';
      readonly configFile: string | null;
      readonly treeFile: string | null;
      readonly outFile: string;
      readonly coverageFile: string | null;
    }
  | {
      readonly verb: 'replay';
      readonly oldFile: string;
      readonly newFile: string;
      /** Files and directories of turn logs. */
      readonly logs: readonly string[];
      readonly json: boolean;
      readonly failOnChange: boolean;
    }
  | {
      readonly verb: 'suggest';
      readonly treeFile: string;
      readonly logs: readonly string[];
      /** Where the suggestions go; null: to the terminal. */
      readonly outFile: string | null;
    }
  | { readonly verb: 'accept'; readonly treeFile: string; readonly suggestionsFile: string }
  | { readonly verb: 'help'; readonly text: string }
  | { readonly verb: 'version' };

/** How a verb finds the running node that it speaks to. */
interface NodeArguments {
  readonly configFile: string | null;
  readonly node: string | null;
  readonly key: string | null;
}

export type Parsed =
  | { readonly ok: true; readonly command: Command }
  /** `message` says what is wrong, `fix` what to type; exit code 2. */
  | { readonly ok: false; readonly message: string; readonly fix: string };

const verbNames = Object.keys(verbs);
const helpOption = { help: { type: 'boolean', short: 'h' } } as const;

/** Reads the arguments after the program's name (`process.argv.slice(2)`); pure, never throws, never prints. */
export function parseArguments(argv: readonly string[]): Parsed {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h') return help(null);
  if (first === '--version' || first === '-v') return { ok: true, command: { verb: 'version' } };
  const definition = Object.hasOwn(verbs, first) ? verbs[first] : undefined;
  if (definition === undefined) {
    const what = first.startsWith('-')
      ? `the first word is a verb, not "${first}"`
      : `unknown verb "${first}"`;
    return { ok: false, message: what, fix: suggestName(first, verbNames) };
  }
  const values = readOptions(rest, definition);
  if ('message' in values) return { ok: false, ...values };
  if (values.options['help'] === true) return help(first);
  const count = values.positionals.length;
  if (count < definition.least || count > definition.most) {
    const extra = values.positionals[definition.most];
    const message = extra === undefined ? 'an argument is missing' : `unexpected argument "${extra}"`;
    return { ok: false, message, fix: `usage: ${definition.usage}` };
  }
  return build(first, values);
}

interface Values {
  readonly options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

function readOptions(
  argv: readonly string[],
  definition: VerbDefinition,
): Values | { readonly message: string; readonly fix: string } {
  const known = Object.fromEntries(
    Object.entries(definition.options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...known, ...helpOption },
      allowPositionals: true,
    });
    return { options: values, positionals };
  } catch (error) {
    return explain(error, argv, definition);
  }
}

function explain(error: unknown, argv: readonly string[], definition: VerbDefinition) {
  const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  const names = Object.keys(definition.options);
  const unknown = /^Unknown option '--?([^']+)'/.exec(message)?.[1];
  if (unknown === undefined)
    return { message: message.replaceAll("'", '"'), fix: `usage: ${definition.usage}` };
  const nearest = nearestName(unknown, names);
  const fix = nearest === null ? `usage: ${definition.usage}` : `did you mean --${nearest}?`;
  const shown = argv.find((word) => word.replace(/^-+/, '').split('=')[0] === unknown) ?? `--${unknown}`;
  return { message: `unknown option "${shown}"`, fix };
}

function build(verb: string, { options, positionals }: Values): Parsed {
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : null);
  const configFile = text('config');
  const treeFile = text('tree');
  switch (verb) {
    case 'serve':
      return { ok: true, command: { verb, configFile } };
    case 'check':
      return {
        ok: true,
        command: {
          verb,
          configFile,
          treeFile,
          json: options['json'] === true,
          strict: options['strict'] === true,
        },
      };
    case 'chat':
      return { ok: true, command: { verb, configFile, treeFile, json: options['json'] === true } };
    case 'graph': {
      const outFile = text('out') ?? 'tree.html';
      return { ok: true, command: { verb, configFile, treeFile, outFile, coverageFile: text('coverage') } };
    }
    case 'test':
      return buildTest({ configFile, treeFile }, positionals, options);
    case 'replay': {
      const [oldFile = '', newFile = '', ...logs] = positionals;
      const flags = { json: options['json'] === true, failOnChange: options['fail-on-change'] === true };
      return { ok: true, command: { verb, oldFile, newFile, logs, ...flags } };
    }
    case 'suggest':
      return buildSuggest(treeFile, positionals, text('out'), text('accept'));
    case 'call':
      return buildCall(configFile, positionals[0] ?? '', options);
    case 'deploy':
    case 'promote':
    case 'rollback':
    case 'versions':
      return buildTreeVerb(verb, { configFile, node: text('node'), key: text('key') }, positionals[0], text);
    case 'version':
      return { ok: true, command: { verb } };
    default:
      return helpAbout(positionals[0]);
  }
}

function buildTest(
  files: { readonly configFile: string | null; readonly treeFile: string | null },
  stories: readonly string[],
  options: Values['options'],
): Parsed {
  const { junit, scorer = 'configured' } = options;
  if (scorer !== 'configured' && scorer !== 'ngram')
    return {
      ok: false,
      message: `--scorer: "${String(scorer)}" is no choice`,
      fix: 'write configured or ngram',
    };
  const [minNodes, minBranches] = ['min-nodes', 'min-branches'].map((name) => Number(options[name] ?? '0'));
  for (const share of [minNodes, minBranches]) {
    if (share === undefined || !(share >= 0 && share <= 100))
      return { ok: false, message: 'a coverage is not a percentage', fix: 'write a number from 0 to 100' };
  }
  const noise = typeof options['noise'] === 'string' ? options['noise'].split(',').map(Number) : [];
  if (noise.length > 10 || !noise.every((rate) => rate > 0 && rate <= 1))
    return { ok: false, message: '--noise is no list of rates', fix: 'write up to ten, such as 0.1,0.3' };
  const seed = Number(options['seed'] ?? '1');
  if (!Number.isSafeInteger(seed))
    return { ok: false, message: '--seed is no number', fix: 'write a whole number' };
  const junitFile = typeof junit === 'string' ? junit : null;
  const json = options['json'] === true;
  const shares = { minNodes: minNodes ?? 0, minBranches: minBranches ?? 0 };
  return {
    ok: true,
    command: { verb: 'test', ...files, scorer, stories, json, junitFile, noise, seed, ...shares },
  };
}

function buildSuggest(
  treeFile: string | null,
  logs: readonly string[],
  outFile: string | null,
  suggestionsFile: string | null,
): Parsed {
  const usage = `usage: ${verbs['suggest']?.usage ?? ''}`;
  if (treeFile === null) return { ok: false, message: 'the tree is missing (--tree FILE)', fix: usage };
  if (suggestionsFile !== null) {
    if (logs.length > 0 || outFile !== null)
      return { ok: false, message: '--accept takes neither turn logs nor --out', fix: usage };
    return { ok: true, command: { verb: 'accept', treeFile, suggestionsFile } };
  }
  if (logs.length === 0) return { ok: false, message: 'the turn logs are missing', fix: usage };
  return { ok: true, command: { verb: 'suggest', treeFile, logs, outFile } };
}

function buildCall(configFile: string | null, uri: string, options: Values['options']): Parsed {
  const { say, dtmf = '', seconds = '60' } = options;
  if (!/^sips?:\S+$/i.test(uri))
    return { ok: false, message: `"${uri}" is not a SIP URI`, fix: 'write sip:bot@127.0.0.1:5060' };
  if (typeof dtmf !== 'string' || !/^[0-9*#A-D]*$/.test(dtmf))
    return { ok: false, message: '--dtmf has a key that no telephone has', fix: 'use 0-9, *, # and A-D' };
  const limit = Number(seconds);
  if (!Number.isInteger(limit) || limit < 1 || limit > 3_600)
    return {
      ok: false,
      message: '--seconds is not a number of seconds',
      fix: 'write a whole number from 1 to 3600',
    };
  const utterances = Array.isArray(say) ? say.filter((item) => typeof item === 'string') : [];
  return { ok: true, command: { verb: 'call', configFile, uri, say: utterances, dtmf, seconds: limit } };
}

function buildTreeVerb(
  verb: 'deploy' | 'promote' | 'rollback' | 'versions',
  node: NodeArguments,
  argument: string | undefined,
  text: (name: string) => string | null,
): Parsed {
  if (node.node !== null && !/^https?:\/\/[^\s/]+\/?$/i.test(node.node))
    return { ok: false, message: '--node is not the URL of a node', fix: 'write http://127.0.0.1:8080' };
  const tree = argument ?? '';
  switch (verb) {
    case 'versions':
      return { ok: true, command: { verb, ...node, tree: argument ?? null } };
    case 'rollback':
      return { ok: true, command: { verb, ...node, tree } };
    case 'promote': {
      const version = wholeNumber(text('version'), 0, Number.MAX_SAFE_INTEGER);
      if (version === undefined)
        return { ok: false, message: '--version is not a version number', fix: 'write a whole number' };
      return { ok: true, command: { verb, ...node, tree, version } };
    }
    case 'deploy': {
      const canary = wholeNumber(text('canary'), 1, 99);
      if (canary === undefined)
        return {
          ok: false,
          message: '--canary is not a percentage',
          fix: 'write a whole number from 1 to 99',
        };
      return { ok: true, command: { verb, ...node, file: tree, tree: text('tree'), canary } };
    }
  }
}

/** Null for an option that was not given, undefined for one that is not such a number. */
function wholeNumber(text: string | null, least: number, most: number): number | null | undefined {
  if (text === null) return null;
  const number = Number(text);
  return /^\d+$/.test(text) && number >= least && number <= most ? number : undefined;
}

function helpAbout(verb: string | undefined): Parsed {
  if (verb === undefined) return help(null);
  if (Object.hasOwn(verbs, verb)) return help(verb);
  return { ok: false, message: `unknown verb "${verb}"`, fix: suggestName(verb, verbNames) };
}

function help(verb: string | null): Parsed {
  const definition = verb === null ? undefined : verbs[verb];
  const text = definition ? verbHelp(definition) : generalHelp();
  return { ok: true, command: { verb: 'help', text } };
}

function generalHelp(): string {
  const rows = verbNames.map((name) => `  ${name.padEnd(8)} ${verbs[name]?.help ?? ''}`);
  return [
    'parley: a self-hosted voice-bot and chat gateway (MRCPv2, SIP, RTP).',
    '',
    'Usage: parley VERB [OPTIONS]',
    '',
    ...rows,
    '',
    'parley VERB --help says more. Every key of the configuration is in config/parley.example.yaml.',
  ].join('\n');
}

function verbHelp(definition: VerbDefinition): string {
  const rows = Object.entries(definition.options).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    return `  ${short}${`--${name} ${option.value ?? ''}`.padEnd(18)} ${option.help}`;
  });
  const options = rows.length > 0 ? ['', ...rows] : [];
  return [`Usage: ${definition.usage}`, '', definition.help, ...options].join('\n');
}
