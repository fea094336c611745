/**
 * Lets Dawn find a Vulkan loader and driver that are not installed in the system. On Linux Dawn opens "libvulkan.so.1"
 * by name, and that name is looked up in the system's folders and in LD_LIBRARY_PATH as it was when the process
 * started. So a loader in the user's cache is opened beforehand, by its path: it then counts as the loaded
 * "libvulkan.so.1", and Dawn's own request finds it. `scripts/setup.mjs` fetches such a loader with SwiftShader, a
 * Vulkan driver for the CPU, where nothing else works, and records that in `vulkan.json`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';

/** What the set-up recorded in `vulkan.json`. */
export interface VulkanChoice {
  /** Whose driver runs: one installed in the system, or SwiftShader from the cache. */
  driver: 'system' | 'swiftshader';
  /** Absolute path of the `libvulkan.so.1` to open, or null for the system's. */
  loader: string | null;
  /** Absolute path of the driver's manifest (a JSON file), or null for those installed in the system. */
  icd: string | null;
}

/**
 * Keeps a library in the process after its handle is closed; glibc and musl agree on the value, Node has no name for
 * it.
 */
const RTLD_NODELETE = 0x1000;

/**
 * Applies what the set-up recorded. Call it in the main thread before `create()` of the webgpu package: a worker's
 * `process.env` is a copy that native code does not see. Costs one small file read; does nothing on other platforms
 * than Linux, where nothing (or the system's own driver) is recorded, and where the user chose a driver with
 * VK_DRIVER_FILES or VK_ICD_FILENAMES. Never throws: without a driver, Dawn finds no adapter, and that is the error
 * worth showing.
 */
export function prepareVulkan(): void {
  if (process.platform !== 'linux') return;
  const choice = readVulkanChoice();
  if (choice === null) return;
  // A child process inherits the variables from a parent that came through here: that is not a choice of the user's.
  const chosen = [process.env.VK_DRIVER_FILES, process.env.VK_ICD_FILENAMES].filter(
    (value) => value !== undefined && value !== '',
  );
  if (chosen.some((value) => value !== choice.icd)) return;
  applyVulkanChoice(choice);
}

/**
 * Opens the chosen loader and points it to the chosen driver. Applying the same choice twice changes nothing; a choice
 * whose files are gone (a cleaned cache) is ignored. Never throws.
 */
export function applyVulkanChoice(choice: VulkanChoice): void {
  const files = [choice.loader, choice.icd].filter((path) => path !== null);
  if (process.platform !== 'linux' || !files.every((path) => existsSync(path))) return;
  if (choice.icd !== null) {
    // The second name is for loaders older than 1.3.207. Node hands both on to the C library's environment.
    process.env.VK_DRIVER_FILES = choice.icd;
    process.env.VK_ICD_FILENAMES = choice.icd;
  }
  if (choice.loader === null) return;
  try {
    process.dlopen({ exports: {} }, choice.loader, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch {
    // Always: Node opens the library, sees that it is no Node module, closes it and says so. It stays, by
    // RTLD_NODELETE.
  }
}

/** The recorded choice, or null where none is recorded or the record is not understood. */
export function readVulkanChoice(): VulkanChoice | null {
  try {
    const record = JSON.parse(readFileSync(join(cacheFolder(), 'vulkan.json'), 'utf8')) as Partial<VulkanChoice> | null;
    const path = (value: unknown): value is string | null => value === null || typeof value === 'string';
    if (record === null || (record.driver !== 'system' && record.driver !== 'swiftshader')) return null;
    if (!path(record.loader) || !path(record.icd)) return null;
    return { driver: record.driver, loader: record.loader, icd: record.icd };
  } catch {
    return null;
  }
}

/** The per-user cache folder on Linux; `scripts/setup/files.mjs` writes to the same one. */
export function cacheFolder(): string {
  return process.env.RFCLIP_CACHE_DIR || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rfclip');
}
