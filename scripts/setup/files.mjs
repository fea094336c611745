/** Small file helpers: where the per-user cache is, writing atomically, fingerprints of folders. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The per-user cache folder, not created. `engine/vulkanFallback.ts` computes the same path; a test compares them.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [platform]
 * @param {string} [home]
 * @returns {string}
 */
export function cacheFolder(env = process.env, platform = process.platform, home = homedir()) {
  if (env.RFCLIP_CACHE_DIR) return env.RFCLIP_CACHE_DIR;
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'rfclip');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'rfclip', 'Cache');
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'rfclip');
}

/**
 * @param {string | Uint8Array} data
 * @param {string} [algorithm]
 * @param {'hex' | 'base64'} [encoding]
 * @returns {string}
 */
export function digest(data, algorithm = 'sha256', encoding = 'hex') {
  return createHash(algorithm).update(data).digest(encoding);
}

/**
 * Makes a folder with those above it, one by one: Node's recursive mkdir never returns below a file system that answers
 * ENOENT (/proc). `system/makeFolders.ts` does the same. Throws the file system's error.
 * @param {string} path
 */
export function makeFolders(path) {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'EEXIST') throw error;
  }
}

/**
 * Writes a file so that readers see the old or the new content, never half of it. Throws file system errors.
 * @param {string} path
 * @param {string | Uint8Array} data
 */
export function writeAtomic(path, data) {
  makeFolders(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, data);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * @param {string} path
 * @returns {string | null} null when the file cannot be read
 */
export function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/**
 * @param {string} path
 * @returns {any} null when the file cannot be read or is not JSON
 */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * A hash over the names, sizes and modification times of the given files and of everything below the given folders.
 * Far cheaper than reading them, and unlike "newest modification time" it notices deleted files and older versions.
 * What does not exist is left out.
 * @param {string} root
 * @param {readonly string[]} entries files and folders relative to root
 * @returns {string} hexadecimal SHA-256
 */
export function fingerprint(root, entries) {
  /** @type {string[]} */
  const lines = [];
  /** @param {string} relative */
  const visit = (relative) => {
    const info = statSync(join(root, relative), { throwIfNoEntry: false });
    if (info === undefined) return;
    if (!info.isDirectory()) {
      lines.push(`${relative} ${info.size} ${info.mtimeMs}`);
      return;
    }
    for (const name of readdirSync(join(root, relative)).sort()) visit(`${relative}/${name}`);
  };
  for (const entry of entries) visit(entry);
  return digest(lines.join('\n'));
}
