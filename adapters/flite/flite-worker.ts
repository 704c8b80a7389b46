import { parentPort, type MessagePort } from 'node:worker_threads';
import { FliteEngine } from './flite-engine.js';
import type { FliteCommand, FliteReport } from './protocol.js';
import { splitSentences } from './sentences.js';
import { SilenceTrimmer } from './silence-trimmer.js';
import { fliteVoices } from './voices.js';

type SpeakCommand = Extract<FliteCommand, { type: 'speak' }>;

interface Job {
  readonly command: SpeakCommand;
  readonly sentences: string[];
  readonly trimmer: SilenceTrimmer;
}

/**
 * The thread's side of the synthesizer: one sentence of each utterance in turn, so that a long text does not hold up a
 * short one, and a look at the messages after each.
 */
class FliteThread {
  readonly #port: MessagePort;
  readonly #engine: FliteEngine;
  readonly #jobs = new Map<number, Job>();
  #busy = false;

  constructor(port: MessagePort, engine: FliteEngine) {
    this.#port = port;
    this.#engine = engine;
    port.on('message', (command: FliteCommand) => this.#handle(command));
  }

  #handle(command: FliteCommand): void {
    switch (command.type) {
      case 'warm':
        return this.#report({ type: 'warm' });
      case 'speak':
        this.#jobs.set(command.id, {
          command,
          sentences: [...splitSentences(command.text)],
          trimmer: new SilenceTrimmer(fliteVoices[command.voice].sampleRateHz),
        });
        return this.#schedule();
      case 'abort':
        this.#jobs.delete(command.id);
    }
  }

  #schedule(): void {
    if (this.#busy || this.#jobs.size === 0) return;
    this.#busy = true;
    setImmediate(() => {
      this.#busy = false;
      this.#speakNext();
      this.#schedule();
    });
  }

  #speakNext(): void {
    const [job] = this.#jobs.values();
    if (!job) return;
    const { command, sentences, trimmer } = job;
    this.#jobs.delete(command.id);
    try {
      const spoken = this.#engine.speak(sentences.shift() ?? '', command);
      const samples = amplify(trimmer.write(spoken, sentences.length === 0), command.volume);
      if (samples.length > 0) this.#report({ type: 'audio', id: command.id, samples }, [samples.buffer]);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return this.#report({ type: 'failed', id: command.id, message });
    }
    if (sentences.length > 0) this.#jobs.set(command.id, job);
    else this.#report({ type: 'end', id: command.id });
  }

  #report(report: FliteReport, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(report, transfer);
  }
}

/** A copy; what would be louder than full scale is cut off. */
function amplify(samples: Int16Array, volume: number): Int16Array<ArrayBuffer> {
  return Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample * volume))),
  );
}

if (!parentPort) throw new Error('flite-worker.js runs as a worker thread only');
new FliteThread(parentPort, await FliteEngine.load());
