import { RfclipError } from './errors.ts';

/** The global variable RFCLIP_DEBUG, which a page may set before it opens a device. */
export function debugVariable(): string | undefined {
  const { RFCLIP_DEBUG: value } = globalThis as { RFCLIP_DEBUG?: unknown };
  return typeof value === 'string' ? value : undefined;
}

/** Refuses: a browser has no folders. @throws RfclipError */
export function saveWgsl(): never {
  throw new RfclipError('RFCLIP_DEBUG: a browser has no folder for wgsl=', {
    code: 'RFCLIP-DEBUG',
    where: 'RFCLIP_DEBUG',
  });
}
