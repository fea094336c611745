/**
 * What the set-up prints: plain lines on stderr (stdout stays free for `npm run demo`), no colours, no cursor moves. In
 * the command `rfclip setup`, the command line prints them.
 */

/** @type {(line: string) => void} */
let write = (line) => void process.stderr.write(`${line}\n`);

/**
 * From now on, lines go where the caller wants them.
 * @param {(line: string) => void} writer
 */
export function sayBy(writer) {
  write = writer;
}

/** A failure that is explained in one message; the set-up prints it without a stack trace and exits with 1. */
export class SetupError extends Error {
  /**
   * @param {string} message what went wrong
   * @param {string} [fix] what the reader can do about it
   */
  constructor(message, fix) {
    super(message);
    this.name = 'SetupError';
    this.fix = fix;
  }
}

/**
 * Prints one line. Never throws.
 * @param {string} line
 */
export function say(line) {
  write(`rfclip set-up: ${line}`);
}

/**
 * Runs `work` and says what is going on only if it takes longer than half a second: a line at the start, one every
 * 30 seconds (CI systems stop silent jobs) and one with the time at the end. A result with a `status` other than 0
 * counts as failed. Passes errors of `work` on.
 * @template T
 * @param {string} title in the form "installing dependencies"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  let announced = false;
  const announce = setTimeout(() => {
    announced = true;
    say(`${title} ...`);
  }, 500);
  const heartbeat = setInterval(() => say(`${title} ... ${seconds()}`), 30_000);
  try {
    const result = await work();
    const failed = /** @type {any} */ (result)?.status !== undefined && /** @type {any} */ (result).status !== 0;
    if (announced) say(`${title}: ${failed ? 'failed after' : 'done in'} ${seconds()}`);
    return result;
  } catch (error) {
    if (announced) say(`${title}: failed after ${seconds()}`);
    throw error;
  } finally {
    clearTimeout(announce);
    clearInterval(heartbeat);
  }
}

/**
 * Turns "permission denied" and "read-only file system" into a sentence about the folder; other errors stay as they
 * are.
 * @param {unknown} error
 * @param {string} folder what could not be written
 * @param {string} fix
 * @returns {unknown} a SetupError or `error` itself
 */
export function explainWriteError(error, folder, fix) {
  const code = /** @type {{ code?: string }} */ (error)?.code;
  if (code === 'EROFS') return new SetupError(`${folder} is on a read-only file system and cannot be written.`, fix);
  if (code === 'EACCES' || code === 'EPERM')
    return new SetupError(`${folder} cannot be written: permission denied for this user.`, fix);
  if (code === 'ENOSPC')
    return new SetupError(
      `no space left on the disk that holds ${folder}.`,
      'Free some space (about 500 MB are needed) and try again.',
    );
  return error;
}
