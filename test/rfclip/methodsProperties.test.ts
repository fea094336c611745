import { describe, expect, it } from 'vitest';
import { type MethodName, plainClip } from '../../rfclip/methods/index.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate, evaluateAll } from '../support/device.ts';
import { CLIP_ONLY_METHODS, publishedMethod } from '../support/methodNames.ts';
import { randomFloats } from '../support/random.ts';
import { recordedPicture } from '../support/reference.ts';
import { TINY_DISTRACTION_DIMENSIONS, useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();

const { data, height, width } = recordedPicture('wide');
/** Three images of one size: a picture, its negative mirrored, and noise. */
const IMAGES = [data, data.map((value) => -value).reverse(), randomFloats(5, data.length, -2, 2)];

/**
 * A batch chooses other kernels and other orders of summation than an image alone. Features are up to 5 with some 1000
 * roundings behind them, whose errors mostly cancel.
 */
const TOLERANCE = 1e-5;

async function encodeBatch(
  name: MethodName,
  order: readonly number[],
): Promise<{ patches: Float32Array[]; cls: Float32Array[] }> {
  const { device } = tiny;
  const pixels = new Float32Array(order.length * data.length);
  order.forEach((image, b) => pixels.set(IMAGES[image], b * data.length));
  const [patches, cls] = await evaluateAll(device, () => {
    const features = publishedMethod(name, TINY_DISTRACTION_DIMENSIONS).encode(
      tiny.images('tiny_b'),
      device.tensor(pixels, [order.length, 3, height, width]),
    );
    return [features.patches, features.cls];
  });
  const split = (values: ArrayLike<number>) => {
    const size = values.length / order.length;
    return order.map((_, b) => Float32Array.from(values).slice(b * size, (b + 1) * size));
  };
  return { patches: split(patches), cls: split(cls) };
}

describe.each(CLIP_ONLY_METHODS)('%s', (name) => {
  it('gives an image the same features alone and anywhere in a batch', async () => {
    const batch = await encodeBatch(name, [0, 1, 2]);
    const permuted = await encodeBatch(name, [2, 0, 1]);
    for (const [image, place] of [1, 2, 0].entries()) {
      const alone = await encodeBatch(name, [image]);
      for (const role of ['patches', 'cls'] as const) {
        expectClose({ actual: batch[role][image], expected: alone[role][0], tolerance: TOLERANCE });
        expectClose({ actual: permuted[role][place], expected: alone[role][0], tolerance: TOLERANCE });
      }
    }
    expect(batch.patches[0].length).toBe(35 * 64);
    expect(batch.cls[0].length).toBe(64);
    // Three images that came out alike would pass all of the above.
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [0, 2],
    ]) {
      const largest = batch.patches[a].reduce(
        (most, value, i) => Math.max(most, Math.abs(value - batch.patches[b][i])),
        0,
      );
      expect(largest).toBeGreaterThan(0.1);
    }
  });

  it('leaves nothing alive but its two results, with one submit to read them', async () => {
    const { device } = tiny;
    const method = publishedMethod(name, TINY_DISTRACTION_DIMENSIONS);
    const before = device.pool.statistics;
    const submitsBefore = device.recorder.submits;
    const features = device.scope(() =>
      method.encode(tiny.images('tiny_b'), device.tensor(data, [1, 3, height, width])),
    );
    expect(device.pool.statistics.liveBuffers - before.liveBuffers).toBe(2);
    await device.readAll([features.patches, features.cls]);
    expect(device.recorder.submits - submitsBefore).toBeLessThanOrEqual(1);
    features.patches.dispose();
    features.cls.dispose();
    expect(device.pool.statistics.liveBytes).toBe(before.liveBytes);
    const cls = device.scope(() =>
      method.encodeClass(tiny.images('tiny_b'), device.tensor(data, [1, 3, height, width])),
    );
    expect(device.pool.statistics.liveBuffers - before.liveBuffers).toBe(1);
    cls.dispose();
    expect(device.pool.statistics.liveBytes).toBe(before.liveBytes);
  });

  it('leaves nothing alive when it refuses an image', () => {
    const { device } = tiny;
    const before = device.pool.statistics.liveBytes;
    for (const shape of [
      [1, 3, 8, 64],
      [1, 4, 64, 64],
    ]) {
      expect(() =>
        device.scope(() =>
          publishedMethod(name, TINY_DISTRACTION_DIMENSIONS).encode(tiny.images('tiny_b'), device.zeros(shape)),
        ),
      ).toThrow();
      expect(device.pool.statistics.liveBytes).toBe(before);
    }
  });
});

describe('encodeClass', () => {
  it.each(CLIP_ONLY_METHODS)('of %s is an image feature', async (name) => {
    const { device } = tiny;
    const method = publishedMethod(name, TINY_DISTRACTION_DIMENSIONS);
    const encoder = tiny.images('tiny_b');
    const givesThatOfClip = method.encodeClass === plainClip.encodeClass;
    const actual = await evaluate(device, () =>
      method.encodeClass(encoder, device.tensor(data, [1, 3, height, width])),
    );
    const expected = await evaluate(
      device,
      () => (givesThatOfClip ? plainClip : method).encode(encoder, device.tensor(data, [1, 3, height, width])).cls,
    );
    // The projection of one row instead of all may sum in another order.
    expectClose({ actual, expected, tolerance: TOLERANCE });
  });

  // Methods that change only the last block have a CLS token of their own, which is not trained to match texts.
  it.each(['naclip', 'sclip', 'maskclip'] as const)('of %s is that of plain CLIP', (name) => {
    expect(publishedMethod(name).encodeClass).toBe(plainClip.encodeClass);
  });
});

describe('a method', () => {
  it('does the same twice', async () => {
    for (const name of CLIP_ONLY_METHODS) {
      const [first, second] = [await encodeBatch(name, [1]), await encodeBatch(name, [1])];
      expectEqual(second.patches[0], first.patches[0]);
    }
  });
});
