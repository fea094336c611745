import { basename } from 'node:path';
import { DeviceError, RfclipError } from '../engine/errors.ts';
import type { Console } from './console.ts';
import { describeFailure } from './failure.ts';

/** An image that could not be done. */
export interface ImageFailure {
  image: string;
  error: string;
  code: string;
}

/**
 * Does something with every image, under progress. `work` gets a name for its output files that no other image has, and
 * returns what to show of the result. An image that fails is reported, and the others go on.
 * @throws DeviceError when the device failed, because then no later result could be trusted.
 */
export async function forEachImage(
  images: readonly string[],
  console: Console,
  work: (image: string, stem: string) => Promise<string>,
): Promise<ImageFailure[]> {
  const failures: ImageFailure[] = [];
  const stems = uniqueStems(images);
  const progress = console.progress('segmenting', images.length);
  try {
    for (const [index, image] of images.entries()) {
      try {
        progress.step(`${image}: ${await work(image, stems[index])}`);
      } catch (error) {
        if (error instanceof DeviceError && error.code !== 'RFCLIP-BUFFER-LIMIT') throw error;
        const sentence = describeFailure(error);
        failures.push({
          image,
          error: sentence,
          code: error instanceof RfclipError ? error.code : 'RFCLIP-UNEXPECTED',
        });
        progress.step(`${image}: failed`);
        console.failure(sentence.includes(image) ? sentence : `${image}: ${sentence}`);
      }
    }
  } finally {
    progress.stop();
  }
  return failures;
}

/** `scene.jpg` gives `scene`; files of the same stem in different folders get `-2`, `-3`, ... */
export function uniqueStems(paths: readonly string[]): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const stem = basename(path).replace(/\.(png|jpe?g)$/i, '');
    let name = stem;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${stem}-${number}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
