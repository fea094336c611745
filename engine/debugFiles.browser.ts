import { RfclipError } from './errors.ts';

/** Refuses: a browser has no folders. @throws RfclipError */
export function saveWgsl(): never {
  throw new RfclipError('RFCLIP_DEBUG: a browser has no folder for wgsl=', {
    code: 'RFCLIP-DEBUG',
    where: 'RFCLIP_DEBUG',
  });
}
