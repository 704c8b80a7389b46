import type { Logger } from '../../config/logger.js';
import type { AudioClip, WireEncoding } from '../../media/speech/audio-clip.js';
import type { SpeechError } from '../../media/speech/errors.js';
import { selectEngines, speakWithFallback } from '../../media/speech/fallback.js';
import type { SynthesisCache } from '../../media/speech/synthesis-cache.js';
import type { ClipConsumer, ClipSubscription } from '../../media/speech/synthesis-flight.js';
import type { SynthesisRequest, Synthesizer } from '../../media/speech/synthesizer.js';
import type { MediaStream, PlayHandle, PlayListener } from '../../media/worker/media-host.js';

/** What may vary from prompt to prompt; the rest comes from the tier. */
export interface SpeakOptions {
  readonly text: string;
  /** BCP 47. */
  readonly language: string;
  /** Empty or left out for the tier's voice. */
  readonly voice?: string;
  /** 1 is normal. */
  readonly speed?: number;
  /** 1 is normal. */
  readonly pitch?: number;
  /** 1 is normal. */
  readonly volume?: number;
}

/** The form in which a stream takes audio. */
export interface WireFormat {
  readonly encoding: WireEncoding;
  readonly sampleRateHz: number;
}

export type SpeakingEnd = Parameters<PlayListener['onEnded']>[0];

export interface SpeakingListener {
  /** The first packet left, at this time of the caller's clock. */
  onStarted(atMs: number): void;
  /** Exactly once, never from inside `speak`; `error` is set when not all could be said. */
  onEnded(reason: SpeakingEnd, playedMs: number, error: SpeechError | null): void;
}

/** A prompt on its way to a stream. */
export interface Speaking {
  pause(): void;
  resume(): void;
  /** Silence at the next frame; idempotent. `onEnded` follows. */
  stop(): void;
}

/** What those who only say prompts need of a `PromptSpeaker`. */
export type Speaker = Pick<PromptSpeaker, 'speak'>;

/** What those who only prepare prompts need of a `PromptSpeaker`. */
export type Warmer = Pick<PromptSpeaker, 'warm'>;

/** Says text on streams in the voices of one tier, with audio from the synthesis cache. */
export class PromptSpeaker {
  readonly #engines: readonly Synthesizer[];
  readonly #cache: SynthesisCache;
  readonly #logger: Logger;

  /** `engines` in the tier's order: the first that speaks a prompt's language says it, the next are its fallback. */
  constructor(
    engines: readonly Synthesizer[],
    deps: { readonly cache: SynthesisCache; readonly logger: Logger },
  ) {
    this.#engines = engines;
    this.#cache = deps.cache;
    this.#logger = deps.logger;
  }

  /** Synthesises into the cache without playing; resolves to whether the audio is there. */
  async warm(options: SpeakOptions, format: WireFormat): Promise<boolean> {
    const request = toRequest(options, format);
    const [engine] = selectEngines(this.#engines, request);
    return engine ? this.#cache.warm(engine, request, format.encoding) : false;
  }

  /** Queues `options.text` on the stream behind what it already plays. */
  speak(
    stream: MediaStream,
    format: WireFormat,
    options: SpeakOptions,
    listener: SpeakingListener,
  ): Speaking {
    const prompt = new StreamedPrompt(stream, listener);
    const deps = { cache: this.#cache, engines: this.#engines, logger: this.#logger };
    prompt.feedFrom((consumer) =>
      speakWithFallback(deps, toRequest(options, format), format.encoding, consumer),
    );
    return prompt;
  }
}

function toRequest(options: SpeakOptions, format: WireFormat): SynthesisRequest {
  return {
    text: options.text,
    format: 'text',
    language: options.language,
    voice: options.voice ?? '',
    speed: options.speed ?? 1,
    pitch: options.pitch ?? 1,
    volume: options.volume ?? 1,
    sampleRateHz: format.sampleRateHz,
    extras: {},
  };
}

/** One prompt: a cache subscription that feeds one play of the stream. */
class StreamedPrompt implements Speaking {
  readonly #stream: MediaStream;
  readonly #listener: SpeakingListener;
  #play: PlayHandle | null = null;
  #subscription: ClipSubscription | null = null;
  #error: SpeechError | null = null;
  #ended = false;

  constructor(stream: MediaStream, listener: SpeakingListener) {
    this.#stream = stream;
    this.#listener = listener;
  }

  feedFrom(subscribe: (consumer: ClipConsumer) => ClipSubscription): void {
    this.#subscription = subscribe({
      onClip: (clip) => this.#takeClip(clip),
      onChunk: (bytes, marks) => this.#streaming().append(bytes, marks),
      onEnd: () => this.#streaming().finish(true),
      onError: (error) => {
        this.#error = error;
        this.#streaming().finish(false);
      },
    });
    // A miss keeps the prompt's place in the stream's queue while its audio is made.
    this.#streaming();
  }

  pause(): void {
    this.#play?.pause();
  }

  resume(): void {
    this.#play?.resume();
  }

  stop(): void {
    this.#play?.stop();
  }

  /** A whole prompt at once; when a fallback found it, it fills the place that was taken for the engine that failed. */
  #takeClip(clip: AudioClip): void {
    if (this.#play) {
      this.#play.append(clip.bytes, clip.marks);
      this.#play.finish(true);
    } else this.#play = this.#stream.play(clip, this.#playListener());
  }

  #streaming(): PlayHandle {
    this.#play ??= this.#stream.play(null, this.#playListener());
    return this.#play;
  }

  #playListener(): PlayListener {
    return {
      onStarted: (atMs) => this.#listener.onStarted(atMs),
      onMark: () => undefined,
      onEnded: (reason, playedMs) => {
        if (this.#ended) return;
        this.#ended = true;
        this.#subscription?.cancel();
        this.#listener.onEnded(reason, playedMs, this.#error);
      },
    };
  }
}
