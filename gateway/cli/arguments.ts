import { parseArgs } from 'node:util';

import { nearestName, suggestName } from '../../config/nearest.js';

/** What the user asked for on the command line; null stands for an option that was not given. */
export type Command =
  | { readonly verb: 'serve'; readonly configFile: string | null }
  | { readonly verb: 'check'; readonly configFile: string | null; readonly treeFile: string | null }
  | { readonly verb: 'chat'; readonly configFile: string | null; readonly treeFile: string | null }
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
  | { readonly verb: 'help'; readonly text: string }
  | { readonly verb: 'version' };

export type Parsed =
  | { readonly ok: true; readonly command: Command }
  /** `message` says what is wrong, `fix` what to type; exit code 2. */
  | { readonly ok: false; readonly message: string; readonly fix: string };

interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly value?: string;
  readonly help: string;
}

interface VerbDefinition {
  readonly usage: string;
  readonly help: string;
  readonly options: Readonly<Record<string, Option>>;
  /** How many positional arguments it takes. */
  readonly least: number;
  readonly most: number;
}

const configOption: Option = {
  type: 'string',
  short: 'c',
  value: 'FILE',
  help: 'Configuration (YAML); without it the defaults.',
};

const treeOption = (help: string): Option => ({ type: 'string', short: 't', value: 'FILE', help });

const verbs: Readonly<Record<string, VerbDefinition>> = {
  serve: {
    usage: 'parley serve [--config FILE]',
    help: 'Serve calls, MRCP sessions and chats until SIGTERM.',
    options: { config: configOption },
    least: 0,
    most: 0,
  },
  check: {
    usage: 'parley check [--config FILE] [--tree FILE]',
    help: 'Validate configuration, dialog trees and templates; exit code 1 with file:line and the fix.',
    options: {
      config: configOption,
      tree: treeOption('Check this dialog tree instead of the configured ones.'),
    },
    least: 0,
    most: 0,
  },
  chat: {
    usage: 'parley chat [--config FILE] [--tree FILE]',
    help: 'Talk to a dialog tree in the terminal, with the scores of each turn.',
    options: { config: configOption, tree: treeOption('Dialog tree; without it the configured one.') },
    least: 0,
    most: 0,
  },
  call: {
    usage: 'parley call SIP-URI [--say TEXT ...] [--dtmf DIGITS] [--seconds N] [--config FILE]',
    help: 'Place a call with a synthetic caller and print the transcript with timings.',
    options: {
      say: {
        type: 'string',
        multiple: true,
        value: 'TEXT',
        help: 'Say this on the next turn; repeat for more turns.',
      },
      dtmf: {
        type: 'string',
        value: 'DIGITS',
        help: 'Press these keys (0-9 * # A-D) after the last utterance.',
      },
      seconds: { type: 'string', value: 'N', help: 'Hang up after N seconds (1 to 3600); 60 without it.' },
      config: configOption,
    },
    least: 1,
    most: 1,
  },
  help: {
    usage: 'parley help [VERB]',
    help: 'Say this, or more about one verb.',
    options: {},
    least: 0,
    most: 1,
  },
  version: { usage: 'parley version', help: 'Print the version.', options: {}, least: 0, most: 0 },
};

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
    case 'chat':
      return { ok: true, command: { verb, configFile, treeFile } };
    case 'call':
      return buildCall(configFile, positionals[0] ?? '', options);
    case 'version':
      return { ok: true, command: { verb } };
    default:
      return helpAbout(positionals[0]);
  }
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
