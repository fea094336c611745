import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The built command line. */
const MAIN = join(ROOT, 'dist/cli/main.js');

/** No command of a soak takes so long, unless it hangs. */
const HANGS_AFTER = 600_000;

/** Variables by which a scheduler would choose a part of the images. */
const SCHEDULERS = ['SLURM_ARRAY_TASK_ID', 'SLURM_PROCID', 'SLURM_NTASKS', 'JOB_COMPLETION_INDEX', 'RANK'];

const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 };

const alive = new Set();

/** A process of its own group, so that a Ctrl-C of the soak is not its own. It ends with the soak. */
export function startProcess(script, args, options = {}) {
  const child = spawn(process.execPath, [...(options.flags ?? []), script, ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...Object.fromEntries(SCHEDULERS.map((name) => [name, undefined])),
      RFCLIP_DEBUG: undefined,
      NO_COLOR: '1',
      ...options.environment,
    },
    stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  alive.add(child);
  child.on('close', () => alive.delete(child));
  return child;
}

/** Ends whatever still runs. */
export function endCommands() {
  for (const child of alive) child.kill('SIGKILL');
}

/**
 * Runs `rfclip` as a user would.
 * @param {string[]} args
 * @param {{ environment?: object, script?: string, signal?: string, after?: number }} options `signal` is sent `after`
 *   milliseconds; `script` stands in for the command line
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string, milliseconds: number,
 *   sent: boolean, call: string }>}
 * @throws an Error for a command that hangs or prints a stack trace
 */
export function rfclip(args, options = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = startProcess(options.script ?? MAIN, args, options);
    let [stdout, stderr, sent, hung] = ['', '', false, false];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const timers = [setTimeout(() => (hung = child.kill('SIGKILL')), HANGS_AFTER)];
    if (options.signal !== undefined) timers.push(setTimeout(() => (sent = child.kill(options.signal)), options.after));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      timers.forEach(clearTimeout);
      const call = `rfclip ${args.join(' ')}`;
      if (hung) reject(new Error(`${call} hung: ${stderr}`));
      else if (/^\s+at .+:\d+:\d+\)?$/m.test(stderr)) reject(new Error(`${call} printed a stack trace: ${stderr}`));
      else resolve({ code, signal, stdout, stderr, milliseconds: performance.now() - started, sent, call });
    });
  });
}

/** What `rfclip` gives, of a command that must end well. @throws an Error where it does not */
export async function rfclipWell(args, options) {
  const result = await rfclip(args, options);
  if (result.code !== 0) throw new Error(`${result.call} ended with ${result.code ?? result.signal}: ${result.stderr}`);
  return result;
}

/**
 * Asserts that a command failed with one sentence, or one for each file that it was at.
 * @param {Awaited<ReturnType<typeof rfclip>>} result
 * @param {RegExp} sentence what it says
 */
export function assertFailed({ code, signal, stderr, call }, sentence, atMost = 1) {
  const said = stderr.split('\n').filter((line) => line.startsWith('rfclip:'));
  if (code !== 1 || said.length < 1 || said.length > atMost || !said.every((line) => sentence.test(line)))
    throw new Error(`${call} ended with ${code ?? signal}, expected 1 and ${sentence}: ${stderr}`);
}

/**
 * Starts a command again and again, and kills it at random moments, until it ends well: mostly without warning, now and
 * then as Ctrl-C or a scheduler does it.
 * @param context of the round
 * @param args of the command
 * @param {{ environment?: object, usual: number, kills: number }} options `usual`: milliseconds that it takes
 *   undisturbed; `kills`: after so many it is left alone
 */
export async function rfclipKilled({ random, figures, part }, args, { environment, usual, kills }) {
  for (let left = kills; ; left--) {
    const draw = random();
    const signal = left <= 0 ? undefined : draw < 0.7 ? 'SIGKILL' : draw < 0.85 ? 'SIGINT' : 'SIGTERM';
    const result = await rfclip(args, { environment, signal, after: random() * 1.2 * usual });
    if (result.code === 0) return;
    const byUs = result.sent && (result.signal === signal || result.code === SIGNAL_CODES[signal]);
    if (!byUs) throw new Error(`${result.call} ended with ${result.code ?? result.signal}: ${result.stderr}`);
    figures.add(part, signal);
  }
}
