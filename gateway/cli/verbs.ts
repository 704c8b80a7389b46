/** One `--option` of a verb. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly value?: string;
  readonly help: string;
}

/** How a verb is typed, and what its help says. */
export interface VerbDefinition {
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

const nodeOptions = {
  node: {
    type: 'string',
    value: 'URL',
    help: 'The node to speak to; without it the one that the configuration starts.',
  },
  key: { type: 'string', value: 'KEY', help: 'API key; without it the first of security.apiKeys.' },
  config: configOption,
} as const satisfies Record<string, Option>;

/** Every verb, in the order in which the help lists them. */
export const verbs: Readonly<Record<string, VerbDefinition>> = {
  serve: {
    usage: 'parley serve [--config FILE]',
    help: 'Serve calls, MRCP sessions and chats until SIGTERM.',
    options: { config: configOption },
    least: 0,
    most: 0,
  },
  check: {
    usage: 'parley check [--config FILE] [--tree FILE] [--json] [--strict]',
    help: 'Validate configuration, dialog trees and templates; exit code 1 with file:line and the fix.',
    options: {
      config: configOption,
      tree: treeOption('Check this dialog tree instead of the configured ones.'),
      json: { type: 'boolean', help: 'Print the problems as one JSON array.' },
      strict: { type: 'boolean', help: 'Exit code 1 for warnings, too.' },
    },
    least: 0,
    most: 0,
  },
  chat: {
    usage: 'parley chat [--config FILE] [--tree FILE] [--json]',
    help: 'Talk to a dialog tree in the terminal, with the scores of each turn.',
    options: {
      config: configOption,
      tree: treeOption('Dialog tree; without it the configured one.'),
      json: { type: 'boolean', help: 'Write one JSON object for each turn: why it went as it did.' },
    },
    least: 0,
    most: 0,
  },
  test: {
    usage:
      'parley test [STORIES ...] [--tree FILE] [--min-nodes N] [--min-branches N] [--noise RATES] [--scorer NAME] [--junit FILE] [--json] [--config FILE]',
    help: 'Hold the conversations of story files with their trees; without files, the shipped ones.',
    options: {
      tree: treeOption('Tree to test instead of the one that the stories name.'),
      'min-nodes': { type: 'string', value: 'N', help: 'Fail below this coverage of nodes, in percent.' },
      'min-branches': {
        type: 'string',
        value: 'N',
        help: 'Fail below this coverage of branches, in percent.',
      },
      noise: {
        type: 'string',
        value: 'RATES',
        help: 'Also hear every sentence with errors, for example 0.1,0.3, and tell how often it is still right.',
      },
      scorer: {
        type: 'string',
        value: 'NAME',
        help: 'configured: as similarity.scorer says (the default); ngram: the in-box matcher, without a configuration.',
      },
      seed: { type: 'string', value: 'N', help: 'Chooses the errors; the same ones for the same number.' },
      junit: { type: 'string', value: 'FILE', help: 'Write a report for a CI server.' },
      json: { type: 'boolean', help: 'Print results and coverage as JSON.' },
      config: configOption,
    },
    least: 0,
    most: 1_000,
  },
  graph: {
    usage: 'parley graph [--tree FILE] [--out FILE] [--coverage FILE] [--config FILE]',
    help: 'Draw a dialog tree: a page to look at and click (.html), a drawing (.svg) or Mermaid (.mmd).',
    options: {
      tree: treeOption('Dialog tree; without it the configured one.'),
      out: { type: 'string', short: 'o', value: 'FILE', help: 'Where it goes; tree.html without it.' },
      coverage: { type: 'string', value: 'FILE', help: 'What "parley test --json" printed, to be shown.' },
      config: configOption,
    },
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
  replay: {
    usage: 'parley replay OLD-TREE NEW-TREE LOG ... [--json] [--fail-on-change]',
    help: 'Decide what people said again with two trees, and list what an edit changes for them.',
    options: {
      json: { type: 'boolean', help: 'Print counts and changes as JSON.' },
      'fail-on-change': { type: 'boolean', help: 'Exit code 1 when a decision changes.' },
    },
    least: 3,
    most: 1_000,
  },
  suggest: {
    usage:
      'parley suggest --tree FILE LOG ... [--out FILE]\n       parley suggest --tree FILE --accept SUGGESTIONS',
    help: 'Sort what was not understood into suggested examples, or put the accepted ones into the tree.',
    options: {
      tree: treeOption('Dialog tree that the turns are of; --accept changes it.'),
      out: { type: 'string', short: 'o', value: 'FILE', help: 'Where the suggestions go (YAML).' },
      accept: {
        type: 'string',
        value: 'FILE',
        help: 'Suggestions; those with "accept: true" are put into the tree.',
      },
    },
    least: 0,
    most: 1_000,
  },
  deploy: {
    usage: 'parley deploy FILE [--tree NAME] [--canary PERCENT] [--node URL] [--key KEY] [--config FILE]',
    help: 'Check a dialog tree, send it to a running node and give it to new sessions.',
    options: {
      tree: { type: 'string', value: 'NAME', help: 'Key of dialog.trees; without it the name in the file.' },
      canary: { type: 'string', value: 'PERCENT', help: 'Only to so many callers in a hundred (1 to 99).' },
      ...nodeOptions,
    },
    least: 1,
    most: 1,
  },
  promote: {
    usage: 'parley promote NAME [--version N] [--node URL] [--key KEY] [--config FILE]',
    help: 'Give the canary of a tree, or a version that is kept, to all new sessions.',
    options: {
      version: { type: 'string', value: 'N', help: 'This version instead of the canary.' },
      ...nodeOptions,
    },
    least: 1,
    most: 1,
  },
  rollback: {
    usage: 'parley rollback NAME [--node URL] [--key KEY] [--config FILE]',
    help: 'End the canary of a tree, or go back to the version before.',
    options: nodeOptions,
    least: 1,
    most: 1,
  },
  versions: {
    usage: 'parley versions [NAME] [--node URL] [--key KEY] [--config FILE]',
    help: 'List the versions of the trees, what is in force and how many sessions are on each.',
    options: nodeOptions,
    least: 0,
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
