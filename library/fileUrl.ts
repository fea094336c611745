import { fileURLToPath } from 'node:url';

/**
 * The path that a `file:` URL stands for, such as `new URL('out/photo', import.meta.url)`; undefined for what is none.
 * Not `instanceof`, which is false for URLs of another realm.
 */
export function pathOfFileUrl(value: unknown): string | undefined {
  const { href } = Object(value) as { href?: unknown };
  if (typeof value !== 'object' || typeof href !== 'string' || !/^file:/i.test(href)) return undefined;
  try {
    return fileURLToPath(href);
  } catch {
    return undefined;
  }
}
