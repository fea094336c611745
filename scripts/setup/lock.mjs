/**
 * One set-up at a time per checkout: a lock file that a heartbeat keeps young, so that a killed owner cannot block
 * others.
 */
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolders } from './files.mjs';
import { say } from './report.mjs';

const HEARTBEAT_MS = 5_000;
const STALE_MS = 60_000;

/**
 * Runs `work` while holding the lock file `path`, waiting for another holder first. Throws what `work` throws, and the
 * file system's error when the lock cannot be written.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  makeFolders(dirname(path));
  let said = false;
  while (!tryCreate(path)) {
    if (isStale(path)) {
      stealStale(path);
      continue;
    }
    if (!said) say('waiting for another set-up of this checkout ...');
    said = true;
    await sleep(200);
  }
  const release = () => rmSync(path, { force: true });
  const stop = () => process.exit(130);
  process.once('exit', release).once('SIGINT', stop).once('SIGTERM', stop);
  const heartbeat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // Somebody deleted the lock by hand; finishing the work is all that is left to do.
    }
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release();
    process.off('exit', release).off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/**
 * Whether the holder of a lock file is gone: its process does not exist any more (same machine only, since a checkout
 * may be shared between machines and containers), or the heartbeat stopped. A vanished file counts as not stale.
 * @param {string} path
 * @param {number} [now] milliseconds since 1970
 * @returns {boolean}
 */
export function isStale(path, now = Date.now()) {
  try {
    const [pid, host] = readFileSync(path, 'utf8').split('\n');
    if (now - statSync(path).mtimeMs > STALE_MS) return true;
    return host === hostname() && Number(pid) > 0 && !isAlive(Number(pid));
  } catch {
    return false;
  }
}

/** @param {string} path @returns {boolean} false when another process holds it */
function tryCreate(path) {
  try {
    writeFileSync(path, `${process.pid}\n${hostname()}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {any} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the stale file away first: of two waiting processes only one succeeds. @param {string} path */
function stealStale(path) {
  const grave = `${path}.${process.pid}`;
  try {
    renameSync(path, grave);
    rmSync(grave, { force: true });
  } catch {
    // The other one was faster.
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {any} */ (error).code === 'EPERM';
  }
}
