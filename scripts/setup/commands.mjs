/** Child processes: run one quietly and keep what it said, and find the npm that belongs to this Node. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {{ status: number | null, signal: string | null, stdout: string, output: string, missing: boolean }}
 *   CommandResult `output` is stdout and stderr as they came, `missing` says that there is no such program.
 */

/**
 * Runs a program to its end, capturing its output. Never throws: a program that does not exist gives `missing: true`.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, shell?: boolean }} [options]
 * @returns {Promise<CommandResult>}
 */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      shell: options.shell ?? false,
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) =>
      resolve({
        status: null,
        signal: null,
        stdout,
        output: output + error.message,
        missing: /** @type {any} */ (error).code === 'ENOENT',
      }),
    );
    child.on('close', (status, signal) => resolve({ status, signal, stdout, output, missing: false }));
  });
}

/**
 * Runs npm with the same Node as this process. Never throws.
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<CommandResult>}
 */
export function runNpm(args, options = {}) {
  const cli = findNpmCli(process.env.npm_execpath, process.execPath, existsSync);
  if (cli !== null) return run(process.execPath, [cli, ...args], options);
  // npm.cmd is a batch file, which Windows runs only through a shell; our arguments need no quoting there.
  return run('npm', args, { ...options, shell: process.platform === 'win32' });
}

/**
 * The script of the npm to use: the one that runs us, else the one beside Node, else null (then PATH decides).
 * @param {string | undefined} execPath npm_execpath, which names another package manager under pnpm or yarn
 * @param {string} nodePath
 * @param {(path: string) => boolean} exists
 * @returns {string | null}
 */
export function findNpmCli(execPath, nodePath, exists) {
  if (execPath !== undefined && /[\\/]npm-cli\.c?js$/.test(execPath) && exists(execPath)) return execPath;
  const folder = dirname(nodePath);
  const candidates = [
    join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  return candidates.find((path) => exists(path)) ?? null;
}

/**
 * The last lines of a program's output, indented, for an error message.
 * @param {string} output
 * @param {number} [lines]
 * @returns {string}
 */
export function tail(output, lines = 25) {
  return output
    .trimEnd()
    .split(/\r?\n/)
    .slice(-lines)
    .map((line) => `    ${line}`)
    .join('\n');
}
