import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a finished command left. Lines that Dawn itself writes to a socket are taken out of `stderr`. */
export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs the built CLI, or a `script` in its place, in a child process, as a user would. It is killed after `timeout` ms,
 * which shows as a signal.
 */
export function runCli(
  args: readonly string[],
  options: { environment?: Record<string, string | undefined>; timeout?: number; cwd?: string; script?: string } = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [options.script ?? main, ...args], {
      cwd: options.cwd,
      env: { ...process.env, RFCLIP_DEBUG: undefined, NO_COLOR: '1', ...options.environment },
      timeout: options.timeout ?? 100_000,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr: withoutDawn(stderr) }));
  });
}

function withoutDawn(text: string): string {
  return text.replace(/^(Warning: .*|    at Check\w+ \(.*\)|\s*)\n/gm, '');
}
