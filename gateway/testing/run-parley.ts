import { execFile } from 'node:child_process';

import { projectPath } from '../../config/paths.js';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const deadlineMs = 20_000;

/** Runs `parley` with these arguments to its end; one that does not end is killed and has no code. */
export function runParley(
  commandLine: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [projectPath('dist', 'gateway', 'main.js'), ...commandLine],
      { cwd: options.cwd, env: { ...process.env, ...options.env }, timeout: deadlineMs },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
