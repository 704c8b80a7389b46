import { readFileSync } from 'node:fs';

/** Processor time and memory of a process, from /proc (Linux). */
export interface ProcessUsage {
  /** User plus system time since the process began, in milliseconds. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Kernel clock ticks a second as seen in /proc (USER_HZ, 100 on every Linux that Node runs on). */
const ticksPerSecond = 100;

/** Reads the usage of a live process; throws when it is gone. */
export function readUsage(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command name may hold spaces and brackets: fields are counted from behind its last bracket (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { cpuMs: (ticks * 1_000) / ticksPerSecond, rssBytes: Number(resident?.[1] ?? 0) * 1_024 };
}

/** One-minute load average of the machine. */
export function loadAverage(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}
