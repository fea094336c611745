import { describe, expect, it, vi } from 'vitest';
import { DinoEncoder, inferDinoConfig } from '../../clip/dino/index.ts';
import { recordedCass } from '../../conformance/cases/cassCases.ts';
import { recordedImage } from '../../conformance/index.ts';
import { RfclipError } from '../../engine/errors.ts';
import { CASS_DEFAULTS, type DenseEncoder, makeCass } from '../../rfclip/methods/index.ts';
import { expectClose } from '../support/compare.ts';
import { evaluate } from '../support/device.ts';
import { randomFloats } from '../support/random.ts';
import { publishedMethod } from '../support/methodNames.ts';
import {
  expectAgreement,
  expectRecorded,
  openCase,
  parametersOf,
  recordedCases,
  recordedPicture,
} from '../support/reference.ts';
import { TraceCollector } from '../support/trace.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

let fourHeadedDino: DinoEncoder;
const tiny = useTinyClip((models) => {
  models.dino();
  // The same weights read as four heads of width 32.
  const file = models.checkpoints.dino();
  fourHeadedDino = DinoEncoder.load(models.device, file, { ...inferDinoConfig(file), heads: 4 });
});

const cases = recordedCases('methods/cass/tiny_');

/** The image feature is plain CLIP's; it has no tolerance of its own, and tokens have 6e-5. */
const CLS_TOLERANCE = 6e-5;

describe('CASS', () => {
  it.each(cases)('equals the published code with exact singular vectors on %s', async (name) => {
    await expectRecorded(name, tiny, { cls: CLS_TOLERANCE });
  });

  it.each(cases.filter((name) => 'assignment' in parametersOf(openCase(name))))(
    'finds the published distances of heads on %s',
    async (name) => {
      const checks = openCase(name);
      const { checkpoint, cost_matrix: costs } = parametersOf(checks);
      const collector = new TraceCollector();
      tiny.device.scope(() => {
        const method = recordedCass(checks.reference, tiny.models.dino());
        method.encode(tiny.images(checkpoint), tiny.upload(recordedImage(checks)), collector.trace);
      });
      const { data } = (await collector.read()).get('distances')!;
      // Recorded to six digits.
      expectClose({ actual: data, expected: costs.flat().map((cost: number) => 1 - cost), tolerance: 5e-6 });
    },
  );

  it.each(cases.filter((name) => openCase(name).records('dino_key_mapped')))(
    "maps DINO's keys as published on %s",
    async (name) => {
      // These were recorded in half precision from DINO's keys on: five roundings of numbers up to 8, each by up to
      // 2^-9.
      const checks = await expectRecorded(name, tiny, { dino_key_mapped: 5 * 2 ** -9 });
      const actual = Array.from(checks.computed.get('dino_key_mapped')!);
      const expected = checks.output('dino_key_mapped').values;
      const mean = actual.reduce((sum, value, i) => sum + Math.abs(value - expected[i]), 0) / actual.length;
      expect(mean).toBeLessThan(2 ** -9);
    },
  );

  it('gives an image the same features alone and in a batch that DINO takes in parts', async () => {
    const { device } = tiny;
    const dino = tiny.models.dino();
    const { data, height, width } = recordedPicture('wide');
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
    const { device } = tiny;
    const dino = tiny.models.dino();
    const { data, height, width } = recordedPicture('main');
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
    const checks = openCase('methods/cass/tiny_b/tall/spectral_voc21');
    const method = recordedCass(checks.reference, tiny.models.dino());
    const cls = await evaluate(tiny.device, () =>
      method.encodeClass(tiny.images('tiny_b'), tiny.upload(recordedPicture('tall'))),
    );
    checks.compare('cls', cls);
    expectAgreement(checks, { cls: CLS_TOLERANCE });
  });

  it('has its published parameters by name', async () => {
    const checks = openCase('methods/cass/tiny_a/wide/spectral_voc21');
    const method = publishedMethod('cass', [], tiny.models.dino());
    const patches = await evaluate(
      tiny.device,
      () => method.encode(tiny.images('tiny_a'), tiny.upload(recordedPicture('wide'))).patches,
    );
    checks.compare('dense_exact', patches);
    expectAgreement(checks);
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
    const method = makeCass({ ...CASS_DEFAULTS, dino: tiny.models.dino() });
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
    const method = makeCass({ ...CASS_DEFAULTS, dino: fourHeadedDino });
    expect(refusal(() => encode(method, 64, 64))).toEqual({
      code: 'RFCLIP-CASS-HEADS',
      message: 'CASS pairs the heads of two image towers, but CLIP has 2 of width 64 and DINO 4 of width 32',
    });
  });
});
