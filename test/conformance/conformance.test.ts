import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatCaseLine, formatSummary, maskVerdict, runConformance, toleranceOf } from '../../conformance/index.ts';
import { Device } from '../../engine/index.ts';
import { REFERENCE } from '../support/reference.ts';
import { readFixture } from '../support/safetensors.ts';
import { editCase, editTensor, useSmallReference } from './smallReference.ts';

const small = useSmallReference();

describe('the small reference', () => {
  it('passes, and skips nothing', async () => {
    const lines: string[] = [];
    const summary = await runConformance({
      directory: small.directory,
      device: small.device,
      report: (result) => lines.push(formatCaseLine(result)),
    });
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(formatSummary(summary)).toBe('30 passed, 0 failed, 0 skipped');
    expect(lines).toHaveLength(30);
    expect(summary.results.map(({ name }) => name)).toContain('clip/formats/small/small_openai_f16.safetensors model');
    expect(summary.results.at(-1)).toMatchObject({ name: 'engine/no-live-buffers', verdict: 'ok', error: 0 });
  });

  it('decodes JPEG to the very pixels of OpenCV, though another decoder would be allowed to differ', async () => {
    const { results } = await small.run(small.directory, 'image/decode/jpeg');
    expect(results.filter(({ output }) => output === 'rgb_cv2').map(({ error }) => error)).toEqual([0, 0]);
  });

  it('runs only what contains the filter', async () => {
    const { results } = await small.run(small.directory, 'segmentor/pa');
    expect(results.map(({ name }) => name)).toEqual(['segmentor/pamr/small_image', 'engine/no-live-buffers']);
    await expect(small.run(small.directory, 'no such case')).rejects.toThrow(
      /no case of .* has "no such case" in its name/,
    );
  });

  it('passes with a kernel that the adapter would not take, and not with one that it cannot run', async () => {
    const { device, directory } = small;
    const kernels: string[] = [];
    const { dispatch } = device.recorder;
    device.recorder.dispatch = function (call) {
      if (call.kernel.startsWith('matmul_')) kernels.push(call.kernel);
      dispatch.call(this, call);
    };
    const only = 'clip/formats';
    try {
      const { failed } = await runConformance({ directory, device, only, matmul: 'naive' });
      expect([failed, new Set(kernels.splice(0))]).toEqual([0, new Set(['matmul_naive'])]);
      // Whatever suits the adapter is taken again.
      await runConformance({ directory, device, only });
      expect(new Set(kernels)).not.toEqual(new Set(['matmul_naive']));
    } finally {
      device.recorder.dispatch = dispatch;
    }
    const { has } = device;
    device.has = () => false;
    try {
      await expect(runConformance({ directory, device, matmul: 'subgroup_tile' })).rejects.toMatchObject({
        where: '--matmul',
        message: `${device.name} cannot run the kernel subgroup_tile`,
      });
    } finally {
      device.has = has;
    }
  });

  it.skipIf(process.env.RFCLIP_REFERENCE === undefined)(
    'has a complete sibling, named by RFCLIP_REFERENCE, which passes too',
    async () => {
      const { results } = await small.run(process.env.RFCLIP_REFERENCE!);
      expect(results.filter(({ verdict }) => verdict === 'FAIL').map(formatCaseLine)).toEqual([]);
    },
  );
});

describe('the recordings that the tests read', () => {
  it('pass: CLIP, the dense methods and RF-CLIP with all its stages among them', async () => {
    const summary = await small.run(REFERENCE);
    expect(summary.results.filter(({ verdict }) => verdict === 'FAIL').map(formatCaseLine)).toEqual([]);
    expect(formatSummary(summary)).toBe('199 passed, 0 failed, 0 skipped');
    const names = summary.results.map(({ name }) => name);
    for (const name of [
      'clip/checkpoint/tiny_b',
      'clip/visual/tiny_b/main',
      'methods/rfclip/tiny_b/main/vanilla',
      'methods/sclip/tiny_b/main',
    ])
      expect(names).toContain(name);
    const whole = summary.results.find(({ name }) => name === 'methods/rfclip/tiny_b/main/vanilla')!;
    expect(whole.compared).toBeGreaterThan(25);
  });
});

