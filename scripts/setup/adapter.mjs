/** The graphics adapter: probing, remembering that it worked, and what to try when it does not. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { hostname, release as kernelRelease } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './commands.mjs';
import { aptAllowed, aptCanHelp, installMesa, isDebianLike, parseOsRelease } from './debian.mjs';
import { cacheFolder, digest, readJson, readText, writeAtomic } from './files.mjs';
import { explainWriteError, say, SetupError, step } from './report.mjs';
import { ensureSwiftshader, swiftshaderFits } from './swiftshader.mjs';

/**
 * @typedef {{ driver: 'system' | 'swiftshader', loader: string | null, icd: string | null }} VulkanChoice
 * @typedef {{ adapter: string } | { problem: 'module' | 'none' | 'compute' | 'crash' | 'hang', detail: string }}
 *   ProbeResult
 * @typedef {{ platform: string, arch: string, problem: 'module' | 'none' | 'compute' | 'crash' | 'hang', userDriver:
 *   boolean, isRoot: boolean, aptAllowed: boolean, aptCanHelp: boolean, debianLike: boolean, aptTried: boolean,
 *   swiftshaderTried: boolean }} Facts
 */

const SYSTEM = /** @type {VulkanChoice} */ ({ driver: 'system', loader: null, icd: null });
const MANIFEST_FOLDERS = [
  '/etc/vulkan/icd.d',
  '/usr/share/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
  '/usr/local/etc/vulkan/icd.d',
];
const LIBRARY_FOLDERS = ['/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/lib'];

/**
 * What to do next when the probe fails. Pure.
 * @param {Facts} facts
 * @returns {'apt' | 'swiftshader' | 'give-up'}
 */
export function nextAction(facts) {
  // No driver helps when Dawn itself cannot be loaded, nor when the user's own choice of driver is what fails.
  if (facts.problem === 'module' || facts.platform !== 'linux' || facts.userDriver) return 'give-up';
  if (!facts.aptTried && facts.isRoot && facts.aptAllowed && facts.aptCanHelp && facts.debianLike) return 'apt';
  if (!facts.swiftshaderTried && swiftshaderFits(facts.platform, facts.arch)) return 'swiftshader';
  return 'give-up';
}

/**
 * What the reader can do when nothing worked, per operating system. Pure.
 * @param {Pick<Facts, 'platform' | 'arch' | 'problem' | 'userDriver'>} facts
 * @returns {string}
 */
export function adviceFor(facts) {
  if (facts.problem === 'module') {
    return (
      'The npm package webgpu has binaries for Linux with glibc 2.34 or newer (Debian 12, Ubuntu 22.04, ...; ' +
      'x64 and arm64; not Alpine), macOS and Windows. On one of these, delete node_modules and run the same command ' +
      'again.'
    );
  }
  if (facts.userDriver)
    return 'VK_DRIVER_FILES or VK_ICD_FILENAMES is set, so only the drivers it names were tried: correct or unset it.';
  if (facts.platform === 'darwin')
    return 'A Mac needs Metal: use macOS 12 or newer; in a virtual machine, switch on graphics acceleration.';
  if (facts.platform === 'win32')
    return (
      'Update the graphics driver; without a graphics card, Windows 10 and newer bring a software adapter ' +
      '(WARP) that Windows Update repairs.'
    );
  return (
    'Install a Vulkan driver: mesa-vulkan-drivers and libvulkan1 on Debian and Ubuntu (on Debian 12 from ' +
    'bookworm-backports), mesa-vulkan-drivers and vulkan-loader on Fedora, vulkan-swrast and vulkan-icd-loader on ' +
    'Arch, or the driver of the graphics card; then run the same command again.'
  );
}

/**
 * What decides which adapter Dawn finds, as a hash: environment variables, drivers and loaders installed, device nodes,
 * the webgpu package, the recorded choice, and the day, so that "it worked" is believed for a day at most.
 * @param {string} root the checkout, or the installed package
 * @param {string} cache the per-user cache folder
 * @param {string} [day]
 * @returns {string}
 */
