import type { SpeechErrorCode } from '../../media/speech/errors.js';

/**
 * Stages of a turn that are measured, in the order in which a turn passes them: from the endpointer's decision to the
 * recogniser's result, the scorer, the tree, from the result to the first packet of the answer, and all of it.
 */
export const turnStages = ['recognize', 'score', 'step', 'first_packet', 'total'] as const;

export type TurnStage = (typeof turnStages)[number];

/** Takes what happened in turns; implemented by gateway/stats. Called a few times a turn, never per frame. */
export interface TurnMetrics {
  observe(stage: TurnStage, milliseconds: number): void;
  /** One decision of the tree, by its zone. */
  turnDecided(zone: string): void;
  /** A recogniser or synthesiser did not serve. */
  speechFailed(code: SpeechErrorCode): void;
}
