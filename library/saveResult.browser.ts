import { RfclipError } from '../engine/errors.ts';

/** Refuses: a page has no folders. @throws RfclipError (`RFCLIP-OUTPUT`) */
export async function saveResult(): Promise<never> {
  throw new RfclipError('a browser has no folder to save a result in', {
    code: 'RFCLIP-OUTPUT',
    fix: 'use labelPng(), overlayPng() and toJSON(), and offer them as downloads',
    where: 'save',
  });
}
