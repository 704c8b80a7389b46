import { dialogOperations } from '../hot-path/dialog-operations.js';
import { mediaOperations } from '../hot-path/media-operations.js';
import { messageOperations } from '../hot-path/message-operations.js';
import { figure, type Figure } from '../figure.js';
import { measureOperation } from '../operation-cost.js';
import type { HotOperation } from '../hot-path/hot-operation.js';
import type { Suite } from '../suite.js';

/** Repetitions that the memory is told for. */
const per = 100_000;

/** What runs for each packet, each message and each turn, in this process, against the least that could do it. */
export const hotPathSuite: Suite = {
  name: 'hot-path',
  about: 'time and allocation of what runs for each packet, message and turn',
  maxSeconds: 120,
  measuresPeers: false,
  run: ({ print }) => {
    const operations = [...mediaOperations(), ...messageOperations(), ...dialogOperations()];
    const figures: Figure[] = [];
    for (const operation of operations) {
      print(operation.name);
      figures.push(...measure(operation));
    }
    return Promise.resolve({ suite: 'hot-path', figures, distributions: [], notes: [] });
  },
};

function measure({ name, run, baseline, timeBarUs, allocationBarKb }: HotOperation): Figure[] {
  const ours = measureOperation(run);
  const bare = baseline ? measureOperation(baseline) : null;
  return [
    figure(name, ours.nanoseconds / 1_000, 'us', {
      ...(timeBarUs === null ? {} : { bar: timeBarUs }),
      baseline: bare && bare.nanoseconds / 1_000,
    }),
    figure(`${name}: heap for 100k`, (ours.allocatedBytes * per) / 1_024, 'KB', {
      ...(allocationBarKb === null ? {} : { bar: allocationBarKb }),
      baseline: bare && (bare.allocatedBytes * per) / 1_024,
    }),
  ];
}
