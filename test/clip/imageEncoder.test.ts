import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../engine/index.ts';
import { expectClose } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError } from '../support/device.ts';
import { openRecordings } from '../support/recordings.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const recordings = openRecordings('clip', 'clip.safetensors', 'cases.json');
const tiny = useTinyClip();

const visual = recordings.cases('visual/');

describe('ImageEncoder', () => {
  it.each(visual.map((recorded) => [recorded.name, recorded] as const))(
    'equals OpenAI CLIP on %s',
    async (_, recorded) => {
      const encoder = tiny.images(recorded.parameters.checkpoint);
      const image = recordings.image(recorded.parameters.image);
      expect(encoder.grid(image.height, image.width)).toEqual({
        height: recorded.parameters.grid[0],
        width: recorded.parameters.grid[1],
      });
      const [embedded, projected] = await evaluateAll(tiny.device, () => {
        const pixels = tiny.upload(image);
        return [encoder.embed(pixels), encoder.encode(pixels)];
      });
      const E = encoder.config.embedding;
      if (recorded.tensors.embed_before_ln_pre !== undefined) {
        const expected = recordings.floats(recorded, 'embed_before_ln_pre');
        expectClose({
          actual: embedded,
          expected,
          tolerance: recorded.tolerance.embed_before_ln_pre,
          shape: [expected.length / 128, 128],
        });
      }
      const tokens = recordings.floats(recorded, 'tokens_projected');
      expectClose({
        actual: projected,
        expected: tokens,
        tolerance: recorded.tolerance.tokens_projected,
        shape: [tokens.length / E, E],
      });
      expectClose({
        actual: projected.subarray(0, E),
        expected: recordings.floats(recorded, 'cls_feature'),
        tolerance: recorded.tolerance.cls_feature,
      });
    },
  );

  it.each(
    visual.filter(({ tensors }) => tensors.hidden !== undefined).map((recorded) => [recorded.name, recorded] as const),
  )('has the residual stream of OpenAI CLIP before and after every layer of %s', async (_, recorded) => {
    const encoder = tiny.images(recorded.parameters.checkpoint);
    const hidden = recordings.tensor(recorded, 'hidden'); // [layers + 1, T, C]
    const [layers, T, C] = hidden.shape;
    const streams = await evaluateAll(tiny.device, () => {
      const states = [encoder.begin(tiny.upload(recordings.image(recorded.parameters.image)))];
      encoder.runBlocks(states[0], 0, layers - 1, {
        afterBlock: (x) => {
          states.push(tiny.device.withoutScope(() => x.clone()));
          return x;
        },
      });
      return states;
    });
    expect(streams.length).toBe(layers);
    const tolerance = recorded.tolerance.hidden;
    streams.forEach((actual, layer) =>
      expectClose({
        actual,
        expected: hidden.data.slice(layer * T * C, (layer + 1) * T * C) as Float32Array,
        tolerance,
        shape: [T, C],
      }),
    );
  });

  it('runs a batch as it runs each image, and the blocks in parts as in one go', async () => {
    const encoder = tiny.images('tiny_b');
    const image = recordings.image('main');
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
        const x = encoder.begin(tiny.upload(recordings.image('main')));
        device.pool.resetPeak();
        encoder.runBlocks(x, 0, layers);
        return device.pool.statistics.peakBytes;
      });
    // The second layer's input is a tensor of its own, the first layer's is the caller's.
    expect([peak(3), peak(4)]).toEqual([peak(2), peak(2)]);
  });

  it('drops what is left of an image beside whole patches', async () => {
    const encoder = tiny.images('tiny_a');
    const { data, height, width } = recordings.image('main');
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
