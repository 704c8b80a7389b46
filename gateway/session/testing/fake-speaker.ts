import type { SpeechError } from '../../../media/speech/errors.js';
import type { MediaStream } from '../../../media/worker/media-host.js';
import type { Speaking, SpeakingEnd, SpeakingListener, SpeakOptions, WireFormat } from '../prompt-speaker.js';

/** One prompt that a `FakeSpeaker` was given; the test says when it starts and ends. */
export class FakeSpeaking implements Speaking {
  /** `pause`, `resume`, `stop` in the order they were asked for. */
  readonly calls: string[] = [];
  readonly #listener: SpeakingListener;

  constructor(
    readonly stream: MediaStream,
    readonly format: WireFormat,
    readonly options: SpeakOptions,
    listener: SpeakingListener,
  ) {
    this.#listener = listener;
  }

  get stopped(): boolean {
    return this.calls.includes('stop');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  stop(): void {
    this.calls.push('stop');
  }

  /** The first packet left. */
  start(atMs: number): void {
    this.#listener.onStarted(atMs);
  }

  end(reason: SpeakingEnd = 'done', error: SpeechError | null = null): void {
    this.#listener.onEnded(reason, 0, error);
  }
}

/** Takes prompts and says nothing. */
export class FakeSpeaker {
  readonly prompts: FakeSpeaking[] = [];
  readonly warmed: { readonly options: SpeakOptions; readonly format: WireFormat }[] = [];
  /** What `warm` resolves to, or why it rejects. */
  warms: boolean | Error = true;

  get texts(): string[] {
    return this.prompts.map(({ options }) => options.text);
  }

  /** The newest prompt of this text. */
  prompt(text: string): FakeSpeaking {
    const found = this.prompts.findLast(({ options }) => options.text === text);
    if (!found) throw new Error(`"${text}" was not said, but: ${this.texts.join(' | ')}`);
    return found;
  }

  speak(
    stream: MediaStream,
    format: WireFormat,
    options: SpeakOptions,
    listener: SpeakingListener,
  ): Speaking {
    const speaking = new FakeSpeaking(stream, format, options, listener);
    this.prompts.push(speaking);
    return speaking;
  }

  warm(options: SpeakOptions, format: WireFormat): Promise<boolean> {
    this.warmed.push({ options, format });
    return this.warms instanceof Error ? Promise.reject(this.warms) : Promise.resolve(this.warms);
  }
}
