import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runAblation } from '../../evaluation/ablation.ts';
import { compareMethods, type MethodComparisonJob } from '../../evaluation/methodComparison.ts';
import { encodeGreyPng, encodeRgbPng } from '../../pictures/encodePng.ts';
import { parseClassList } from '../../rfclip/classes.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { settingsOf } from '../../rfclip/settings.ts';
import { SILENT } from '../../system/reporter.ts';
import { QUICK, randomPicture, useSmallModel, WORDS } from '../support/useSmallModel.ts';

const small = useSmallModel();
const classes = parseClassList(WORDS, 'WORDS');
const at = (name: string) => join(small.folder, name);

function writePicture(name: string, seed: number): string {
  const { data, width, height } = randomPicture(seed);
  writeFileSync(at(name), encodeRgbPng(data, width, height));
  return at(name);
}

/** @param broken images that fail once all methods are done */
async function compare(images: string[], broken: string[] = [], options: Partial<MethodComparisonJob> = {}) {
  const model = ClipModel.open({ device: small.model.device, checkpoint: small.options.checkpoint });
  try {
    return await compareMethods({
      model,
      classes,
      images,
      settingsOf: (method) => settingsOf(method, QUICK),
      reporter: SILENT,
      visit: (_image, path) => ({
        method: async () => {},
        done: async () => {
          if (broken.includes(path)) throw new Error('the disk is full');
          return '';
        },
      }),
      ...options,
    });
  } finally {
    model.close();
  }
}

describe('compareMethods', () => {
  it('counts an image that fails nowhere', async () => {
    const [first, second, third] = [writePicture('a.png', 1), writePicture('b.png', 2), writePicture('c.png', 3)];
    const without = (rows: { milliseconds: number; cost: number }[]) =>
      rows.map((row) => ({ ...row, milliseconds: 0, cost: 0 }));
    const { rows, failures } = await compare([first, second, third], [second]);
    expect(failures.map(({ image }) => image)).toEqual([second]);
    expect(without(rows)).toEqual(without((await compare([first, third])).rows));
    expect(rows.find(({ method }) => method === 'clip')!.cost).toBe(1);
    for (const { agreement, milliseconds } of rows) {
      expect(agreement).toBeLessThanOrEqual(1);
      expect(milliseconds).toBe(Number(milliseconds.toFixed(1)));
    }
  });

  it('looks at masks beside images only if it is told to', async () => {
    const image = writePicture('masked.png', 1);
    const { width, height } = randomPicture(1);
    writeFileSync(at('masked.mask.png'), encodeGreyPng(new Uint8Array(width * height), width, height));
    expect((await compare([image])).rows[0].mIoU).toBeUndefined();
    expect((await compare([image], [], { masks: true })).rows[0].mIoU).toBeGreaterThanOrEqual(0);
    // An image without an end to its name is not its own mask.
    const bare = writePicture('bare', 1);
    const { rows, failures } = await compare([bare], [], { masks: true });
    expect([rows[0].mIoU, failures]).toEqual([undefined, []]);
  });

  it('has no rows where every image fails', async () => {
    const image = writePicture('d.png', 1);
    expect(await compare([image, at('missing.png')], [image])).toMatchObject({ rows: [], failures: [{}, {}] });
  });
});

describe('runAblation', () => {
  it('counts an image that fails nowhere, and has no rows where all fail', async () => {
    const image = writePicture('e.png', 1);
    const model = ClipModel.open({ device: small.model.device, checkpoint: small.options.checkpoint });
    const ablate = async (...paths: string[]) => {
      const pairs = paths.map((path) => ({ id: path, image: path, label: '' }));
      const settings = settingsOf({ defaults: {} }, QUICK);
      return runAblation({ model, classes, pairs, settings, reporter: SILENT });
    };
    try {
      const { rows, failures } = await ablate(at('missing.png'), image);
      expect(failures).toHaveLength(1);
      expect(rows[0]).toMatchObject({ agreement: 1 });
      expect(rows.every(({ agreement, milliseconds }) => agreement <= 1 && milliseconds > 0)).toBe(true);
      expect(await ablate(at('missing.png'))).toMatchObject({ rows: [], failures: [{}] });
    } finally {
      model.close();
    }
  });
});
