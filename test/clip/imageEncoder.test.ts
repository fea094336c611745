import { describe, expect, it } from 'vitest';
import { recordedImage } from '../../conformance/index.ts';
import type { Tensor } from '../../engine/index.ts';
import { expectClose } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError } from '../support/device.ts';
import {
  expectAgreement,
  expectRecorded,
  openCase,
  parametersOf,
  recordedCases,
  recordedPicture,
} from '../support/reference.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();

const visual = recordedCases('clip/visual/');

describe('ImageEncoder', () => {
  it.each(visual)('equals OpenAI CLIP on %s', async (name) => {
    const checks = await expectRecorded(name, tiny);
    const { checkpoint, grid } = parametersOf(checks);
    const { height, width } = recordedImage(checks);
    const encoder = tiny.images(checkpoint);
    expect(encoder.grid(height, width)).toEqual({ height: grid[0], width: grid[1] });
    const projected = Array.from(checks.computed.get('tokens_projected')!);
    expectClose({
      actual: projected.slice(0, encoder.config.embedding),
      expected: checks.output('cls_feature').values,
      tolerance: checks.tolerance('cls_feature').value,
    });
  });

  it.each(visual.filter((name) => openCase(name).records('hidden')))(
    'has the residual stream of OpenAI CLIP before and after every layer of %s',
    async (name) => {
      const checks = openCase(name);
      const encoder = tiny.images(parametersOf(checks).checkpoint);
      const [layers] = checks.output('hidden').shape; // [layers + 1, T, C]
      const streams = await evaluateAll(tiny.device, () => {
        const states = [encoder.begin(tiny.upload(recordedImage(checks)))];
        encoder.runBlocks(states[0], 0, layers - 1, {
          afterBlock: (x) => {
            states.push(tiny.device.withoutScope(() => x.clone()));
            return x;
          },
        });
        return states;
      });
      expect(streams.length).toBe(layers);
      checks.compare('hidden', Float32Array.from(streams.flatMap((stream) => Array.from(stream))));
      expectAgreement(checks);
    },
  );

  it('runs a batch as it runs each image, and the blocks in parts as in one go', async () => {
    const encoder = tiny.images('tiny_b');
    const image = recordedPicture('main');
    const batch = Float32Array.from([
      ...image.data.map((value) => -value),
      ...image.data,
      ...image.data.map((value) => value / 2),
    ]);
    const { device } = tiny;
    const together = await evaluate(device, () =>
      encoder.encode(device.tensor(batch, [3, 3, image.height, image.width])),
    );
    const alone = await evaluate(device, () => encoder.encode(tiny.upload(image)));
    // The sums of a batch are formed in the same order, so only the choice of a kernel could make a difference.
    expectClose({ actual: together.subarray(alone.length, 2 * alone.length), expected: alone, tolerance: 1e-5 });
    const inParts = await evaluate(device, () => {
      const x: Tensor = encoder.begin(tiny.upload(image));
      return encoder.project(encoder.runBlocks(encoder.runBlocks(encoder.runBlocks(x, 0, 1), 1, 1), 1, 4));
    });
    expectClose({ actual: inParts, expected: alone, tolerance: 0 });
  });

  it('needs no more memory for more layers', () => {
    const { device } = tiny;
    const encoder = tiny.images('tiny_a');
    const peak = (layers: number) =>
      device.scope(() => {
        const x = encoder.begin(tiny.upload(recordedPicture('main')));
        device.pool.resetPeak();
        encoder.runBlocks(x, 0, layers);
        return device.pool.statistics.peakBytes;
      });
    // The second layer's input is a tensor of its own, the first layer's is the caller's.
    expect([peak(3), peak(4)]).toEqual([peak(2), peak(2)]);
  });

  it('drops what is left of an image beside whole patches', async () => {
    const encoder = tiny.images('tiny_a');
    const { data, height, width } = recordedPicture('main');
    const larger = new Float32Array(3 * (height + 15) * (width + 7)).fill(99);
    for (let row = 0; row < 3 * height; row++) {
      larger.set(
        data.subarray(row * width, (row + 1) * width),
        (Math.floor(row / height) * (height + 15) + (row % height)) * (width + 7),
      );
    }
    const whole = await evaluate(tiny.device, () => encoder.encode(tiny.upload({ data, height, width })));
    const cut = await evaluate(tiny.device, () =>
      encoder.encode(tiny.upload({ data: larger, height: height + 15, width: width + 7 })),
    );
    expectClose({ actual: cut, expected: whole, tolerance: 0 });
  });

  it('refuses what is no batch of images with one whole patch', () => {
    const { device } = tiny;
    const encoder = tiny.images('tiny_a');
    expect(shapeError(device, () => encoder.embed(device.zeros([3, 32, 32])))).toBe(
      'imageEncoder: images are [3, 32, 32], expected [batch, 3, height, width]',
    );
    expect(shapeError(device, () => encoder.embed(device.zeros([1, 1, 32, 32])))).toBe(
      'imageEncoder: images are [1, 1, 32, 32], expected [batch, 3, height, width]',
    );
    expect(shapeError(device, () => encoder.embed(device.zeros([1, 3, 15, 32])))).toContain('patch');
  });
});
