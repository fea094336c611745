import { describe, expect, it } from 'vitest';
import { denoise } from '../../rfclip/distractionTokens.ts';
import { enhance, patchCosines } from '../../rfclip/enhancement.ts';
import { refocusAttention } from '../../rfclip/refocusAttention.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate, evaluateAll, useDevice } from '../support/device.ts';
import { opsCases, opsTensor } from '../support/opsFixture.ts';
import { openRecordings } from '../support/recordings.ts';
import { TraceCollector } from '../support/trace.ts';

const recordings = openRecordings('methods', 'methods.safetensors', 'cases.json');
const opened = useDevice();

/** A recorded call of `feat_denoising`, tokens [B, T, C]. */
interface DenoiseCase {
  parameters: { grid: [number, number]; sink_channels: number[]; sigma: number; alpha: number };
  x: Float32Array;
  out: Float32Array;
  mask: number[];
  shape: [number, number, number];
  tolerance: number;
}

/** [T, B, rest] as the published code has it, to [B, T, rest]. */
function batchFirst(data: ArrayLike<number>, T: number, B: number): Float32Array {
  const rest = data.length / (T * B);
  const out = new Float32Array(data.length);
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++)
      for (let c = 0; c < rest; c++) out[(b * T + t) * rest + c] = data[(t * B + b) * rest + c];
  return out;
}

const denoiseCases: [string, DenoiseCase][] = [
  ...recordings.cases('unit/feat_denoising').map((recorded): [string, DenoiseCase] => {
    const x = recordings.tensor(recorded, 'x');
    const [T, B, C] = x.shape.length === 3 ? x.shape : [x.shape[0], 1, x.shape[1]];
    const mask = recordings.tensor(recorded, 'mask').data as Uint8Array;
    return [
      recorded.name,
      {
        parameters: recorded.parameters as DenoiseCase['parameters'],
        x: batchFirst(x.data as Float32Array, T, B),
        out: batchFirst(recordings.floats(recorded, 'out'), T, B),
        mask: Array.from(batchFirst(mask, T - 1, B)),
        shape: [B, T, C],
        tolerance: recorded.tolerance.out,
      },
    ];
  }),
  ...opsCases('unit/feat_denoising').map((recorded): [string, DenoiseCase] => {
    const x = opsTensor(recorded.inputs.x);
    return [
      recorded.name,
      {
        parameters: recorded.parameters as DenoiseCase['parameters'],
        x: x.data,
        out: opsTensor(recorded.outputs.out).data,
        mask: Array.from(opsTensor(recorded.outputs.mask).data),
        shape: [1, x.shape[0], x.shape[1]],
        tolerance: recorded.tolerance.out.recommended_abs,
      },
    ];
  }),
];

describe('denoise', () => {
  it.each(denoiseCases)('equals feat_denoising on %s', async (_, recorded) => {
    const { device } = opened;
    const { grid, sink_channels, sigma, alpha } = recorded.parameters;
    const [B, T] = recorded.shape;
    const collector = new TraceCollector();
    const actual = await evaluate(device, () => {
      const distractionDimensions = device.tensor(sink_channels, [sink_channels.length], 'u32');
      return denoise(
        device.tensor(recorded.x, recorded.shape),
        { height: grid[0], width: grid[1] },
        { distractionDimensions, sigma, alpha },
        collector.trace,
      );
    });
    const mask = Array.from((await collector.read()).get('denoise_mask')!.data);
    expect(mask.filter((_flag, token) => token % T !== 0)).toEqual(recorded.mask);
    expectClose({ actual, expected: recorded.out, tolerance: recorded.tolerance, shape: recorded.shape });
    for (let b = 0; b < B; b++) {
      // (1 - alpha) x + alpha x is x but for the two roundings.
      const cls = recorded.x.subarray(b * T * recorded.shape[2], (b * T + 1) * recorded.shape[2]);
      expectClose({
        actual: actual.subarray(b * T * recorded.shape[2], (b * T + 1) * recorded.shape[2]),
        expected: cls,
        tolerance: (i) => 3e-7 * Math.abs(cls[i]),
      });
    }
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
  it.each(recordings.cases('unit/feat_enhancing').map((recorded) => [recorded.name, recorded] as const))(
    'equals feat_enhancing on %s',
    async (_, recorded) => {
      const { device } = opened;
      const [T, C] = recordings.tensor(recorded, 'x').shape;
      const [cosines, out, guideOut] = await evaluateAll(device, () => {
        const x = device.tensor(recordings.floats(recorded, 'x'), [1, T, C]);
        const guide = device.tensor(recordings.floats(recorded, 'guide'), [1, T, C]);
        const similarity = patchCosines(guide);
        return [
          similarity.clone(),
          enhance(x, similarity, recorded.parameters.beta),
          enhance(guide, similarity, recorded.parameters.beta),
        ];
      });
      expectClose({
        actual: cosines,
        expected: recordings.floats(recorded, 'cosine'),
        tolerance: 2e-6,
        shape: [T - 1, T - 1],
      });
      expectClose({
        actual: out,
        expected: recordings.floats(recorded, 'x_out'),
        tolerance: recorded.tolerance.x_out,
        shape: [T, C],
      });
      expectClose({
        actual: guideOut,
        expected: recordings.floats(recorded, 'guide_self_out'),
        tolerance: recorded.tolerance.x_out,
        shape: [T, C],
      });
      expectEqual(out.subarray(0, C), recordings.floats(recorded, 'x').subarray(0, C));
    },
  );

  it('keeps the images of a batch apart', async () => {
    const { device } = opened;
    const recorded = recordings.case('unit/feat_enhancing/n17');
    const [T, C] = recordings.tensor(recorded, 'x').shape;
    // The second image of the batch has the two roles exchanged, so that nothing of the first fits it.
    const x = Float32Array.from([...recordings.floats(recorded, 'x'), ...recordings.floats(recorded, 'guide')]);
    const guide = Float32Array.from([...recordings.floats(recorded, 'guide'), ...recordings.floats(recorded, 'x')]);
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
  it.each(opsCases('unit/attn_refocusing').map((recorded) => [recorded.name, recorded] as const))(
    'equals attn_refocusing on %s',
    async (_, recorded) => {
      const { device } = opened;
      const before = opsTensor(recorded.inputs.attn_before);
      const [H, T] = before.shape;
      const collector = new TraceCollector();
      const { threshold, beta } = recorded.parameters;
      const after = await evaluate(device, () =>
        refocusAttention(
          device.tensor(before.data, [1, H, T, T]),
          { sinkThreshold: threshold, sinkKeep: beta },
          collector.trace,
        ),
      );
      const traced = await collector.read();
      expectClose({
        actual: traced.get('sink_score')!.data,
        expected: opsTensor(recorded.outputs.sink_score).data,
        tolerance: 1e-6,
      });
      expect(Array.from(traced.get('sink_mask')!.data)).toEqual(Array.from(opsTensor(recorded.outputs.sink_mask).data));
      expectClose({
        actual: after,
        expected: opsTensor(recorded.outputs.attn_after).data,
        tolerance: recorded.tolerance.attn_after.recommended_abs,
        shape: [H, T, T],
      });
    },
  );
});