export function probeKey(root, cache, day = new Date().toISOString().slice(0, 10)) {
  const environment = Object.entries(process.env)
    .filter(([name]) =>
      /^(VK_|LD_|DAWN|XDG_(DATA|CONFIG)_|CUDA_VISIBLE_DEVICES$|DISPLAY$|WAYLAND_DISPLAY$|LIBGL_|MESA_|LP_|GALLIUM_)/.test(
        name,
      ),
    )
    .sort();
  /** @param {string} folder @param {RegExp} [wanted] */
  const list = (folder, wanted = /./) => {
    try {
      return readdirSync(folder)
        .filter((name) => wanted.test(name))
        .sort()
        .map((name) => `${name} ${statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 'gone'}`);
    } catch {
      return [];
    }
  };
  const drivers =
    process.platform !== 'linux'
      ? []
      : [
          ...MANIFEST_FOLDERS.map((folder) => list(folder)),
          ...LIBRARY_FOLDERS.map((folder) => list(folder, /^libvulkan|^libGLX_nvidia/)),
          list('/dev', /^nvidia|^dxg$|^kfd$/),
          list('/dev/dri'),
        ];
  const choice = readJson(join(cache, 'vulkan.json'));
  const files = [choice?.loader, choice?.icd]
    .filter((path) => typeof path === 'string')
    .map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 'gone');
  const webgpu = readJson(join(root, 'node_modules', 'webgpu', 'package.json'))?.version;
  return digest(
    JSON.stringify([
      day,
      process.platform,
      process.arch,
      process.version,
      process.getuid?.(),
      hostname(),
      kernelRelease(),
      webgpu,
      environment,
      drivers,
      choice,
      files,
    ]),
  );
}

/**
 * The adapter that worked earlier today under the same circumstances.
 * @param {string} root
 * @returns {string | null} its name
 */
export function rememberedAdapter(root) {
  const cache = cacheFolder();
  const record = readJson(join(cache, 'probe.json'));
  return typeof record?.adapter === 'string' && record.key === probeKey(root, cache) ? record.adapter : null;
}

/**
 * Finds an adapter that computes, installing or fetching a driver if need be, and records how later processes reach it.
 * A working system driver wins over SwiftShader. Needs the dependencies and dist/.
 * @param {string} root the checkout, or the installed package
 * @returns {Promise<string>} the adapter's name
 * @throws {SetupError} when there is none
 */
export async function ensureAdapter(root) {
  const cache = cacheFolder();
  const first = await step('looking for a graphics adapter', () => probe(root, SYSTEM));
  if ('adapter' in first) return accept(root, cache, SYSTEM, first.adapter);
  const osRelease = parseOsRelease(readText('/etc/os-release') ?? '');
  /** @type {Facts} */
  const facts = {
    platform: process.platform,
    arch: process.arch,
    problem: first.problem,
    userDriver: Boolean(process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES),
    isRoot: process.getuid?.() === 0,
    aptAllowed: aptAllowed(),
    aptCanHelp: await aptCanHelp(),
    debianLike: isDebianLike(osRelease),
    aptTried: false,
    swiftshaderTried: false,
  };
  const recorded = /** @type {VulkanChoice | null} */ (readJson(join(cache, 'vulkan.json')));
  if (recorded !== null && !facts.userDriver) {
    // What worked before this day needs neither network nor rights.
    const result = await probe(root, 'recorded');
    if ('adapter' in result) return remember(root, cache, result.adapter);
  }
  let problem = `no usable graphics adapter was found (${first.detail})`;
  for (;;) {
    const action = nextAction(facts);
    if (action === 'give-up') throw new SetupError(`${problem}.`, adviceFor(facts));
    if (action === 'apt') {
      facts.aptTried = true;
      if (!(await installMesa(osRelease))) continue;
      const result = await probe(root, SYSTEM);
      if ('adapter' in result) return accept(root, cache, SYSTEM, result.adapter);
      say(`the installed driver does not work either (${result.detail})`);
    } else {
      facts.swiftshaderTried = true;
      try {
        const files = await ensureSwiftshader(cache);
        // First a driver of the system that only lacks the loader, as for a graphics card given to a container.
        const choices = /** @type {VulkanChoice[]} */ ([
          { driver: 'system', loader: files.loader, icd: null },
          { driver: 'swiftshader', ...files },
        ]);
        for (const choice of choices) {
          const result = await probe(root, choice);
          if ('adapter' in result) return accept(root, cache, choice, result.adapter);
          problem = `no usable graphics adapter was found, and SwiftShader does not work here (${result.detail})`;
        }
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        problem =
          `no usable graphics adapter was found, and ` +
          `${error.message.replace(/\.$/, '')}${error.fix ? ` (${error.fix.replace(/\.$/, '')})` : ''}`;
      }
    }
  }
}

