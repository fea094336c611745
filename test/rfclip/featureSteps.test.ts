import { describe, it } from 'vitest';
import { denoise } from '../../rfclip/denoise.ts';
import { enhance, patchCosines } from '../../rfclip/enhancement.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate, useDevice } from '../support/device.ts';
import { expectRecorded, openCase, recordedCases } from '../support/reference.ts';

const opened = useDevice();

describe('denoise', () => {
  it.each(recordedCases('methods/unit/feat_denoising'))('equals feat_denoising on %s', async (name) => {
    const checks = await expectRecorded(name, opened);
    const { values, shape } = checks.input('x');
    // [T, C] or [T, B, C]: CLS first. (1 - alpha) x + alpha x is x but for the two roundings.
    const expected = values.subarray(0, values.length / shape[0]);
    expectClose({
      actual: Array.from(checks.computed.get('out')!).slice(0, expected.length),
      expected,
      tolerance: (i) => 3e-7 * Math.abs(expected[i]),
    });
  });

  it('touches nothing without distraction dimensions that stand out', async () => {
    const { device } = opened;
    const x = Float32Array.from({ length: 5 * 8 }, (_, i) => (i * 37) % 11);
    const out = await evaluate(device, () =>
      denoise(
        device.tensor(x, [1, 5, 8]),
        { height: 2, width: 2 },
        { distractionDimensions: device.tensor([0], [1], 'u32'), sigma: 9, alpha: 0.5 },
      ),
    );
    expectEqual(out, x);
  });
});

describe('enhance', () => {
  it.each(recordedCases('methods/unit/feat_enhancing'))('equals feat_enhancing on %s', async (name) => {
    const { value: tolerance } = openCase(name).tolerance('x_out');
    const checks = await expectRecorded(name, opened, { cosine: 2e-6, guide_self_out: tolerance });
    const { values, shape } = checks.input('x');
    expectEqual(Array.from(checks.computed.get('x_out')!).slice(0, shape[1]), values.subarray(0, shape[1]));
  });

  it('keeps the images of a batch apart', async () => {
    const { device } = opened;
    const checks = openCase('methods/unit/feat_enhancing/n17');
    const [first, second] = [checks.input('x'), checks.input('guide')];
    const [T, C] = first.shape;
    // The second image of the batch has the two roles exchanged, so that nothing of the first fits it.
    const x = Float32Array.from([...first.values, ...second.values]);
    const guide = Float32Array.from([...second.values, ...first.values]);
    const run = (from: number, B: number) =>
      evaluate(device, () =>
        enhance(
          device.tensor(x.subarray(from * T * C, (from + B) * T * C), [B, T, C]),
          patchCosines(device.tensor(guide.subarray(from * T * C, (from + B) * T * C), [B, T, C])),
          0.4,
        ),
      );
    const together = await run(0, 2);
    expectEqual(together, [...(await run(0, 1)), ...(await run(1, 1))]);
  });
});

describe('refocusAttention', () => {
  it.each(recordedCases('methods/unit/attn_refocusing'))('equals attn_refocusing on %s', async (name) => {
    await expectRecorded(name, opened, { sink_score: 1e-6 });
  });
});
