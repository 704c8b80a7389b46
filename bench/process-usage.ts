import { existsSync, readFileSync } from 'node:fs';

/** Processor time and memory of a process, from /proc (Linux). */
export interface ProcessUsage {
  /** User plus system time of all threads since the process began, in milliseconds (in steps of 10). */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Kernel clock ticks a second as seen in /proc (USER_HZ, 100 on every Linux that Node runs on). */
const ticksPerSecond = 100;

/** What a suite says when it leaves figures out for want of /proc. */
export const noUsageNote =
  'processor time and memory are left out: they need /proc (Linux) and a known process id';

/** The usage of a live process; null where there is no /proc or the process is gone. */
export function readUsage(pid: number | null): ProcessUsage | null {
  if (pid === null || !existsSync(`/proc/${pid}/stat`)) return null;
  return parseUsage(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Reads `stat` and `status` as proc(5) describes them. */
export function parseUsage(stat: string, status: string): ProcessUsage {
  // The command name may hold spaces and brackets: fields are counted from behind its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(status);
  return { cpuMs: (ticks * 1_000) / ticksPerSecond, rssBytes: Number(resident?.[1] ?? 0) * 1_024 };
}