/**
 * Asks for an adapter in a child process. Never throws: crashes and hangs are results.
 * @param {string} root the checkout, or the installed package
 * @param {VulkanChoice | 'recorded'} choice
 * @returns {Promise<ProbeResult>}
 */
export async function probe(root, choice) {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'probe.mjs');
  const recipe = join(root, 'dist', 'engine', 'vulkanFallback.js');
  const timeoutMs = Number(process.env.RFCLIP_PROBE_TIMEOUT_MS) || 60_000;
  const attempt = async () =>
    parseProbe(
      await run(process.execPath, [script, recipe, choice === 'recorded' ? choice : JSON.stringify(choice)], {
        cwd: root,
        timeoutMs,
      }),
    );
  const result = await attempt();
  // Once more, so that one unlucky run does not lead to installing packages.
  return 'problem' in result && result.problem === 'crash' ? attempt() : result;
}

/**
 * Reads the probe's answer: the last line of its output that is a JSON object, since drivers print what they like.
 * A child that died after a good answer counts as a crash: later processes would die in the same way.
 * @param {{ status: number | null, signal: string | null, stdout: string, output: string }} result
 * @returns {ProbeResult}
 */
export function parseProbe(result) {
  const line = result.stdout
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .at(-1);
  if (result.status === 0 && line !== undefined) return JSON.parse(line);
  if (result.signal === 'SIGKILL')
    return { problem: 'hang', detail: 'the process that asked for it did not answer in time or was killed' };
  const how = `ended with ${result.signal ?? `exit code ${result.status}`}`;
  const said = result.output
    .trim()
    .split('\n')
    .find((text) => /error/i.test(text))
    ?.trim()
    .slice(0, 200);
  return { problem: 'crash', detail: `the process that asked for it ${how}${said ? `: ${said}` : ''}` };
}

/**
 * Records a choice that works. A system driver needs no record, so an older one is removed.
 * @param {string} root @param {string} cache @param {VulkanChoice} choice @param {string} adapter
 * @returns {Promise<string>} the adapter's name
 */
async function accept(root, cache, choice, adapter) {
  const record = join(cache, 'vulkan.json');
  try {
    if (choice.loader === null) rmSync(record, { force: true });
    else {
      writeAtomic(record, `${JSON.stringify(choice, null, 2)}\n`);
      const later = await probe(root, 'recorded');
      if (!('adapter' in later))
        throw new SetupError(
          `${adapter} worked once but is not found by way of ${record} (${later.detail}).`,
          'Please report this.',
        );
      say(
        `no Vulkan ${choice.driver === 'system' ? 'loader' : 'driver'} is installed; using the one in ` +
          `${dirname(choice.loader)}`,
      );
    }
  } catch (error) {
    throw explainWriteError(error, cache, 'Set RFCLIP_CACHE_DIR to a folder that this user may write to.');
  }
  return remember(root, cache, adapter);
}

/** @param {string} root @param {string} cache @param {string} adapter @returns {string} the adapter's name */
function remember(root, cache, adapter) {
  try {
    writeAtomic(join(cache, 'probe.json'), `${JSON.stringify({ adapter, key: probeKey(root, cache) })}\n`);
  } catch {
    // Then the next set-up asks again.
  }
  return adapter;
}
