import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePalettePng } from '../../dist/pictures/encodePng.js';
import { vocPalette } from '../../dist/pictures/palette.js';
import { makeFolders } from '../setup/files.mjs';
import { rfclipWell } from './command.mjs';
import { randomSource } from './random.mjs';
import { assertNoLeftover, assertSame, snapshot } from './snapshot.mjs';

/** Arguments of a conversion of the miniature, which must have been made. */
export function conversionArguments({ folder }, out) {
  return ['convert', 'coco-object', join(folder, '../annotations'), '--out', out, '--threads', '2'];
}

/** The files of a conversion that nobody disturbs, and how long it takes; makes the miniature. */
export async function undisturbedConversion(context) {
  const { memo, folder, options } = context;
  if (!memo.has('conversion')) {
    const [width, height, count] = options.small ? [320, 240, 6] : [800, 600, 24];
    const random = randomSource(options.seed);
    makeFolders(join(folder, '../annotations/val2017'));
    for (let index = 0; index < count; index++) {
      const [across, down] = [1 + Math.floor(random() * 40), 1 + Math.floor(random() * 40)];
      const labels = Uint8Array.from({ length: width * height }, (_, at) => {
        const label = Math.floor((at % width) / across) * 7 + Math.floor(at / width / down) * 3;
        return label % 200 < 182 ? label % 200 : 255;
      });
      const png = encodePalettePng(labels, width, height, vocPalette(256));
      writeFileSync(join(folder, `../annotations/val2017/${String(1000 + index).padStart(12, '0')}.png`), png);
    }
    const out = join(folder, '../converted');
    const { milliseconds } = await rfclipWell(conversionArguments(context, out));
    memo.set('conversion', { milliseconds, files: snapshot(out) });
  }
  return memo.get('conversion');
}

/** @throws an Error where converted files are not those of the undisturbed conversion, or others lie there */
export async function assertConversion(context, out, what) {
  const { files } = await undisturbedConversion(context);
  assertNoLeftover(out);
  assertSame(snapshot(out), files, what);
}
