/** What a recogniser's result and the conversation's answer offer to a template. Absent text is ''. */
export interface TemplateVariables {
  /** What the bot answers, as plain text. */
  readonly reply: string;
  /** The same as SSML (a `<speak>` document or a fragment), or ''. */
  readonly replySsml: string;
  readonly transcript: string;
  /** The recogniser's, 0 to 1. */
  readonly confidence: number;
  readonly inputMode: 'speech' | 'dtmf';
  readonly nodeId: string;
  readonly branchId: string;
  /** Similarity of the branch, 0 to 1, or null where none was needed. */
  readonly score: number | null;
  readonly action: 'continue' | 'transfer' | 'hangup';
  readonly transferTo: string;
  readonly sessionId: string;
  readonly slots: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly channelId: string;
  readonly grammar: string;
  readonly language: string;
  /** Whatever the tree sets. */
  readonly vars: Readonly<Record<string, string>>;
}

/** What a conversation that has not begun has to say; callers spread it and set what they know. */
export const emptyVariables: TemplateVariables = {
  reply: '',
  replySsml: '',
  transcript: '',
  confidence: 0,
  inputMode: 'speech',
  nodeId: '',
  branchId: '',
  score: null,
  action: 'continue',
  transferTo: '',
  sessionId: '',
  slots: {},
  tags: [],
  channelId: '',
  grammar: '',
  language: '',
  vars: {},
};

/**
 * Variables that are one text or number. Two are derived: `replyMarkup` is what stands inside the `<speak>` of
 * `replySsml`, and `confidencePercent` is the confidence as a whole number from 0 to 100.
 */
export const textVariables = [
  'reply',
  'replySsml',
  'replyMarkup',
  'transcript',
  'confidence',
  'confidencePercent',
  'inputMode',
  'nodeId',
  'branchId',
  'score',
  'action',
  'transferTo',
  'sessionId',
  'tags',
  'channelId',
  'grammar',
  'language',
] as const;

/** Variables that have members: `slots.phone`, `{{#each slots}}`. */
export const recordVariables = ['slots', 'vars'] as const;

/** Variables that are XML themselves and may stand in triple braces. */
export const xmlVariables = ['replySsml', 'replyMarkup'] as const;

export type TextVariable = (typeof textVariables)[number];
export type RecordVariable = (typeof recordVariables)[number];

/** A reference, resolved when the template is parsed. `loop` is `{{key}}` and `{{value}}` inside `{{#each}}`. */
export type VariableReference =
  | { readonly kind: 'text'; readonly name: TextVariable }
  | { readonly kind: 'member'; readonly record: RecordVariable; readonly member: string }
  | { readonly kind: 'record'; readonly record: RecordVariable }
  | { readonly kind: 'loop'; readonly name: 'key' | 'value' };

/** Where a value lands, which decides how it is made safe: character data and attributes, CDATA, or an element's name. */
export type Placement = 'markup' | 'cdata' | 'name';

/** What writes to the output; `offset` is where it stands in the file, in UTF-16 code units. */
export type TemplateLeaf =
  | { readonly kind: 'literal'; readonly text: string; readonly offset: number }
  | {
      readonly kind: 'variable';
      readonly variable: VariableReference;
      readonly placement: Placement;
      /** `xml` is triple braces, inserted as it is; `script` is `{{js name}}`, safe inside an ECMAScript string. */
      readonly form: 'text' | 'xml' | 'script';
      readonly offset: number;
    };

export type TemplateNode =
  | TemplateLeaf
  | {
      readonly kind: 'if';
      readonly variable: VariableReference;
      /** The text to be equal to, or null for "is set". */
      readonly equals: string | null;
      readonly negated: boolean;
      readonly children: readonly TemplateNode[];
    }
  | {
      readonly kind: 'each';
      readonly list: RecordVariable | 'tags';
      readonly children: readonly TemplateNode[];
    };

/** A parsed and checked template; immutable. */
export interface ResponseTemplate {
  readonly id: string;
  /** Media type of what it renders, for the Content-Type header. */
  readonly contentType: string;
  readonly description: string;
  /** The file it came from. */
  readonly file: string;
  readonly nodes: readonly TemplateNode[];
}

/** What is wrong with a template file, where (line and column from 1), and what to do about it. */
export interface TemplateProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly fix: string;
}
