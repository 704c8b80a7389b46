import { describe, expect, it } from 'vitest';
import { WasiHost, type WasiProgram } from './wasi-host.js';

type Imports = Readonly<Record<string, (...args: (number | bigint)[]) => number>>;

/** Runs `main` as the program: it has the calls of WASI and a memory of 64 KiB. */
function run(main: (wasi: Imports, memory: DataView) => void, args: string[] = []) {
  return new WasiHost(args).run((imports): WasiProgram => {
    const buffer = new ArrayBuffer(65_536);
    const wasi = (imports as { wasi_snapshot_preview1: Imports }).wasi_snapshot_preview1;
    return { memory: { buffer }, _start: () => main(wasi, new DataView(buffer)) };
  });
}

/** Puts `text` at 1,000 with an I/O vector at 900 and writes it to `fd`. */
function write(wasi: Imports, memory: DataView, fd: number, text: string): number {
  [...text].forEach((character, i) => memory.setUint8(1_000 + i, character.charCodeAt(0)));
  memory.setUint32(900, 1_000, true);
  memory.setUint32(904, text.length, true);
  return wasi['fd_write']?.(fd, 900, 1, 950) ?? -1;
}

describe('WasiHost', () => {
  it('gives the program its arguments', () => {
    const seen: string[] = [];
    run(
      (wasi, memory) => {
        wasi['args_sizes_get']?.(0, 4);
        wasi['args_get']?.(8, 100);
        const bytes = memory.getUint32(4, true);
        const text = Buffer.from(memory.buffer, memory.getUint32(8, true), bytes).toString();
        seen.push(String(memory.getUint32(0, true)), ...text.split('\0'));
      },
      ['flite', '-t', 'é'],
    );
    expect(seen).toEqual(['3', 'flite', '-t', 'é', '']);
  });

  it('keeps what the program writes to its file, seeks included, and what it complains of', () => {
    const outcome = run((wasi, memory) => {
      wasi['path_open']?.(3, 0, 0, 0, 0, 0n, 0n, 0, 800);
      const fd = memory.getUint32(800, true);
      write(wasi, memory, fd, 'RIFF....data');
      wasi['fd_seek']?.(fd, 4n, 0, 808);
      write(wasi, memory, fd, '1234');
      wasi['fd_seek']?.(fd, 0n, 2, 808);
      write(wasi, memory, fd, 'x'.repeat(50_000));
      wasi['fd_seek']?.(fd, -2n, 1, 808);
      write(wasi, memory, fd, 'x'.repeat(50_000));
      write(wasi, memory, 2, 'oops');
      wasi['proc_exit']?.(7);
    });
    expect(outcome).toMatchObject({ code: 7, complaint: 'oops' });
    expect(Buffer.from(outcome.file).toString().slice(0, 13)).toBe('RIFF1234datax');
    expect(outcome.file).toHaveLength(12 + 99_998);
  });

  it('has one directory, and devices for standard input and output', () => {
    const seen: number[] = [];
    run((wasi, memory) => {
      seen.push(wasi['fd_prestat_get']?.(3, 0) ?? -1, wasi['fd_prestat_get']?.(4, 0) ?? -1);
      for (const fd of [0, 3, 4]) {
        wasi['fd_fdstat_get']?.(fd, 100);
        seen.push(memory.getUint8(100));
      }
      seen.push(wasi['fd_fdstat_get']?.(5, 100) ?? -1, wasi['fd_seek']?.(1, 0n, 0, 8) ?? -1);
    });
    expect(seen).toEqual([0, 8, 2, 3, 4, 8, 70]);
  });

  it('stops a program that writes without end, and throws its traps on', () => {
    const endless = (wasi: Imports, memory: DataView) => {
      for (;;) write(wasi, memory, 4, 'x'.repeat(60_000));
    };
    expect(() => run(endless)).toThrow('writes more than');
    expect(() =>
      run(() => {
        throw new RangeError('trap');
      }),
    ).toThrow('trap');
  });
});
