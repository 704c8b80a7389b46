import type { ParleyProcess } from '../gateway/testing/parley-process.js';
import { pause } from './client/pause.js';
import { readUsage } from './process-usage.js';
import type { BenchContext } from './suite.js';

/** The server that a suite measures. */
export interface ServerUnderTest {
  readonly address: string;
  readonly sipPort: number;
  /** Null for a peer whose process is not known. */
  readonly pid: number | null;
  /** Null for a peer. */
  readonly parley: ParleyProcess | null;
}

/** Calls that the server must be able to hold at one time. */
const maxCalls = 1_000;
/** Two RTP ports a call, with room for those just released. */
const rtpPorts = 2 * maxCalls + 400;

/** A server that used less than this much processor time in one look is at rest. */
const restingCpuMs = 30;
const lookMs = 300;
const longestSettlingMs = 20_000;

/** The peer of the command line, or a Parley started for this suite, at rest. */
export async function openServer(
  { children, options, print }: BenchContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerUnderTest> {
  if (options.peer) return { ...options.peer, parley: null };
  const { parley } = await children.startParley({
    settings: { 'sip.maxCalls': String(maxCalls), ...settings },
    rtpPorts,
  });
  const pid = parley.child.pid ?? null;
  const settledMs = await settle(pid);
  print(`the server was at rest ${(settledMs / 1_000).toFixed(1)} s after it was ready`);
  return { address: '127.0.0.1', sipPort: parley.ports.sip, pid, parley };
}

/**
 * Waits until a server that is ready has finished what it does in the background (synthesising its fixed prompts),
 * which is no part of what a suite measures. Returns how long that took; without /proc, a fixed time.
 */
async function settle(pid: number | null): Promise<number> {
  const startMs = performance.now();
  let last = readUsage(pid);
  if (!last) await pause(lookMs * 10);
  while (last && performance.now() - startMs < longestSettlingMs) {
    await pause(lookMs);
    const now = readUsage(pid);
    if (!now || now.cpuMs - last.cpuMs < restingCpuMs) break;
    last = now;
  }
  return performance.now() - startMs;
}
