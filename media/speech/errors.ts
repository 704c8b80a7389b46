/** What went wrong in speech or media, by a code that metrics and callers branch on. */
export type SpeechErrorCode =
  | 'capacity' // every decoder, channel or licence is in use
  | 'timeout' // the engine did not answer in time
  | 'unavailable' // the engine is not installed, not reachable or crashed
  | 'unsupported' // language, voice, rate or grammar that this engine cannot do
  | 'rejected' // credentials or quota
  | 'bad-input' // text, audio or grammar that no engine could take
  | 'internal';

/** A failure with a code and whether trying again (or another engine) can help. */
export class SpeechError extends Error {
  constructor(
    readonly code: SpeechErrorCode,
    message: string,
    readonly retryable: boolean = code === 'capacity' || code === 'timeout' || code === 'unavailable',
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'SpeechError';
  }
}
