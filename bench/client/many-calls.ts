import type { MrcpClient, SynthCall } from './mrcp-client.js';

/** INVITEs under way at one time while a load is built up. */
const concurrentInvites = 16;

/** Opens that many sessions; when one fails, those that are open are ended and the reason is thrown. */
export async function openCalls(client: MrcpClient, count: number): Promise<SynthCall[]> {
  const calls: SynthCall[] = [];
  let begun = 0;
  const openSome = async (): Promise<void> => {
    while (begun < count) {
      begun++;
      calls.push(await client.call());
    }
  };
  const opened = await Promise.allSettled(Array.from({ length: concurrentInvites }, openSome));
  const failure = opened.find((result) => result.status === 'rejected');
  if (failure) {
    await Promise.allSettled(calls.map((call) => call.hangUp()));
    throw new Error(`only ${calls.length} of ${count} sessions could be opened`, { cause: failure.reason });
  }
  return calls;
}

/** Ends them, not all in one moment. */
export async function hangUpAll(calls: readonly SynthCall[]): Promise<void> {
  const waiting = [...calls];
  const endSome = async (): Promise<void> => {
    for (let call = waiting.pop(); call; call = waiting.pop()) await call.hangUp();
  };
  await Promise.all(Array.from({ length: concurrentInvites }, endSome));
}