describe('the methods with the kernels of GPUs', () => {
  it('pass: fused attention and weights, denoising by many threads, read-outs together', async () => {
    const device = await Device.create({ debug: '', adapterClass: 'discrete' });
    try {
      // Those of GPUs have tests of their own, and a CPU driver compiles them for long.
      const matmul = 'register_tile';
      const kernels = new Set<string>();
      const { dispatch } = device.recorder;
      device.recorder.dispatch = function (call) {
        kernels.add(call.kernel);
        dispatch.call(this, call);
      };
      const { results } = await runConformance({ directory: REFERENCE, device, only: 'methods/', matmul });
      expect(results.filter(({ verdict }) => verdict !== 'ok').map(formatCaseLine)).toEqual([]);
      expect(results.length).toBeGreaterThan(10);
      expect([...kernels]).toEqual(expect.arrayContaining(['flash_attention', 'softmax_scores', 'denoise_tokens']));
    } finally {
      device.destroy();
    }
  });
});

describe('wrong values', () => {
  it('fail the case, name output and element, and leave the others alone', async () => {
    const directory = small.copy();
    editTensor(directory, 'segmentor/pamr.safetensors', 'pamr/small_image/out', (values) => (values[10] += 0.5));
    const failure = await small.onlyFailure(directory, 'segmentor/');
    expect(failure).toMatchObject({ name: 'segmentor/pamr/small_image', output: 'out' });
    expect(failure.error).toBeCloseTo(0.5, 4);
    expect(failure.note).toMatch(/^out at \[0, 1, 1\] is .*, expected /);
    expect(formatCaseLine(failure)).toMatch(/^FAIL {2}segmentor\/pamr\/small_image +error 5\.0e-1, tolerance 7\.0e-5/);
  });

  it.each([
    [
      'a token id',
      'tokenizer/strings',
      (directory: string) =>
        editTensor(directory, 'tokenizer/tokenizer.safetensors', 'strings/ids', (ids) => (ids[3] += 1)),
    ],
    [
      'a pixel',
      'image/cv2_linear/up_2x',
      (directory: string) =>
        editTensor(directory, 'image/resize.safetensors', 'cv2_linear/up_2x/out', (pixels) => (pixels[0] ^= 1)),
    ],
    [
      'a NaN',
      'image/mmseg_normalise',
      (directory: string) =>
        editTensor(
          directory,
          'image/preprocess.safetensors',
          'mmseg_normalise/normalised_nchw',
          (values) => (values[5] = NaN),
        ),
    ],
    [
      'a partition',
      'segmentor/clustering/plain',
      (directory: string) =>
        editTensor(
          directory,
          'segmentor/text.safetensors',
          'clustering/plain/clusters_3',
          (clusters) => (clusters[0] = 99),
        ),
    ],
    [
      'a label',
      'segmentor/postprocess/synonyms_thd0.1',
      (directory: string) =>
        editTensor(
          directory,
          'segmentor/pamr.safetensors',
          'postprocess/synonyms_thd0.1/labels',
          (labels) => (labels[7] ^= 1),
        ),
    ],
    [
      'a mask without a margin',
      'methods/unit/feat_denoising/3x7',
      (directory: string) =>
        editTensor(directory, 'methods/units.safetensors', 'unit/feat_denoising/3x7/mask', (mask) => (mask[0] ^= 1)),
    ],
  ])('%s', async (_what, name, damage) => {
    const directory = small.copy();
    damage(directory);
    expect((await small.onlyFailure(directory, name)).name).toBe(name);
  });

  it('do not hide behind an output that nothing is compared with', async () => {
    const directory = small.copy();
    editCase(directory, 'image/mmseg_normalise', ({ outputs }) => (outputs.something_else = outputs.normalised_nchw));
    expect((await small.onlyFailure(directory, 'image/mmseg')).note).toBe(
      'nothing was compared with the recorded something_else',
    );
  });
});

