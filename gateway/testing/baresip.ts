import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freeSipPort, freeTcpPort } from './free-ports.js';

export interface BaresipOptions {
  /** 8 kHz mono 16-bit WAV that is spoken from the moment the call is answered. */
  readonly speechFile: string;
}

const startDeadlineMs = 10_000;

/** A baresip user agent that speaks a WAV file and records what it hears; one call per instance. */
export class Baresip {
  #control: Socket | null = null;
  readonly output: string[] = [];
  readonly #exit: Promise<void>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {
    this.#exit = new Promise((resolve) => child.once('exit', () => resolve()));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.output.push(text));
    }
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const directory = mkdtempSync(join(tmpdir(), 'baresip-'));
    const sipPort = await freeSipPort();
    const controlPort = await freeTcpPort();
    writeFileSync(join(directory, 'config'), configText(directory, sipPort, controlPort, options.speechFile));
    writeFileSync(
      join(directory, 'accounts'),
      `<sip:caller@127.0.0.1:${sipPort}>;regint=0;answermode=manual;audio_codecs=pcmu/8000/1\n`,
    );
    writeFileSync(join(directory, 'contacts'), '');
    const child = spawn('baresip', ['-n', '127.0.0.1', '-f', directory], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const agent = new Baresip(child, directory);
    agent.#control = await connectControl(controlPort, agent);
    return agent;
  }

  dial(uri: string): void {
    this.#command('dial', uri);
  }

  /** Presses one key (RFC 4733 telephone-event). */
  press(digit: string): void {
    this.#command('sndcode', digit);
  }

  hangUp(): void {
    this.#command('hangup', '');
  }

  /** Waits until the output holds `text`. */
  async waitFor(text: string, deadlineMs: number): Promise<void> {
    const endMs = Date.now() + deadlineMs;
    while (!this.output.join('').includes(text)) {
      if (Date.now() > endMs) throw new Error(`baresip never said "${text}":\n${this.output.join('')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The WAV of what was heard, complete after the call ended. */
  heardFile(): string {
    const name = readdirSync(this.directory).find((file) => file.endsWith('-dec.wav'));
    if (!name) throw new Error(`baresip recorded nothing:\n${this.output.join('')}`);
    return join(this.directory, name);
  }

  async stop(): Promise<void> {
    this.#control?.destroy();
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 3_000);
    await this.#exit;
    clearTimeout(kill);
  }

  /** Deletes recordings and configuration. */
  cleanUp(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #command(command: string, params: string): void {
    const json = JSON.stringify({ command, params, token: command });
    this.#control?.write(`${Buffer.byteLength(json)}:${json},`);
  }
}

async function connectControl(port: number, agent: Baresip): Promise<Socket> {
  const endMs = Date.now() + startDeadlineMs;
  for (;;) {
    try {
      return await openSocket(port);
    } catch (err) {
      if (Date.now() > endMs)
        throw new Error(`baresip did not start:\n${agent.output.join('')}`, { cause: err });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.on('data', () => undefined);
      socket.removeListener('error', reject);
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function configText(directory: string, sipPort: number, controlPort: number, speechFile: string): string {
  const rtpFrom = 16_000 + 2 * Math.floor(Math.random() * 1_500);
  return `sip_listen 127.0.0.1:${sipPort}
audio_source aufile,${speechFile}
audio_player aufile,${join(directory, 'unused.wav')}
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports ${rtpFrom}-${rtpFrom + 20}
snd_path ${directory}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module ausine.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${controlPort}
`;
}
