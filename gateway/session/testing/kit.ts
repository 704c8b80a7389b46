import type { CallFacts } from '../call-ingress.js';
import type { BotTurn } from '../conversation.js';
import type { ListenTiming } from '../listen-request.js';
import type { TurnMetrics } from '../turn-metrics.js';
import type { ListenSpec, Prompt } from '../../../dialog/action.js';
import { loadTree } from '../../../dialog/load.js';
import type { DialogTree } from '../../../dialog/tree.js';
import type { RtpCodec } from '../../../media/worker/media-host.js';
import type { RecogRequest } from '../../mrcp/backend.js';

/** Lets everything happen that waits for a promise only. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const pcmu: RtpCodec = { encoding: 'PCMU', payloadType: 0, clockRateHz: 8_000, ptimeMs: 20 };

export const timing: ListenTiming = {
  recognitionTimeoutMs: 10_000,
  speechCompleteTimeoutMs: 700,
  speechIncompleteTimeoutMs: 1_200,
  interdigitTimeoutMs: 3_000,
  termTimeoutMs: 900,
  bargeInMinSpeechMs: 120,
  confidenceThreshold: 0.4,
};

/** A small bot with every way out: branches, an ask, a human, a transfer, an end. */
export const treeText = `tree: desk
language: en-US
start: hello
fallback: human
thresholds: { accept: 0.5, confirm: 0.3 }
globals:
  - { id: operator, dtmf: 0, go: human, examples: [an agent please] }
nodes:
  hello: { say: { voice: Welcome., chat: Welcome., bargein: false }, go: menu }
  menu:
    say: Bill or fault?
    tags: [arrived]
    listen:
      branches:
        - { id: bill, go: phone, tags: [billing], examples: [my bill] }
        - { id: fault, go: away, examples: [a fault] }
        - { id: done, go: bye, examples: [i am done] }
      dtmf: { '1': bill, '2': done }
      no_input: { after: 2s, prompts: [Hello?], max: 1 }
      no_match: { prompts: [Pardon?], max: 1 }
  phone:
    ask: { slot: phone, type: digits, min: 4, max: 6, prompts: [Your number?] }
    go: bye
  away: { transfer: { to: 'sip:fault@example.test' } }
  human: { say: One moment., handover: { queue: support, reason: wanted }, resume: menu }
  bye: { end: { say: Goodbye. } }
`;

/** Loads a tree that has no error. */
export function treeOf(text: string = treeText): DialogTree {
  const { tree, problems } = loadTree(text, 'test.yaml');
  if (!tree) throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return tree;
}

export function prompt(voice: string, bargeIn = true): Prompt {
  return { voice, chat: voice, bargeIn };
}

const silentListen: ListenSpec = {
  phrases: [],
  expect: 'phrases',
  dtmf: null,
  noInputMs: 5_000,
  language: 'en-US',
};

export function listenSpec(more: Partial<ListenSpec> = {}): ListenSpec {
  return { ...silentListen, ...more };
}

const emptyTurn: BotTurn = {
  prompts: [],
  closing: { type: 'none' },
  tags: [],
  decisions: [],
  nodeId: 'menu',
  scoreMs: 1,
  stepMs: 2,
  callMs: 0,
  degraded: false,
};

export function botTurn(more: Partial<BotTurn> = {}): BotTurn {
  return { ...emptyTurn, ...more };
}

/** A RECOGNIZE without grammars. */
export function recogRequest(more: Partial<RecogRequest> = {}): RecogRequest {
  return {
    requestId: 1,
    grammars: [],
    speechLanguage: null,
    noInputTimeoutMs: 5_000,
    recognitionTimeoutMs: 10_000,
    speechCompleteTimeoutMs: 800,
    speechIncompleteTimeoutMs: 1_500,
    dtmfInterdigitTimeoutMs: 4_000,
    dtmfTermTimeoutMs: 2_000,
    dtmfTermChar: '#',
    startInputTimers: true,
    confidenceThreshold: 0.5,
    nBestListLength: 1,
    vendorParameters: new Map(),
    ...more,
  };
}

export const facts: CallFacts = {
  sessionId: 's1',
  callId: 'call@test',
  sourceAddress: '192.0.2.1',
  fromUser: 'alice',
  toUser: 'bot',
  header: () => null,
};

/** Writes down what is measured. */
export class RecordingMetrics implements TurnMetrics {
  readonly stages: [string, number][] = [];
  readonly zones: string[] = [];
  readonly failures: string[] = [];

  observe(stage: string, milliseconds: number): void {
    this.stages.push([stage, milliseconds]);
  }

  turnDecided(zone: string): void {
    this.zones.push(zone);
  }

  speechFailed(code: string): void {
    this.failures.push(code);
  }
}
