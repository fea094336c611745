import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLabelMap } from '../../../clip/image/decodeLabelMap.ts';
import { readLabelMap } from '../../../clip/image/readLabelMap.ts';
import { expectAgreement, openCase } from '../../support/reference.ts';
import { fixturePath, PICTURE_FILES } from './fixtures.ts';
import { buildPng } from './pngBuilder.ts';

const LABEL_FILES = PICTURE_FILES.filter((file) => openCase(`image/decode/${file}`).records('pil_unchanged'));

describe('readLabelMap', () => {
  it.each(LABEL_FILES)('%s holds the stored values, as Pillow reads them', async (file) => {
    const checks = openCase(`image/decode/${file}`);
    const map = await readLabelMap(fixturePath(file));
    expect([map.height, map.width]).toEqual(checks.output('pil_unchanged').shape);
    checks.compare('pil_unchanged', map.data);
    expectAgreement(checks, { pil_unchanged: 0 });
    expect(map.data).toBeInstanceOf(file === 'png_gray16.png' ? Uint16Array : Uint8Array);
  });

  it('gives back what was written, for every depth, palette or grey, interlaced or not', () => {
    const kinds = fc.constantFrom(
      ...[1, 2, 4, 8, 16].map((depth) => ({ depth, colourType: 0 })),
      ...[1, 2, 4, 8].map((depth) => ({ depth, colourType: 3 })),
    );
    fc.assert(
      fc.property(
        kinds,
        fc.boolean(),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        (kind, interlaced, width, height, seed) => {
          const label = (x: number, y: number) => (x * 31 + y * 17 + x * y * 7 + (seed % 1000)) % 2 ** kind.depth;
          // One colour for all entries: the index must come from the pixels, not from a search for the colour.
          const palette = kind.colourType === 3 ? new Uint8Array(3 * 2 ** kind.depth).fill(200) : undefined;
          const map = decodeLabelMap(
            buildPng({ ...kind, width, height, interlaced, palette, sample: label }),
            'labels.png',
          );
          const expected = Array.from({ length: width * height }, (_, i) => label(i % width, Math.floor(i / width)));
          expect([map.width, map.height, ...map.data]).toEqual([width, height, ...expected]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
