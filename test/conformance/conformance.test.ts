import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CaseResult,
  ConformanceError,
  type ConformanceSummary,
  formatCaseLine,
  formatSummary,
  maskVerdict,
  runConformance,
  toleranceOf,
} from '../../conformance/index.ts';
import { Device } from '../../engine/index.ts';
import { openRecordings, type RecordedCase, type Recordings } from '../support/recordings.ts';
import { type FixtureTensor, readFixture } from '../support/safetensors.ts';
import { type WrittenTensor, writeSafetensors } from '../support/safetensorsWriter.ts';
import { openTinyClip, TINY_DISTRACTION_DIMENSIONS } from '../support/tinyClip.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/conformance', import.meta.url));

let device: Device;
let scratch: string;
beforeAll(async () => {
  device = await Device.create({ debug: '' });
  scratch = mkdtempSync(join(tmpdir(), 'rfclip-conformance-'));
});
afterAll(() => {
  device.destroy();
  rmSync(scratch, { recursive: true, force: true });
});

let copies = 0;
/** A copy of the fixture that a test may damage. */
function copyReference(): string {
  const directory = join(scratch, `copy${copies++}`);
  cpSync(FIXTURE, directory, { recursive: true });
  return directory;
}

type Manifest = { cases: any[] };

function editManifest(directory: string, folder: string, edit: (manifest: Manifest) => void): void {
  const path = join(directory, folder, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  edit(manifest);
  writeFileSync(path, JSON.stringify(manifest));
}

function editCase(directory: string, name: string, edit: (recorded: any) => void): void {
  const [folder, ...rest] = name.split('/');
  editManifest(directory, folder, ({ cases }) => edit(cases.find((recorded) => recorded.name === rest.join('/'))));
}

function written({ dtype, shape, data }: FixtureTensor): WrittenTensor {
  return { dtype: dtype as WrittenTensor['dtype'], shape, data: data as WrittenTensor['data'] };
}

/** Changes recorded values of one tensor. */
function editTensor(directory: string, file: string, key: string, edit: (values: Float32Array) => void): void {
  const path = join(directory, file);
  const tensors = readFixture(path);
  edit(tensors.get(key)!.data as Float32Array);
  writeSafetensors(path, Object.fromEntries([...tensors].map(([name, tensor]) => [name, written(tensor)])));
}

async function run(directory: string, only?: string): Promise<ConformanceSummary> {
  return runConformance({ directory, device, only, report: () => {} });
}

/** Runs some cases of a reference in which exactly one fails, and returns that one. */
async function onlyFailure(directory: string, only: string): Promise<CaseResult> {
  const failures = (await run(directory, only)).results.filter(({ verdict }) => verdict === 'FAIL');
  expect(failures.map(({ name }) => name)).toHaveLength(1);
  return failures[0];
}

describe('the small reference', () => {
  it('passes, and skips nothing', async () => {
    const lines: string[] = [];
    const summary = await runConformance({
      directory: FIXTURE,
      device,
      report: (result) => lines.push(formatCaseLine(result)),
    });
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(formatSummary(summary)).toBe('30 passed, 0 failed, 0 skipped');
    expect(lines).toHaveLength(30);
    expect(summary.results.map(({ name }) => name)).toContain('clip/formats/small/small_openai_f16.safetensors model');
    expect(summary.results.at(-1)).toMatchObject({ name: 'engine/no-live-buffers', verdict: 'ok', error: 0 });
  });

  it('decodes JPEG to the very pixels of OpenCV, though another decoder would be allowed to differ', async () => {
    const { results } = await run(FIXTURE, 'image/decode/jpeg');
    expect(results.filter(({ output }) => output === 'rgb_cv2').map(({ error }) => error)).toEqual([0, 0]);
  });

  it('runs only what contains the filter', async () => {
    const { results } = await run(FIXTURE, 'segmentor/pa');
    expect(results.map(({ name }) => name)).toEqual(['segmentor/pamr/small_image', 'engine/no-live-buffers']);
    await expect(run(FIXTURE, 'no such case')).rejects.toThrow(/no case of .* has "no such case" in its name/);
  });

  it.skipIf(process.env.RFCLIP_REFERENCE === undefined)(
    'has a complete sibling, named by RFCLIP_REFERENCE, which passes too',
    async () => {
      const { results } = await run(process.env.RFCLIP_REFERENCE!);
      expect(results.filter(({ verdict }) => verdict === 'FAIL').map(formatCaseLine)).toEqual([]);
    },
  );
});

describe('cases that need a checkpoint', () => {
  it('passes CLIP, the dense methods and RF-CLIP with all its stages', async () => {
    const directory = copyReference();
    addTinyModels(directory);
    const { results, failed } = await run(directory, 'tiny_');
    expect(results.filter(({ verdict }) => verdict === 'FAIL').map(formatCaseLine)).toEqual([]);
    expect(failed).toBe(0);
    const names = results.filter(({ verdict }) => verdict === 'ok').map(({ name }) => name);
    for (const name of [
      'clip/checkpoint/tiny_b',
      'clip/visual/tiny_b/main',
      'methods/rfclip/tiny_b/main/vanilla',
      'methods/sclip/tiny_b/main',
    ])
      expect(names).toContain(name);
    expect(results.find(({ name }) => name === 'methods/rfclip/tiny_b/main/vanilla')!.compared).toBeGreaterThan(25);
  });
});

describe('wrong values', () => {
  it('fail the case, name output and element, and leave the others alone', async () => {
    const directory = copyReference();
    editTensor(directory, 'segmentor/pamr.safetensors', 'pamr/small_image/out', (values) => (values[10] += 0.5));
    const failure = await onlyFailure(directory, 'segmentor/');
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
    const directory = copyReference();
    damage(directory);
    expect((await onlyFailure(directory, name)).name).toBe(name);
  });

  it('do not hide behind an output that nothing is compared with', async () => {
    const directory = copyReference();
    editCase(directory, 'image/mmseg_normalise', ({ outputs }) => (outputs.something_else = outputs.normalised_nchw));
    expect((await onlyFailure(directory, 'image/mmseg')).note).toBe(
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
    const directory = copyReference();
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
    const [result] = (await run(directory, name)).results;
    expect(result.verdict, result.note).toBe('ok');
    expect(result.note).toMatch(/sink_mask differs in 1 of 58 elements, first at .*, with the recorded margin 3\.0e-7/);
    expect(result.note).toContain('attn_after is off by');
    setThreshold(1e-3);
    expect((await onlyFailure(directory, name)).note).toMatch(/sink_mask differs in 1 of 58 elements/);
  });
});

describe('damaged references', () => {
  it.each<[string, string, (directory: string) => void, RegExp]>([
    [
      'a manifest that is not JSON',
      'segmentor/manifest.json',
      (directory) => writeFileSync(join(directory, 'segmentor/manifest.json'), '{'),
      /is not JSON$/,
    ],
    [
      'a manifest without cases',
      'segmentor/manifest.json',
      (directory) => writeFileSync(join(directory, 'segmentor/manifest.json'), '{"cases": 3}'),
      /no list of cases \(cases: /,
    ],
    [
      'a missing manifest of a known folder',
      'segmentor/manifest.json',
      (directory) => unlinkSync(join(directory, 'segmentor/manifest.json')),
      /does not exist$/,
    ],
    [
      'an entry that is no case',
      'segmentor/case 6',
      (directory) => editManifest(directory, 'segmentor', ({ cases }) => cases.push(7)),
      /entry is not a case/,
    ],
    [
      'an input of a wrong type',
      'segmentor/pamr/small_image',
      (directory) => editCase(directory, 'segmentor/pamr/small_image', (recorded) => (recorded.inputs.mask = 'mask')),
      /inputs\.mask/,
    ],
    [
      'a parameter of a wrong type',
      'segmentor/pamr/small_image',
      (directory) =>
        editCase(directory, 'segmentor/pamr/small_image', (recorded) => (recorded.parameters.num_iter = 'ten')),
      /^parameters: num_iter: /,
    ],
    [
      'a tolerance nobody knows',
      'segmentor/pamr/small_image',
      (directory) => editCase(directory, 'segmentor/pamr/small_image', (recorded) => (recorded.tolerance = 'roughly')),
      /^the tolerance of out is "roughly"/,
    ],
    [
      'a case nobody knows',
      'segmentor/new/one',
      (directory) => editManifest(directory, 'segmentor', ({ cases }) => cases.push({ name: 'new/one' })),
      /knows no case of the kind segmentor\/new/,
    ],
    [
      'a missing file',
      'segmentor/slide_boxes',
      (directory) => unlinkSync(join(directory, 'segmentor/slide_boxes.json')),
      /slide_boxes\.json does not exist$/,
    ],
    [
      'a missing key',
      'segmentor/pamr/small_image',
      (directory) =>
        editCase(directory, 'segmentor/pamr/small_image', (recorded) => (recorded.outputs.out.key = 'none')),
      /has no tensor none$/,
    ],
    [
      'another shape',
      'segmentor/pamr/small_image',
      (directory) =>
        editCase(directory, 'segmentor/pamr/small_image', (recorded) => (recorded.outputs.out.shape = [9])),
      /is F32 \[2, 12, 9\], the manifest says float32 \[9\]$/,
    ],
    [
      'a table that asks for too many windows',
      'segmentor/slide_boxes',
      (directory) =>
        writeFileSync(
          join(directory, 'segmentor/slide_boxes.json'),
          '[{"h":65536,"w":65536,"stride":1,"crop":1,"boxes_y1x1y2x2":[]}]',
        ),
      /4294967296 windows/,
    ],
    [
      'a path out of the folder',
      'segmentor/slide_boxes',
      (directory) =>
        editCase(directory, 'segmentor/slide_boxes', (recorded) => (recorded.parameters.file = '../../outside.json')),
      /lies outside of the reference folder$/,
    ],
    [
      'an absolute path',
      'segmentor/slide_boxes',
      (directory) =>
        editCase(directory, 'segmentor/slide_boxes', (recorded) => (recorded.parameters.file = '/etc/passwd')),
      /lies outside of the reference folder$/,
    ],
    [
      'a link out of the folder',
      'segmentor/slide_boxes',
      (directory) => replaceByLink(join(directory, 'segmentor/slide_boxes.json')),
      /lies outside of the reference folder$/,
    ],
    [
      'a truncated tensor file',
      'segmentor/pamr/small_image',
      (directory) =>
        editCase(
          directory,
          'segmentor/pamr/small_image',
          (recorded) => (recorded.outputs.out.file = 'slide_boxes.json'),
        ),
      /not a usable safetensors file/,
    ],
  ])('%s fails one case with one sentence', async (_what, name, damage, sentence) => {
    const directory = copyReference();
    damage(directory);
    const failure = await onlyFailure(directory, 'segmentor/');
    expect(failure.name).toBe(name);
    expect(failure.note).toMatch(sentence);
    expect(failure.note).not.toMatch(/\n|unexpected/);
  });

  it('a sibling folder may be pointed to', async () => {
    const directory = copyReference();
    editCase(
      directory,
      'segmentor/slide_boxes',
      (recorded) => (recorded.parameters.file = '../segmentor/slide_boxes.json'),
    );
    expect((await run(directory, 'slide_boxes')).failed).toBe(0);
  });

  it('no reference at all is an error', async () => {
    await expect(run(join(scratch, 'nowhere'))).rejects.toThrow(ConformanceError);
    await expect(run(join(scratch, 'nowhere'))).rejects.toThrow(/does not exist or is no folder$/);
    await expect(run(join(FIXTURE, 'README.md'))).rejects.toThrow(/does not exist or is no folder$/);
    await expect(run(join(FIXTURE, 'image'))).rejects.toThrow(/none of its sub-folders has a manifest\.json$/);
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

function replaceByLink(path: string): void {
  const outside = join(scratch, `outside${copies++}.json`);
  writeFileSync(outside, '[]');
  unlinkSync(path);
  symlinkSync(outside, path);
}

/** Adds the two tiny models (`tiny_b` as the tensors that differ), with some cases of `clip` and `methods`. */
function addTinyModels(directory: string): void {
  const tensorsOf = (name: 'tiny_a' | 'tiny_b', wanted: (key: string) => boolean): Record<string, WrittenTensor> => {
    const file = openTinyClip(name);
    const keys = [...file.tensors.keys()].filter((key) => key !== 'token_embedding.weight' && wanted(key));
    const entries = keys.map(
      (key) => [key, { dtype: 'F32', shape: file.tensors.get(key)!.shape, data: file.read(key) }] as const,
    );
    file.close();
    return Object.fromEntries(entries);
  };
  // A vocabulary of 8 tokens is enough for a checkpoint whose texts are never encoded.
  const table: WrittenTensor = { dtype: 'F32', shape: [8, 64], data: new Float32Array(8 * 64) };
  writeSafetensors(join(directory, 'clip/tiny_a.safetensors'), {
    ...tensorsOf('tiny_a', () => true),
    'token_embedding.weight': table,
  });
  writeSafetensors(
    join(directory, 'clip/tiny_b_delta.safetensors'),
    tensorsOf('tiny_b', (key) => /^visual.*resblocks\.[012]\.mlp/.test(key)),
  );
  editManifest(directory, 'clip', ({ cases }) => {
    cases.push({
      name: 'checkpoint/tiny_a',
      function: 'checkpoint file',
      parameters: { file: 'tiny_a.safetensors', text: { width: 64, heads: 1, layers: 2, vocab: 8, context: 77 } },
    });
    cases.push({
      name: 'checkpoint/tiny_b',
      function: 'only the tensors that differ from tiny_a (MLP weights)',
      parameters: { file: 'tiny_b_delta.safetensors', sink_channels: TINY_DISTRACTION_DIMENSIONS },
    });
  });
  const clip = openRecordings('clip', 'clip.safetensors', 'cases.json');
  addCases(directory, 'clip', clip, clip.cases('visual/'), clip);
  const methods = openRecordings('methods', 'methods.safetensors', 'cases.json');
  addCases(
    directory,
    'methods',
    methods,
    ['rfclip/', 'naclip/', 'sclip/', 'maskclip/'].flatMap((prefix) => methods.cases(prefix)),
    clip,
  );
}

function addCases(
  directory: string,
  folder: string,
  recordings: Recordings,
  cases: readonly RecordedCase[],
  pictures: Recordings,
): void {
  const file = 'added.safetensors';
  const tensors: Record<string, WrittenTensor> = {};
  const DTYPES: Record<string, string> = { F32: 'float32', U8: 'uint8', I32: 'int32' };
  const store = (key: string, tensor: WrittenTensor) => {
    tensors[key] = tensor;
    return { file, key, shape: tensor.shape, dtype: DTYPES[tensor.dtype] };
  };
  const entries = cases.map((recorded) => {
    const { data, height, width } = pictures.image(recorded.parameters.image);
    const image = store(`images/${recorded.parameters.image}`, { dtype: 'F32', shape: [1, 3, height, width], data });
    const outputs = Object.fromEntries(
      Object.entries(recorded.tensors).map(([role, key]) => [
        role,
        store(key, written(recordings.tensor(recorded, role))),
      ]),
    );
    const tolerance = Object.fromEntries(
      Object.entries(recorded.tolerance).map(([role, value]) => [role, { recommended_abs: value }]),
    );
    return {
      name: recorded.name,
      function: '',
      parameters: recorded.parameters,
      inputs: { image },
      outputs,
      tolerance,
    };
  });
  writeSafetensors(join(directory, folder, file), tensors);
  editManifest(directory, folder, (manifest) => manifest.cases.push(...entries));
}
