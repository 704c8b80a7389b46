import type { DialogState } from '../../dialog/state.js';
import type { DialogTree } from '../../dialog/tree.js';
import { textOf } from '../../dialog/value.js';
import type { ListenOutcome } from '../../media/worker/media-host.js';
import { render } from '../../templates/render.js';
import type { ResponseTemplate, TemplateVariables } from '../../templates/schema.js';
import type { BotTurn } from './conversation.js';
import { speakDocument } from './spoken-prompt.js';

/** Everything a platform's answer is made of. */
export interface RenderedTurn {
  readonly turn: BotTurn;
  readonly tree: DialogTree;
  readonly state: DialogState;
  /** What was heard; null for a greeting. */
  readonly outcome: ListenOutcome | null;
  readonly sessionId: string;
  readonly channelId: string;
  readonly grammarUri: string;
}

export interface RenderedResponse {
  readonly contentType: string;
  readonly body: string;
}

/** Renders turns with the platforms' templates. */
export class ResponseRenderer {
  readonly #template: (id: string) => ResponseTemplate | null;

  /** `template` looks an id up in the set in force, so that a reload is seen at once. */
  constructor(template: (id: string) => ResponseTemplate | null) {
    this.#template = template;
  }

  /** Throws for an id that is not loaded; the configuration's ids are checked at start. */
  render(templateId: string, turn: RenderedTurn): RenderedResponse {
    const template = this.#template(templateId);
    if (!template) throw new Error(`there is no template "${templateId}"`);
    return { contentType: template.contentType, body: render(template, templateVariables(turn)) };
  }
}

/** All prompts of a turn as one text. */
export function spokenReply(turn: BotTurn): string {
  return turn.prompts
    .map((prompt) => prompt.voice)
    .filter((text) => text !== '')
    .join(' ');
}

/** The variables of a turn (design.md section 7). */
export function templateVariables(rendered: RenderedTurn): TemplateVariables {
  const { turn, tree, state, outcome } = rendered;
  const reply = spokenReply(turn);
  const best = outcome?.result.alternatives[0];
  const decision = turn.decisions.at(-1);
  const byKeys = outcome?.mode === 'dtmf';
  return {
    reply,
    replySsml: speakDocument(turn.prompts, tree.language),
    transcript: byKeys ? outcome.digits : (best?.text ?? ''),
    confidence: byKeys ? 1 : (best?.confidence ?? 0),
    inputMode: byKeys ? 'dtmf' : 'speech',
    nodeId: turn.nodeId,
    branchId: decision?.branchId ?? '',
    score: decision?.score ?? null,
    ...nextStep(turn),
    sessionId: rendered.sessionId,
    ...splitVariables(tree, state),
    tags: turn.tags,
    channelId: rendered.channelId,
    grammar: rendered.grammarUri,
    language: tree.language,
  };
}

function nextStep({ closing }: BotTurn): Pick<TemplateVariables, 'action' | 'transferTo'> {
  switch (closing.type) {
    case 'end':
    case 'none':
      return { action: 'hangup', transferTo: '' };
    case 'transfer':
      return { action: 'transfer', transferTo: closing.target };
    case 'handover':
      return { action: 'transfer', transferTo: closing.handover.queue };
    case 'listen':
      return { action: 'continue', transferTo: '' };
  }
}

/** Slots are what the tree asked for; everything else it keeps is a variable. */
function splitVariables(tree: DialogTree, state: DialogState): Pick<TemplateVariables, 'slots' | 'vars'> {
  const asked = new Set<string>();
  for (const node of tree.nodes.values()) if (node.kind === 'ask') asked.add(node.slot);
  const entries = Object.entries(state.variables).map(([name, value]) => [name, textOf(value)] as const);
  return {
    slots: Object.fromEntries(entries.filter(([name]) => asked.has(name))),
    vars: Object.fromEntries(entries.filter(([name]) => !asked.has(name))),
  };
}
