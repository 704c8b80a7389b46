/** Error numbers of WASI preview 1. */
const success = 0;
const badFileDescriptor = 8;
const notSeekable = 70;

/** File types of WASI preview 1. */
const characterDevice = 2;
const directory = 3;
const regularFile = 4;

const directoryFd = 3;
const fileFd = 4;
const directoryName = '/out';

/** What a program may write at most; ten minutes of 16 kHz speech are 19 MB. */
const maxFileBytes = 33_554_432;
const maxComplaintBytes = 1_000;

/** The program's end, thrown through its frames by `proc_exit`. */
class ProgramExit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

/** An instance of a WASI command. */
export interface WasiProgram {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly _start: () => void;
}

/** How a program ended, what it wrote to its file, and what it complained of. */
export interface WasiOutcome {
  readonly code: number;
  readonly file: Uint8Array;
  readonly complaint: string;
}

/**
 * Runs one WASI preview 1 command that writes one file, `/out/<any name>`, in memory.
 *
 * It sees its arguments and that one directory: no clock, no environment, no input, no disk. It is here in place of
 * `node:wasi`, with which the whole process ends in a segmentation fault after some 100 runs (Node 20.20).
 */
export class WasiHost {
  readonly #args: readonly Uint8Array[];
  #memory: WasiProgram['memory'] | null = null;
  #file = new Uint8Array(65_536);
  #length = 0;
  #position = 0;
  #complaint = '';

  constructor(args: readonly string[]) {
    const encoder = new TextEncoder();
    this.#args = args.map((arg) => encoder.encode(`${arg}\0`));
  }

  /** Path at which the program finds its file. */
  static readonly file = `${directoryName}/file`;

  /** Runs to the end; a trap in the program is thrown on. */
  run(instantiate: (imports: object) => WasiProgram): WasiOutcome {
    const program = instantiate({ wasi_snapshot_preview1: this.#imports() });
    this.#memory = program.memory;
    let code = 0;
    try {
      program._start();
    } catch (error) {
      if (!(error instanceof ProgramExit)) throw error;
      code = error.code;
    }
    return { code, file: this.#file.subarray(0, this.#length), complaint: this.#complaint };
  }

  #imports(): Readonly<Record<string, (...args: never[]) => number>> {
    return {
      args_sizes_get: (countAt: number, bytesAt: number) => {
        this.#view.setUint32(countAt, this.#args.length, true);
        this.#view.setUint32(
          bytesAt,
          this.#args.reduce((sum, arg) => sum + arg.length, 0),
          true,
        );
        return success;
      },
      args_get: (pointersAt: number, bytesAt: number) => this.#writeArguments(pointersAt, bytesAt),
      clock_time_get: (_clock: number, _precision: bigint, at: number) => {
        this.#view.setBigUint64(at, 0n, true);
        return success;
      },
      fd_prestat_get: (fd: number, at: number) => {
        if (fd !== directoryFd) return badFileDescriptor;
        this.#view.setUint32(at, 0, true);
        this.#view.setUint32(at + 4, directoryName.length, true);
        return success;
      },
      fd_prestat_dir_name: (_fd: number, at: number, length: number) => {
        this.#bytes(at, length).set(new TextEncoder().encode(directoryName).subarray(0, length));
        return success;
      },
      fd_fdstat_get: (fd: number, at: number) => this.#describe(fd, at),
      fd_fdstat_set_flags: () => success,
      path_open: (
        ...[, , , , , , , , fdAt]: [number, number, number, number, number, bigint, bigint, number, number]
      ) => {
        this.#view.setUint32(fdAt, fileFd, true);
        return success;
      },
      fd_read: (_fd: number, _buffers: number, _count: number, readAt: number) => {
        this.#view.setUint32(readAt, 0, true);
        return success;
      },
      fd_write: (fd: number, buffers: number, count: number, writtenAt: number) =>
        this.#write(fd, buffers, count, writtenAt),
      fd_seek: (fd: number, offset: bigint, whence: number, at: number) => this.#seek(fd, offset, whence, at),
      fd_close: () => success,
      proc_exit: (code: number) => {
        throw new ProgramExit(code);
      },
    };
  }

  /** Made anew each time, as the buffer is another one after the memory has grown. */
  get #view(): DataView {
    return new DataView(this.#buffer);
  }

  get #buffer(): ArrayBuffer {
    if (!this.#memory) throw new Error('the program has no memory yet');
    return this.#memory.buffer;
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer, at, length);
  }

  #writeArguments(pointersAt: number, bytesAt: number): number {
    let at = bytesAt;
    this.#args.forEach((arg, i) => {
      this.#view.setUint32(pointersAt + 4 * i, at, true);
      this.#bytes(at, arg.length).set(arg);
      at += arg.length;
    });
    return success;
  }

  #describe(fd: number, at: number): number {
    if (fd < 0 || fd > fileFd) return badFileDescriptor;
    this.#bytes(at, 24).fill(0);
    this.#view.setUint8(at, fd === directoryFd ? directory : fd === fileFd ? regularFile : characterDevice);
    // All rights, own and inherited: there is nothing here to protect.
    this.#view.setBigUint64(at + 8, 0x1fff_ffffn, true);
    this.#view.setBigUint64(at + 16, 0x1fff_ffffn, true);
    return success;
  }

  #write(fd: number, buffers: number, count: number, writtenAt: number): number {
    let written = 0;
    for (let i = 0; i < count; i++) {
      const at = this.#view.getUint32(buffers + 8 * i, true);
      const bytes = this.#bytes(at, this.#view.getUint32(buffers + 8 * i + 4, true));
      if (fd === fileFd) this.#append(bytes);
      else if (this.#complaint.length < maxComplaintBytes) this.#complaint += new TextDecoder().decode(bytes);
      written += bytes.length;
    }
    this.#view.setUint32(writtenAt, written, true);
    return success;
  }

  #append(bytes: Uint8Array): void {
    const end = this.#position + bytes.length;
    if (end > maxFileBytes) throw new Error(`the program writes more than ${maxFileBytes} bytes`);
    if (end > this.#file.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#file.length));
      larger.set(this.#file.subarray(0, this.#length));
      this.#file = larger;
    }
    this.#file.set(bytes, this.#position);
    this.#position = end;
    this.#length = Math.max(this.#length, end);
  }

  /** Whence 0, 1, 2: from the start, from here, from the end. */
  #seek(fd: number, offset: bigint, whence: number, at: number): number {
    if (fd !== fileFd) return notSeekable;
    const base = whence === 0 ? 0 : whence === 1 ? this.#position : this.#length;
    this.#position = Math.max(0, base + Number(offset));
    this.#view.setBigUint64(at, BigInt(this.#position), true);
    return success;
  }
}
