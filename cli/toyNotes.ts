import { existsSync, realpathSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { SAMPLE_FOLDER } from '../datasets/sampleFolder.ts';
import { PHOTOGRAPHS_NOTICE } from '../rfclip/toyNotices.ts';
import { packageRoot } from '../system/packageRoot.ts';
import type { Console } from './console.ts';
import { STANDARD_INPUT } from './imageArguments.ts';

/** Prints notices about the embedded checkpoint; that it knows no photographs only where images may be some. */
export function noteToy(notices: readonly string[], images: readonly string[], console: Pick<Console, 'note'>): void {
  const root = packageRoot();
  const drawn = [join(root, 'examples', 'scenes'), join(root, 'datasets', 'sample'), SAMPLE_FOLDER].map(realPath);
  const isDrawn = (image: string) => drawn.some((folder) => realPath(image).startsWith(folder + sep));
  // What is not there is no photograph.
  const isOther = (image: string) => image === STANDARD_INPUT || (existsSync(image) && !isDrawn(image));
  for (const notice of notices)
    if (notice !== PHOTOGRAPHS_NOTICE || images.some(isOther)) console.note(`note: ${notice}`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
