import { describe, expect, it } from 'vitest';
import type { CheckpointFile, StoredTensor } from '../../clip/checkpoint/checkpointFile.ts';
import { inferDinoConfig } from '../../clip/dino/index.ts';
import { resizeBicubicPillow } from '../../clip/image/resizeBicubicPillow.ts';
import { RecordedCheckpoints } from '../../conformance/index.ts';
import { dinoLevels, normaliseForDino } from '../../rfclip/cass/dinoImage.ts';
import { normaliseForDense } from '../../clip/preprocess.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError } from '../support/device.ts';
import { randomIntegers } from '../support/random.ts';
import { expectRecorded, openCase, recordedCases, recordings } from '../support/reference.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip((models) => void models.dino());

const withPicture = recordedCases('methods/cass/').filter((name) => openCase(name).records('dino_input_rgb_uint8'));

/** Planar [3, S, S] as interleaved [S, S, 3]. */
function interleaved(planar: ArrayLike<number>): Float32Array {
  const pixels = planar.length / 3;
  return Float32Array.from(planar, (_, at) => planar[(at % 3) * pixels + Math.floor(at / 3)]);
}

describe("DINO's picture", () => {
  it.each(withPicture)('equals the published one on %s', async (name) => {
    await expectRecorded(name, tiny, { dino_input_rgb_uint8: 0 });
  });

  it('is exact for every level and any ratio: no level comes near a whole number', async () => {
    const { device } = tiny;
    const [mean, deviation] = [
      [122.771, 116.746, 104.094],
      [68.501, 66.632, 70.323],
    ];
    const seen = (level: number, channel: number) =>
      (((level - mean[channel]) / deviation[channel]) * [0.229, 0.224, 0.255][channel] +
        [0.485, 0.456, 0.406][channel]) *
      255;
    for (const [height, width] of [
      [48, 31],
      [16, 48],
      [33, 33],
    ]) {
      const data = Uint8Array.from(randomIntegers(height, height * width * 3, 256));
      const expected = data.map((level, at) => {
        const value = seen(level, at % 3);
        expect(Math.abs(value - Math.round(value))).toBeGreaterThan(4e-4);
        return Math.floor(value);
      });
      const short = Math.min(height, width);
      const image = normaliseForDense({ height, width, data });
      const levels = await evaluate(device, () => dinoLevels(device.tensor(image, [1, 3, height, width])));
      expectEqual(interleaved(levels), resizeBicubicPillow({ height, width, data: expected }, short, short).data, [
        short,
        short,
        3,
      ]);
    }
  });
});

describe('DinoEncoder', () => {
  it.each(withPicture.filter((name) => openCase(name).records('dino_last_qkv')))(
    'has the published query, key and value on %s: an image of 75 pixels, cut to 72, positions interpolated',
    async (name) => {
      // Values up to 5 after two blocks; the approximation of erf (1.5e-7) is far below the rounding of sums of 512.
      await expectRecorded(name, tiny, { dino_last_qkv: 2e-5 });
    },
  );

  it('treats the images of a batch alone, and takes as many as memory allows', async () => {
    const { device } = tiny;
    const dino = tiny.models.dino();
    const levels = Float32Array.from(randomIntegers(1, 2 * 3 * 64 * 64, 256));
    const [both, second] = await evaluateAll(device, () => {
      const images = device.tensor(levels, [2, 3, 64, 64]);
      return [dino.lastQkv(normaliseForDino(images)).tensor, dino.lastQkv(normaliseForDino(images.rows(1))).tensor];
    });
    expectClose({ actual: both.slice(both.length / 2), expected: second, tolerance: 2e-5 });
    expect(dino.imagesPerBatch(64)).toBeGreaterThan(10);
    expect(dino.imagesPerBatch(10 ** 6)).toBe(1);
  });

  it('refuses images without three channels or a whole patch', () => {
    const { device } = tiny;
    const dino = tiny.models.dino();
    expect(shapeError(device, () => dino.lastQkv(device.zeros([1, 4, 16, 16])))).toBe(
      'dinoEncoder: images are [1, 4, 16, 16], expected [batch, 3, height, width]',
    );
    expect(shapeError(device, () => dino.lastQkv(device.zeros([1, 3, 7, 16])))).toContain(
      'smaller than one patch of 8x8',
    );
  });
});

describe('inferDinoConfig', () => {
  const file = new RecordedCheckpoints(recordings).dino();

  function changed(name: string, shape: readonly number[] | undefined): CheckpointFile {
    const tensors = new Map<string, StoredTensor>(file.tensors);
    if (shape === undefined) tensors.delete(name);
    else tensors.set(name, { name, dtype: 'F32', shape });
    return {
      ...file,
      path: 'weights.bin',
      metadata: {},
      tensors,
      read: (key) => file.read(key),
      readRows: (key, rows) => file.readRows(key, rows),
      sha256: () => '',
      close: () => {},
    };
  }

  it('reads the architecture from shapes', () => {
    const config = inferDinoConfig(file);
    expect(config).toEqual({ width: 128, layers: 2, heads: 2, patch: 8, grid: 8 });
  });

  it.each<[string, readonly number[] | undefined, string]>([
    [
      'patch_embed.proj.weight',
      undefined,
      'checkpoint weights.bin has no tensor patch_embed.proj.weight, which every DINO ViT has',
    ],
    [
      'patch_embed.proj.weight',
      [262, 3, 8, 8],
      'checkpoint weights.bin: patch_embed.proj.weight has width 262, expected a multiple of the head width 64',
    ],
    [
      'patch_embed.proj.weight',
      [128, 3, 8],
      'checkpoint weights.bin: tensor patch_embed.proj.weight is [128, 3, 8], expected 4 axes',
    ],
    [
      'pos_embed',
      [1, 64, 128],
      'checkpoint weights.bin: tensor pos_embed is [1, 64, 128], expected a square number of rows plus one',
    ],
    ['cls_token', [1, 1, 64], 'checkpoint weights.bin: tensor cls_token is [1, 1, 64], expected [1, 1, 128]'],
    [
      'blocks.1.mlp.fc2.bias',
      undefined,
      'checkpoint weights.bin has no tensor blocks.1.mlp.fc2.bias, which every DINO ViT has',
    ],
    [
      'blocks.3.norm1.bias',
      [128],
      'checkpoint weights.bin has 3 layers named blocks.N, expected N to run from 0 without gaps',
    ],
  ])('refuses a file whose %s is %j', (name, shape, message) => {
    expect(() => inferDinoConfig(changed(name, shape))).toThrow(message);
  });
});
