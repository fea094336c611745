/**
 * SwiftShader (a Vulkan driver for the CPU) and a Vulkan loader, from the npm package @sparticuz/chromium, which
 * carries both as Chromium builds them. Needs no rights beyond the user's own cache folder, and the npm registry once.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { runNpm } from './commands.mjs';
import { explainNpmFailure } from './dependencies.mjs';
import { digest, makeFolders } from './files.mjs';
import { explainWriteError, SetupError, step } from './report.mjs';
import { readTar } from './tar.mjs';

const PACKAGE = '@sparticuz/chromium';
const VERSION = '153.0.0';
/** SHA-512 of the package's .tgz, as the registry states it. */
const INTEGRITY = 'jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==';
const LOADER = 'libvulkan.so.1';
const DRIVER = 'libvk_swiftshader.so';
const MANIFEST = 'vk_swiftshader_icd.json';

/** Whether the package has libraries for this machine. @param {string} platform @param {string} arch */
export function swiftshaderFits(platform, arch) {
  return platform === 'linux' && arch === 'x64';
}

/**
 * Makes sure that SwiftShader and the loader are in the cache, fetching them (70 MB, of which 7 MB stay) if not.
 * The folder appears by one rename, so that it is complete if it exists.
 * @param {string} cache the per-user cache folder
 * @returns {Promise<{ loader: string, icd: string }>} absolute paths
 * @throws {SetupError} when the registry cannot be reached, the package is not the expected one, or the cache is not
 *   writable
 */
export async function ensureSwiftshader(cache) {
  const folder = join(cache, `swiftshader-${VERSION}`);
  const paths = { loader: join(folder, LOADER), icd: join(folder, MANIFEST) };
  if (existsSync(paths.loader) && existsSync(paths.icd) && existsSync(join(folder, DRIVER))) return paths;
  try {
    makeFolders(cache);
    const temporary = mkdtempSync(join(cache, 'fetch-'));
    try {
      await step('fetching SwiftShader, a Vulkan driver for the CPU (70 MB)', async () => {
        const archive = await fetchPackage(temporary);
        mkdirSync(join(temporary, 'out'));
        for (const [name, content] of extractSwiftshader(archive, folder))
          writeFileSync(join(temporary, 'out', name), content, { mode: 0o755 });
      });
      moveInPlace(join(temporary, 'out'), folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  } catch (error) {
    throw explainWriteError(error, cache, 'Set RFCLIP_CACHE_DIR to a folder that this user may write to.');
  }
  return paths;
}

/**
 * The files to put in the cache: loader, driver, and a manifest that names the driver by its absolute path.
 * @param {Uint8Array} archive the package's .tgz
 * @param {string} folder where the files will lie
 * @returns {Map<string, Uint8Array | string>} file name to content
 * @throws {Error} when the archive is damaged or lacks a file
 */
export function extractSwiftshader(archive, folder) {
  /** @param {Map<string, Uint8Array>} files @param {string} name */
  const take = (files, name) => {
    const content = files.get(name);
    if (content === undefined) throw new SetupError(`${PACKAGE} ${VERSION} has no file ${name}.`);
    return content;
  };
  const inner = readTar(brotliDecompressSync(take(readTar(gunzipSync(archive)), 'package/bin/swiftshader.tar.br')));
  const manifest = JSON.parse(new TextDecoder().decode(take(inner, MANIFEST)));
  manifest.ICD.library_path = join(folder, DRIVER);
  return new Map([
    [LOADER, take(inner, LOADER)],
    [DRIVER, take(inner, DRIVER)],
    [MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`],
  ]);
}

/**
 * `npm pack` rather than fetch(): it honours the user's registry, proxy and certificates.
 * @param {string} folder
 * @returns {Promise<Uint8Array>}
 */
async function fetchPackage(folder) {
  const result = await runNpm(
    [
      'pack',
      `${PACKAGE}@${VERSION}`,
      '--pack-destination',
      folder,
      '--ignore-scripts',
      '--loglevel=error',
      '--fetch-retry-mintimeout=2000',
      '--fetch-retry-maxtimeout=10000',
    ],
    { cwd: folder },
  );
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (result.status !== 0 || name === undefined) {
    const why = explainNpmFailure(result, folder);
    throw new SetupError(`SwiftShader could not be fetched: ${why.message}`, why.fix);
  }
  const archive = readFileSync(join(folder, name));
  const found = digest(archive, 'sha512', 'base64');
  if (found !== INTEGRITY)
    throw new SetupError(
      `the registry's ${PACKAGE} ${VERSION} is not the expected package (SHA-512 ${found.slice(0, 12)}..., expected ` +
        `${INTEGRITY.slice(0, 12)}...); it was not used.`,
    );
  return archive;
}

/** @param {string} from @param {string} to */
function moveInPlace(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    // Either another set-up was faster, and its folder is complete, or an old folder lacks files.
    if (existsSync(join(to, LOADER)) && existsSync(join(to, DRIVER)) && existsSync(join(to, MANIFEST))) return;
    if (!existsSync(to)) throw error;
    rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  }
}
