import type { SessionBounds } from '../prepared.js';
import type { OperationName } from './operations.js';

/** What the thread is started with. */
export interface StoreSetup {
  readonly file: string;
  readonly synchronous: 'full' | 'normal';
  readonly bounds: SessionBounds;
  /** How long the thread waits for another program that writes to the file, or that holds its lock. */
  readonly busyMs: number;
}

export interface StoreCall {
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

/** Calls that become one transaction; the next batch is sent when this one is reported. */
export interface StoreBatch {
  readonly calls: readonly StoreCall[];
  /** The file is closed after them. */
  readonly last: boolean;
}

export type CallOutcome =
  | { readonly ok: true; readonly value: unknown }
  /** `refused`: by a bound; otherwise the call may be made again. */
  | { readonly ok: false; readonly message: string; readonly refused: boolean };

/** The outcome of each call of a batch, in order. */
export type StoreReport = readonly CallOutcome[];
