// Runs test/engine/subgroupMatrix.test.ts on a CPU driver that has subgroup matrices: Mesa 26, which Debian offers for
// trixie. Nothing is installed: packages are unpacked into a folder of the cache, with a C library of their own, and
// Node is started by that library's loader. Ends with 0 where the tests passed, and with 0 and a loud line where the
// driver could not be had (no apt, no network, another processor).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const home = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rfclip', 'mesa-26');
const root = join(home, 'root');
const libraries = join(root, 'usr', 'lib', 'x86_64-linux-gnu');
const driver = join(libraries, 'libvulkan_lvp.so');
const TESTS = ['test/engine/subgroupMatrix.test.ts', 'test/engine/openDevice.test.ts', 'test/clip/precision.test.ts'];

/** @param {string} reason @returns {never} */
function skip(reason) {
  console.log(`SKIPPED: SUBGROUP MATRICES WERE NOT CHECKED, because ${reason}`);
  process.exit(0);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0)
    skip(`${command} ${args.at(-1)} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
}

function unpackDriver() {
  if (process.platform !== 'linux' || process.arch !== 'x64') skip(`this is ${process.platform}-${process.arch}`);
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  if (!existsSync(keys)) skip(`${keys} is missing, so this is no Debian`);
  const archives = join(home, 'cache', 'archives');
  run('mkdir', ['-p', join(archives, 'partial'), join(home, 'lists', 'partial'), root]);
  const suite = (/** @type {string} */ name) => `deb [signed-by=${keys}] http://deb.debian.org/debian ${name} main\n`;
  writeFileSync(join(home, 'sources.list'), suite('trixie') + suite('trixie-backports'));
  // Nothing counts as installed, so that apt brings every library that the driver needs.
  writeFileSync(join(home, 'status'), '');
  const options = [
    `Dir::Etc::SourceList=${join(home, 'sources.list')}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${join(home, 'lists')}`,
    `Dir::State::Status=${join(home, 'status')}`,
    `Dir::Cache=${join(home, 'cache')}`,
    'APT::Install-Recommends=false',
    'APT::Sandbox::User=',
    'Debug::NoLocking=1',
  ].flatMap((option) => ['-o', option]);
  run('apt-get', [...options, 'update']);
  const wanted = ['mesa-vulkan-drivers', 'libvulkan1', 'libstdc++6'];
  run('apt-get', [...options, '-y', '--download-only', '-t', 'trixie-backports', 'install', ...wanted]);
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb')))
    run('dpkg', ['-x', join(archives, name), root]);
}

if (!existsSync(driver)) unpackDriver();
if (!existsSync(driver)) skip(`the packages hold no ${driver}`);
const described = JSON.parse(readFileSync(join(root, 'usr/share/vulkan/icd.d/lvp_icd.json'), 'utf8'));
const description = join(home, 'lvp_icd.json');
writeFileSync(description, JSON.stringify({ ...described, ICD: { ...described.ICD, library_path: driver } }));
const loader = [join(libraries, 'ld-linux-x86-64.so.2'), '--library-path', libraries, realpathSync(process.execPath)];
const vitest = join(project, 'node_modules', 'vitest', 'vitest.mjs');
// Threads, because a process that vitest starts would be started without the loader.
const { status } = spawnSync(loader[0], [...loader.slice(1), vitest, 'run', '--pool=threads', ...TESTS], {
  cwd: project,
  stdio: 'inherit',
  env: {
    ...process.env,
    VK_DRIVER_FILES: description,
    VK_ICD_FILENAMES: description,
    MATRICES_EXPECTED: '1',
  },
});
process.exit(status ?? 1);
