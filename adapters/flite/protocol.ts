import type { FliteVoice } from './voices.js';

/** What the flite thread is told. `id` names an utterance. */
export type FliteCommand =
  | { readonly type: 'warm' }
  | {
      readonly type: 'speak';
      readonly id: number;
      readonly text: string;
      readonly voice: FliteVoice;
      readonly speed: number;
      readonly pitch: number;
      readonly volume: number;
    }
  | { readonly type: 'abort'; readonly id: number };

/** What the flite thread says; `end` and `failed` end an utterance. */
export type FliteReport =
  | { readonly type: 'warm' }
  | { readonly type: 'audio'; readonly id: number; readonly samples: Int16Array }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
