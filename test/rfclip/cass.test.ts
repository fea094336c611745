import { describe, expect, it, vi } from 'vitest';
import { RfclipError } from '../../engine/errors.ts';
import { CASS_DEFAULTS, type DenseEncoder, makeCass } from '../../rfclip/methods/index.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate, evaluateAll } from '../support/device.ts';
import { randomFloats } from '../support/random.ts';
import { publishedMethod } from '../support/methodNames.ts';
import { openRecordings, type RecordedCase } from '../support/recordings.ts';
import { TraceCollector } from '../support/trace.ts';
import { useTinyCass } from '../support/useTinyCass.ts';

const recordings = openRecordings('methods', 'cass.safetensors', 'cassCases.json');
const pictures = openRecordings('clip', 'clip.safetensors', 'cases.json');
const tiny = useTinyCass();

const cases = recordings.cases('cass/').map((recorded): [string, RecordedCase] => [recorded.name, recorded]);

function recordedMethod({ parameters }: RecordedCase): DenseEncoder {
  return makeCass({
    ...CASS_DEFAULTS,
    dino: tiny.dino,
    strategy: parameters.strategy,
    stretchSpectrum: parameters.dataset !== 'voc20',
  });
}

/** [N, H * D] as [H, N, D]. */
function byHead(keys: ArrayLike<number>, N: number, H: number): Float32Array {
  const D = keys.length / (N * H);
  return Float32Array.from({ length: keys.length }, (_, at) => {
    const [d, n, h] = [at % D, Math.floor(at / D) % N, Math.floor(at / (D * N))];
    return keys[(n * H + h) * D + d];
  });
}

async function run(method: DenseEncoder, { parameters }: RecordedCase) {
  const { device } = tiny;
  const { data, height, width } = pictures.image(parameters.image);
  const collector = new TraceCollector();
  const [patches, cls] = await evaluateAll(device, () => {
    const features = method.encode(
      tiny.images(parameters.checkpoint),
      device.tensor(data, [1, 3, height, width]),
      collector.trace,
    );
    return [features.patches, features.cls];
  });
  return { patches, cls, traced: await collector.read() };
}

