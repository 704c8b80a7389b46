import type { Children } from './children.js';
import type { SuiteResult } from './figure.js';
import type { BenchOptions } from './options.js';

/** What a suite works with. */
export interface BenchContext {
  readonly options: BenchOptions;
  readonly children: Children;
  /** One line of progress. */
  readonly print: (line: string) => void;
}

/** One group of measurements, run on its own. */
export interface Suite {
  readonly name: string;
  /** One line for the help text. */
  readonly about: string;
  /** A run that takes longer is given up. */
  readonly maxSeconds: number;
  /** True when it can measure another MRCP server (`--peer`). */
  readonly measuresPeers: boolean;
  /** Rejects when it could not run; the message says what is missing. */
  run(context: BenchContext): Promise<SuiteResult>;
}
