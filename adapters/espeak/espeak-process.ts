import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { SpeechError } from '../../media/speech/errors.js';
import type { SynthesizerListener } from '../../media/speech/synthesizer.js';
import { WavStream } from '../wav/wav-stream.js';

/** All that the program gets of our environment: no secrets. */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' };

/** eSpeak's own rate for all its voices. */
export const espeakRateHz = 22_050;

/** An installed eSpeak NG. */
export interface EspeakInstallation {
  readonly command: string;
  readonly version: string;
  /** eSpeak's names of its languages, in lower case. */
  readonly languages: ReadonlySet<string>;
}

/** Finds `command` (a name in the usual places, or a path); null when it is not there or not eSpeak NG. */
export async function findEspeak(command = 'espeak-ng'): Promise<EspeakInstallation | null> {
  const banner = await output(command, ['--version']);
  const version = /eSpeak NG text-to-speech: (\S+)/.exec(banner ?? '')?.[1];
  const voices = version === undefined ? null : await output(command, ['--voices']);
  if (version === undefined || voices === null) return null;
  // "Pty Language Age/Gender VoiceName ...", one voice a line.
  const languages = voices
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1]?.toLowerCase() ?? '');
  return { command, version, languages: new Set(languages.filter((language) => language !== '')) };
}

function output(command: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, args, { env: environment, timeout: 5_000 }, (error, stdout) =>
      resolve(error ? null : stdout),
    );
  });
}

/** One run of the program; `kill` silences it. `onExit` comes once, after the listener's last call-back. */
export class EspeakProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #wav = new WavStream();
  readonly #listener: SynthesizerListener;
  readonly #onExit: () => void;
  #complaint = '';
  #silenced = false;

  constructor(
    command: string,
    args: readonly string[],
    text: string,
    listener: SynthesizerListener,
    onExit: () => void,
  ) {
    this.#listener = listener;
    this.#onExit = onExit;
    const child = spawn(command, args, { env: environment, stdio: 'pipe', shell: false });
    this.#child = child;
    child.stdout.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    child.stderr.on('data', (bytes: Buffer) => {
      this.#complaint = (this.#complaint + bytes.toString('utf8')).slice(0, 500);
    });
    // A program that ends without reading its text breaks the pipe; its exit says why.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) =>
      this.#finish(new SpeechError('unavailable', `cannot run ${command}`, true, { cause: error })),
    );
    child.on('close', (code) => this.#finish(code === 0 ? null : this.#failure(code)));
    child.stdin.end(text);
  }

  /** Ends it without another word to the listener. */
  kill(): void {
    this.#silenced = true;
    this.#child.kill('SIGKILL');
  }

  #onBytes(bytes: Buffer): void {
    if (this.#silenced) return;
    const samples = this.#wav.write(bytes);
    if (samples instanceof Error) return this.#abandon(samples.message);
    const { format } = this.#wav;
    if (format && format.sampleRateHz !== espeakRateHz)
      return this.#abandon(`it spoke at ${format.sampleRateHz} Hz`);
    if (samples.length > 0) this.#listener.onAudio(samples);
  }

  #abandon(why: string): void {
    this.#child.kill('SIGKILL');
    this.#finish(new SpeechError('internal', `espeak-ng: ${why}`, true));
  }

  #failure(code: number | null): SpeechError {
    const complaint = this.#complaint.trim();
    return new SpeechError('internal', `espeak-ng ended with code ${String(code)}: ${complaint}`, true);
  }

  /** The first of `error`, a fault in its output, and `close` counts. */
  #finish(error: SpeechError | null): void {
    if (!this.#silenced) {
      this.#silenced = true;
      if (error) this.#listener.onError(error);
      else this.#listener.onEnd();
    }
    this.#onExit();
  }
}