describe('CASS', () => {
  it.each(cases)('equals the published code with exact singular vectors on %s', async (_, recorded) => {
    const { patches, cls, traced } = await run(recordedMethod(recorded), recorded);
    const { parameters, tolerance } = recorded;
    if (parameters.assignment !== undefined) {
      // Recorded to six digits.
      const distances = parameters.cost_matrix.flat().map((cost: number) => 1 - cost);
      expectClose({ actual: traced.get('distances')!.data, expected: distances, tolerance: 5e-6 });
      expectEqual(traced.get('assignment')!.data, parameters.assignment[1]);
    }
    if (recorded.tensors.attn_exact !== undefined) {
      const { shape, data } = recordings.tensor(recorded, 'attn_exact');
      expectClose({
        actual: traced.get('attn')!.data,
        expected: data as Float32Array,
        tolerance: tolerance.attn_exact,
        shape,
      });
    }
    expectClose({
      actual: patches,
      expected: recordings.floats(recorded, 'dense_exact'),
      tolerance: tolerance.dense_exact,
      shape: recordings.tensor(recorded, 'dense_exact').shape,
    });
    // The image feature is plain CLIP's; it has no tolerance of its own, and tokens have 6e-5.
    expectClose({ actual: cls, expected: recordings.floats(recorded, 'cls'), tolerance: 6e-5 });
  });

  it.each(cases.filter(([, { tensors }]) => tensors.dino_key_mapped !== undefined))(
    "maps DINO's keys as published on %s",
    async (_, recorded) => {
      const { traced } = await run(recordedMethod(recorded), recorded);
      const {
        shape: [H, N, D],
        data: expected,
      } = recordings.tensor(recorded, 'dino_key_mapped');
      const actual = byHead(traced.get('dino/key_mapped')!.data, N, H);
      // These were recorded in half precision from DINO's keys on: five roundings of numbers up to 8, each by up to
      // 2^-9.
      expectClose({ actual, expected: expected as Float32Array, tolerance: 5 * 2 ** -9, shape: [H, N, D] });
      const mean =
        actual.reduce((sum, value, i) => sum + Math.abs(value - (expected as Float32Array)[i]), 0) / actual.length;
      expect(mean).toBeLessThan(2 ** -9);
    },
  );

  it('gives an image the same features alone and in a batch that DINO takes in parts', async () => {
    const { device, dino } = tiny;
    const { data, height, width } = pictures.image('wide');
    const images = [data, data.map((value) => -value / 2).reverse(), randomFloats(5, data.length, -1, 1)];
    const method = makeCass({ ...CASS_DEFAULTS, dino });
    const encode = (chosen: Float32Array[]) => {
      const pixels = new Float32Array(chosen.length * data.length);
      chosen.forEach((image, b) => pixels.set(image, b * data.length));
      return evaluate(
        device,
        () => method.encode(tiny.images('tiny_b'), device.tensor(pixels, [chosen.length, 3, height, width])).patches,
      );
    };
    const alone: ArrayLike<number>[] = [];
    for (const image of images) alone.push(await encode([image]));
    for (const perBatch of [3, 2, 1]) {
      const limit = vi.spyOn(dino, 'imagesPerBatch').mockReturnValue(perBatch);
      const together = await encode(images);
      limit.mockRestore();
      // Another kernel, another order of summation, and a range that is divided by.
      images.forEach((_, b) =>
        expectClose({ actual: together.slice(b * 35 * 64, (b + 1) * 35 * 64), expected: alone[b], tolerance: 4e-5 }),
      );
    }
  });

  it('reads nothing back and leaves nothing alive but its two results', async () => {
    const { device, dino } = tiny;
    const { data, height, width } = pictures.image('main');
    const before = device.recorder.submits;
    const { patches, cls } = device.scope(() =>
      makeCass({ ...CASS_DEFAULTS, dino }).encode(tiny.images('tiny_a'), device.tensor(data, [1, 3, height, width])),
    );
    expect(device.recorder.submits).toBe(before);
    await device.readAll([patches, cls]);
    patches.dispose();
    cls.dispose();
    expect(device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
  });

  it("has plain CLIP's image feature, with and without patches", async () => {
    const recorded = recordings.case('cass/tiny_b/tall/spectral_voc21');
    const { data, height, width } = pictures.image('tall');
    const cls = await evaluate(tiny.device, () =>
      recordedMethod(recorded).encodeClass(tiny.images('tiny_b'), tiny.device.tensor(data, [1, 3, height, width])),
    );
    expectClose({ actual: cls, expected: recordings.floats(recorded, 'cls'), tolerance: 6e-5 });
  });

  it('has its published parameters by name', async () => {
    const recorded = recordings.case('cass/tiny_a/wide/spectral_voc21');
    const { patches } = await run(publishedMethod('cass', [], tiny.dino), recorded);
    expectClose({
      actual: patches,
      expected: recordings.floats(recorded, 'dense_exact'),
      tolerance: recorded.tolerance.dense_exact,
    });
  });
});

describe('CASS refuses', () => {
  const refusal = (body: () => unknown): { code: string; message: string } => {
    try {
      tiny.device.scope(() => void body());
    } catch (error) {
      if (error instanceof RfclipError) return { code: error.code, message: error.message };
      throw error;
    }
    return { code: 'none', message: '' };
  };
  const encode = (method: DenseEncoder, height: number, width: number) =>
    method.encode(tiny.images('tiny_a'), tiny.device.zeros([1, 3, height, width]));

  it('to be made without DINO', () => {
    expect(refusal(() => publishedMethod('cass'))).toEqual({
      code: 'RFCLIP-NEEDS-DINO',
      message: 'the method cass needs a DINO ViT besides CLIP, and none was given',
    });
  });

  it('fewer than 10 patches, and takes 10', async () => {
    const method = makeCass({ ...CASS_DEFAULTS, dino: tiny.dino });
    expect(refusal(() => encode(method, 48, 48))).toEqual({
      code: 'RFCLIP-CASS-PATCHES',
      message: 'CASS needs at least 10 patches, and an image or window of 3x3 has 9',
    });
    const patches = await evaluate(tiny.device, () => encode(method, 32, 80).patches);
    expect(patches).toHaveLength(10 * 64);
    // An image of one colour makes constant maps, whose ranges are empty.
    expect(patches.every(Number.isFinite)).toBe(true);
  });

  it('a DINO with other heads', () => {
    const method = makeCass({ ...CASS_DEFAULTS, dino: tiny.fourHeadedDino });
    expect(refusal(() => encode(method, 64, 64))).toEqual({
      code: 'RFCLIP-CASS-HEADS',
      message: 'CASS pairs the heads of two image towers, but CLIP has 2 of width 64 and DINO 4 of width 32',
    });
  });
});
