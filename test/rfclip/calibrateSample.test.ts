import { expect, it } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { SAMPLE_FOLDER } from '../../datasets/sampleFolder.ts';
import { listVocFolder } from '../../datasets/vocFolder.ts';
import { calibrate } from '../../rfclip/calibrate.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { prepareImage } from '../../rfclip/prepareImage.ts';
import { DEFAULT_SETTINGS } from '../../rfclip/settings.ts';
import { Device } from '../../engine/device.ts';

it(
  "finds again the distraction dimensions that the embedded checkpoint's file lists, over the scenes they were " +
    'found on',
  async () => {
    const device = await Device.create({ debug: '' });
    try {
      const model = ClipModel.open({ device, cacheText: false });
      async function* scenes() {
        for (const { image } of listVocFolder(SAMPLE_FOLDER).pairs) {
          const { data, height, width } = prepareImage(await readImage(image), DEFAULT_SETTINGS.resize);
          yield device.tensor(data, [1, 3, height, width]);
        }
      }
      const { dimensions, weights } = await calibrate(model.imageEncoder, scenes());
      expect(dimensions).toEqual(model.distractionDimensions);
      // The checkpoint's card: 1.25 to 1.56 times the mean.
      const listed = dimensions.map((dimension) => weights[dimension]);
      expect(Math.min(...listed)).toBeGreaterThan(1.245);
      expect(Math.max(...listed)).toBeLessThan(1.565);
      model.close();
    } finally {
      device.destroy();
    }
  },
);
