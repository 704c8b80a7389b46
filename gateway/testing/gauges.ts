import type { ParleyProcess } from './parley-process.js';

/** Gauges that stand at 0 when no call, channel or stream is left. */
export const sessionGauges = [
  'parley_sessions{ingress="call"}',
  'parley_sessions{ingress="mrcp"}',
  'parley_sessions{ingress="media"}',
  'parley_calls',
  'parley_rtp_streams',
  'parley_audio_socket_streams',
  'parley_mrcp_sessions',
  'parley_mrcp_channels',
] as const;

/** What may outlive a call: transactions for 64*T1 (RFC 3261 17), TCP connections until their deadline. */
export const transportGauges = [
  'parley_sip_transactions',
  'parley_sip_connections',
  'parley_mrcp_connections',
] as const;

const pollMs = 100;

/** Waits until these gauges are all 0 and gives what they are at the end; all must be on the page. */
export async function settledGauges(
  parley: ParleyProcess,
  names: readonly string[],
  deadlineMs: number,
): Promise<Record<string, number>> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const values = await readGauges(parley, names);
    if (Date.now() > endMs || Object.values(values).every((value) => value === 0)) return values;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** What `settledGauges` gives when all is well. */
export function allZero(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}

async function readGauges(parley: ParleyProcess, names: readonly string[]): Promise<Record<string, number>> {
  const lines = (await parley.getText('/metrics')).split('\n');
  return Object.fromEntries(
    names.map((name) => {
      const line = lines.find((candidate) => candidate.startsWith(`${name} `));
      if (line === undefined) throw new Error(`/metrics has no ${name}`);
      return [name, Number(line.slice(name.length + 1))];
    }),
  );
}
