import { readFileSync } from 'node:fs';

const sources = new Map<string, string>();

/**
 * Text of `kernels/NAME.wgsl`, read once.
 * @throws Error when there is no such kernel.
 */
export function kernelSource(name: string): string {
  let source = sources.get(name);
  if (source === undefined) {
    source = readFileSync(new URL(`./${name}.wgsl`, import.meta.url), 'utf8');
    sources.set(name, source);
  }
  return source;
}
