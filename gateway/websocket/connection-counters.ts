import { LabelledCounter } from '../stats/counters.js';
import type { WriterCounters } from './client-writer.js';

/** What all connections count together; plain numbers, since every frame touches them. */
export class ConnectionCounters implements WriterCounters {
  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  droppedSignals = 0;
  paused = 0;
  slow = 0;
  /** By close code. */
  readonly closes = new LabelledCounter();
  /** Upgrades, frames and messages that were not taken, by reason. */
  readonly refused = new LabelledCounter();
}
