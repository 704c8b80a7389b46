import { availableParallelism, networkInterfaces } from 'node:os';

import { isWildcard } from './cidr.js';
import type { Config } from './schema.js';

export type Protocol = 'http' | 'sip' | 'mrcp' | 'rtp';

/** The address that `protocol` binds to: its own, else `listen.address`, else loopback (or every address when public). */
export function bindAddress(config: Config, protocol: Protocol): string {
  return (
    config[protocol].address ?? config.listen.address ?? (config.listen.public ? '0.0.0.0' : '127.0.0.1')
  );
}

/**
 * The address that peers are told (SDP `c=`, SIP Contact): `listen.advertised`, else the bound one, else, for a
 * wildcard, the first address of this machine that is not loopback.
 */
export function advertisedAddress(
  config: Config,
  protocol: Protocol,
  interfaces: typeof networkInterfaces = networkInterfaces,
): string {
  if (config.listen.advertised !== null) return config.listen.advertised;
  const bound = bindAddress(config, protocol);
  if (!isWildcard(bound)) return bound;
  const family = bound === '::' ? 'IPv6' : 'IPv4';
  for (const addresses of Object.values(interfaces())) {
    const outside = addresses?.find((entry) => !entry.internal && entry.family === family);
    if (outside) return outside.address;
  }
  return family === 'IPv4' ? '127.0.0.1' : '::1';
}

/** Media worker threads to start: as configured, else one fewer than the cores, at least one. */
export function workerCount(config: Config, cores: number = availableParallelism()): number {
  return config.rtp.workers > 0 ? config.rtp.workers : Math.max(1, cores - 1);
}

/** Streams that the RTP range can carry at one time: two ports each (RTP and RTCP, RFC 3550 11). */
export function rtpStreams(config: Config): number {
  return Math.max(0, Math.floor((config.rtp.to - config.rtp.from + 1) / 2));
}
