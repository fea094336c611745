/**
 * How many lanes lavapipe runs at once. By itself it takes 8, the width of AVX2, on every processor. With AVX-512 it
 * can take 16, which makes matrix products 1.25 and whole images 1.2 times faster where the driver was built with
 * LLVM 19; with LLVM 15 images are no faster, and kernels take more than twice as long to compile. It reads
 * LP_NATIVE_VECTOR_WIDTH once, when it is loaded, so the choice comes before anything is known of the driver but what
 * the set-up wrote down.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './vulkanFallback.ts';

const VARIABLE = 'LP_NATIVE_VECTOR_WIDTH';

/** LLVM 16 to 18 were not measured. */
const OLDEST_LLVM = 19;

/**
 * Asks lavapipe for 16 lanes where they are faster. Call it before `create()` of the webgpu package. What the user set
 * stays; other drivers do not read the variable. Never throws.
 */
export function prepareVectorWidth(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.env[VARIABLE] !== undefined) return;
  try {
    const record = JSON.parse(readFileSync(join(cacheFolder(), 'probe.json'), 'utf8')) as { adapter?: unknown } | null;
    if (prefersWideVectors(String(record?.adapter), () => readFileSync('/proc/cpuinfo', 'utf8')))
      process.env[VARIABLE] = '512';
  } catch {
    // Nothing was written down: the driver's own choice is right on every machine.
  }
}

/** Whether 16 lanes are faster: on an adapter of this name, and a processor that Linux describes so. Pure. */
export function prefersWideVectors(adapter: string, cpuinfo: () => string): boolean {
  const llvm = /^llvmpipe\b.*\(LLVM (\d+)\./.exec(adapter)?.[1];
  return llvm !== undefined && Number(llvm) >= OLDEST_LLVM && /^flags\s*:.*\bavx512f\b/m.test(cpuinfo());
}
