import type { CharacterSet, PatternSyntax } from './pattern-parser.js';

/** What an instruction does; all but `fork`, `jump` and `match` go on with the next one. */
export const operations = { set: 0, fork: 1, jump: 2, start: 3, end: 4, boundary: 5, match: 6 } as const;

/** A pattern as the instructions of a nondeterministic automaton (Thompson 1968); the last one is `match`. */
export interface PatternProgram {
  readonly size: number;
  /** One of `operations` for each instruction. */
  readonly operation: Uint8Array;
  /** Of a `set` its index in `sets`, of a `fork` or `jump` where to go. */
  readonly first: Int32Array;
  /** Of a `fork` where else to go. */
  readonly second: Int32Array;
  readonly sets: readonly CharacterSet[];
  /** For each instruction those that lead to it without a character. */
  readonly before: readonly (readonly number[])[];
}

/** Writes a pattern out; its `size` says how long the program becomes, without the `match`. */
export function programOf(syntax: PatternSyntax): PatternProgram {
  const writer = new ProgramWriter();
  writer.emit(syntax);
  return writer.finish();
}

class ProgramWriter {
  readonly #operation: number[] = [];
  readonly #first: number[] = [];
  readonly #second: number[] = [];
  readonly #sets = new Map<CharacterSet, number>();

  finish(): PatternProgram {
    this.#push(operations.match);
    const operation = Uint8Array.from(this.#operation);
    const first = Int32Array.from(this.#first);
    const second = Int32Array.from(this.#second);
    const before = predecessors(operation, first, second);
    return { size: operation.length, operation, first, second, sets: [...this.#sets.keys()], before };
  }

  emit(syntax: PatternSyntax): void {
    switch (syntax.type) {
      case 'set':
        this.#push(operations.set, this.#indexOf(syntax.set));
        break;
      case 'start':
      case 'end':
      case 'boundary':
        this.#push(operations[syntax.type]);
        break;
      case 'sequence':
        for (const part of syntax.parts) this.emit(part);
        break;
      case 'either':
        this.#emitEither(syntax.parts);
        break;
      case 'repeat':
        // Of nothing there is nothing to repeat, and `((){200}){200}` would count to forty thousand to find out.
        if (syntax.size > 0) this.#emitRepeat(syntax);
        break;
    }
  }

  #emitEither(parts: readonly PatternSyntax[]): void {
    const jumps: number[] = [];
    parts.forEach((part, i) => {
      const last = i === parts.length - 1;
      const fork = last ? null : this.#push(operations.fork);
      this.emit(part);
      if (fork === null) return;
      jumps.push(this.#push(operations.jump));
      this.#fork(fork);
    });
    for (const jump of jumps) this.#first[jump] = this.#operation.length;
  }

  #emitRepeat({ part, least, most }: Extract<PatternSyntax, { type: 'repeat' }>): void {
    for (let i = 0; i < least; i++) this.emit(part);
    if (most === Infinity) {
      const fork = this.#push(operations.fork);
      this.emit(part);
      this.#push(operations.jump, fork);
      this.#fork(fork);
      return;
    }
    const forks: number[] = [];
    for (let i = least; i < most; i++) {
      forks.push(this.#push(operations.fork));
      this.emit(part);
    }
    for (const fork of forks) this.#fork(fork);
  }

  /** Lets a fork go on behind itself, or with what is written next. */
  #fork(fork: number): void {
    this.#first[fork] = fork + 1;
    this.#second[fork] = this.#operation.length;
  }

  #indexOf(set: CharacterSet): number {
    const index = this.#sets.get(set) ?? this.#sets.size;
    this.#sets.set(set, index);
    return index;
  }

  /** Returns the index of the instruction. */
  #push(operation: number, first = 0): number {
    this.#first.push(first);
    this.#second.push(0);
    return this.#operation.push(operation) - 1;
  }
}

function predecessors(operation: Uint8Array, first: Int32Array, second: Int32Array): number[][] {
  const before: number[][] = Array.from(operation, () => []);
  operation.forEach((kind, at) => {
    if (kind === operations.set || kind === operations.match) return;
    const jumps = kind === operations.fork || kind === operations.jump;
    before[(jumps ? first[at] : at + 1) ?? 0]?.push(at);
    if (kind === operations.fork) before[second[at] ?? 0]?.push(at);
  });
  return before;
}
