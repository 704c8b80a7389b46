import type { ParleyProcess } from '../gateway/testing/parley-process.js';
import type { BenchContext } from './suite.js';

/** The server that a suite measures. */
export interface ServerUnderTest {
  readonly name: string;
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

/** The peer of the command line, or a Parley started for this suite. */
export async function openServer(
  { children, options }: BenchContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerUnderTest> {
  const { peer } = options;
  if (peer) return { ...peer, name: `peer ${peer.address}:${peer.sipPort}`, parley: null };
  const { parley } = await children.startParley({
    settings: { 'sip.maxCalls': String(maxCalls), ...settings },
    rtpPorts,
  });
  const { sip } = parley.ports;
  return { name: 'Parley', address: '127.0.0.1', sipPort: sip, pid: parley.child.pid ?? null, parley };
}
