import type { SenderJob, SenderReport } from '../baseline-sender.js';
import { nextMessage, type Children } from '../children.js';

const startTimeoutMs = 10_000;
/** How much longer than it sends the sender may take to say so. */
const graceMs = 10_000;

/** The bare sender, running in a process of its own. */
export interface Sender {
  send(job: SenderJob): Promise<SenderReport>;
}

export async function startSender(children: Children): Promise<Sender> {
  const child = children.startHelper('./baseline-sender.js');
  await nextMessage(child, startTimeoutMs);
  return {
    send: async (job) => {
      const reported = nextMessage(child, job.durationMs + graceMs);
      child.send(job);
      return (await reported) as SenderReport;
    },
  };
}