describe('margins', () => {
  const scores = [0.2, 0.1000001, 0.05];
  const evidence = { scores, threshold: 0.1, margin: 1e-7, error: 2e-7 };

  it('allow a mask to differ only where margin and score lie within the numerical error', () => {
    expect(maskVerdict([1, 1, 0], [1, 1, 0], evidence)).toEqual({ different: 0, tolerated: true });
    expect(maskVerdict([1, 1, 0], [1, 0, 0], evidence)).toEqual({ different: 1, tolerated: true });
    expect(maskVerdict([0, 1, 0], [1, 1, 0], evidence).tolerated).toBe(false);
    expect(maskVerdict([1, 1, 0], [1, 0, 0], { ...evidence, margin: 1e-3 }).tolerated).toBe(false);
    expect(maskVerdict([1, 1, 0], [1, 0, 0], { ...evidence, margin: undefined }).tolerated).toBe(false);
  });

  it('are told in the line of the case', async () => {
    const name = 'methods/unit/attn_refocusing/t30';
    const directory = small.copy();
    const tensors = readFixture(join(directory, 'methods/units.safetensors'));
    const recorded = tensors.get('unit/attn_refocusing/t30/sink_score')!.data as Float32Array;
    const mask = tensors.get('unit/attn_refocusing/t30/sink_mask')!.data as Uint8Array;
    // A threshold between the smallest sink's recorded score and ours, which is then no sink for one of the two.
    const smallest = Array.from(recorded.keys())
      .filter((index) => mask[index] === 1)
      .sort((a, b) => recorded[a] - recorded[b])[0];
    const setThreshold = (margin: number) =>
      editCase(directory, name, ({ parameters }) =>
        Object.assign(parameters, { threshold: recorded[smallest] + 2e-7, closest_to_threshold: margin }),
      );
    editTensor(
      directory,
      'methods/units.safetensors',
      'unit/attn_refocusing/t30/sink_score',
      (values) => (values[smallest] += 5e-7),
    );
    setThreshold(3e-7);
    const [result] = (await small.run(directory, name)).results;
    expect(result.verdict, result.note).toBe('ok');
    expect(result.note).toMatch(/sink_mask differs in 1 of 58 elements, first at .*, with the recorded margin 3\.0e-7/);
    expect(result.note).toContain('attn_after is off by');
    setThreshold(1e-3);
    expect((await small.onlyFailure(directory, name)).note).toMatch(/sink_mask differs in 1 of 58 elements/);
  });
});

describe('tolerances and lines', () => {
  it('reads every form a manifest uses', () => {
    expect(toleranceOf({ recommended_abs: 3e-5 }, 'y', 'float32')).toEqual({ kind: 'absolute', value: 3e-5 });
    expect(toleranceOf({ y: { recommended_abs: 3e-5 } }, 'y', 'float32')).toEqual({ kind: 'absolute', value: 3e-5 });
    expect(toleranceOf({ y: '2e-6' }, 'y', 'float32')).toEqual({ kind: 'absolute', value: 2e-6 });
    expect(toleranceOf('exact integers', 'ids', 'int32')).toEqual({ kind: 'absolute', value: 0 });
    expect(
      toleranceOf({ labels: 'at most 0.0005 of the pixels may differ (float64 differs on 0.0000)' }, 'labels', 'uint8'),
    ).toEqual({ kind: 'share', value: 0.0005 });
    expect(toleranceOf(undefined, 'mask', 'uint8')).toEqual({ kind: 'absolute', value: 0 });
    expect(toleranceOf({}, 'enhance0/cosine', 'float32')).toEqual({ kind: 'absolute', value: 5e-5 });
  });

  it('keeps names from writing to the terminal', () => {
    const line = formatCaseLine({ name: 'clip/\u001b[2J\nok', verdict: 'skip', compared: 0, note: '' });
    expect(line).not.toMatch(/[\u001b\n]/);
  });
});
