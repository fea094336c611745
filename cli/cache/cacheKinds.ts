import { join } from 'node:path';
import { isPulledFile } from '../../datasets/pull/pulledFiles.ts';
import { isFolder } from '../../system/fileKinds.ts';
import { TEMPORARY_NAME } from '../../system/temporaryFiles.ts';
import { KNOWN_CHECKPOINTS } from '../../weights/knownCheckpoints.ts';

/** One thing that is kept in the folder of all caches. */
export interface CacheKind {
  /** On the command line. */
  name: string;
  /** In the table. */
  what: string;
  /** Where it lies, relative to the folder of all caches; `.` is that folder itself. */
  folder: string;
  /** Whether rfclip made the file of this path, relative to the folder of all caches, with slashes. */
  owns(path: string): boolean;
  /** Lock files to hold while files are removed; absolute. */
  locks(root: string, paths: readonly string[]): string[];
}

const WEIGHT_FILES = KNOWN_CHECKPOINTS.map(({ file }) => file);
const WEIGHT_ENDINGS = ['', '.part', '.part.json', '.bad'];
const DRIVER_FILES = [
  /^(vulkan|probe)\.json(\.\d+\.tmp)?$/,
  /^swiftshader-[\d.]+\/(libvulkan\.so\.1|libvk_swiftshader\.so|vk_swiftshader_icd\.json)$/,
];
const HASH = /^[0-9a-f]{64}$/;

/** All that rfclip keeps between runs. */
export const CACHE_KINDS: readonly CacheKind[] = [
  {
    name: 'weights',
    what: 'pulled checkpoints',
    folder: 'weights',
    owns: (path) => weightFileOf(path) !== undefined,
    locks: (root, paths) =>
      [...new Set(paths.map((path) => weightFileOf(path)!))].map((file) => join(root, 'weights', `${file}.lock`)),
  },
  {
    name: 'data',
    what: 'pulled data sets',
    folder: 'data',
    owns: (path) => path.startsWith('data/') && isPulledFile(path.slice('data/'.length)),
    // A pull that is at work has this folder.
    locks: (root) => {
      const archives = join(root, 'data', 'archives');
      return isFolder(archives) ? [join(archives, 'pull.lock')] : [];
    },
  },
  {
    name: 'text-features',
    what: 'encoded class words',
    folder: 'text-features',
    owns: (path) => {
      const [folder, key, file, ...deeper] = path.split('/');
      return (
        folder === 'text-features' &&
        HASH.test(key ?? '') &&
        file !== undefined &&
        deeper.length === 0 &&
        (TEMPORARY_NAME.test(file) || (file.endsWith('.bin') && HASH.test(file.slice(0, -4))))
      );
    },
    locks: () => [],
  },
  {
    name: 'drivers',
    what: 'a software driver, and what the set-up found',
    folder: '.',
    owns: (path) => DRIVER_FILES.some((pattern) => pattern.test(path)),
    locks: () => [],
  },
];

/** The known checkpoint's file that a file of the cache is, or is a part of. */
function weightFileOf(path: string): string | undefined {
  return WEIGHT_FILES.find((file) => WEIGHT_ENDINGS.some((ending) => path === `weights/${file}${ending}`));
}
