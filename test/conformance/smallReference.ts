import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type CaseResult, type ConformanceSummary, runConformance } from '../../conformance/index.ts';
import { Device } from '../../engine/index.ts';
import { REFERENCE } from '../support/reference.ts';
import { readFixture } from '../support/safetensors.ts';
import { writeSafetensors } from '../support/safetensorsWriter.ts';

/** A few cases of every folder that need no large checkpoint: quick to copy, to damage and to run. */
const CASES: Record<string, string[]> = {
  tokenizer: ['strings'],
  image: [
    'decode/jpeg_420.jpg',
    'decode/jpeg_exif_rotated.jpg',
    'decode/png_palette_labels.png',
    'decode/png_gray16.png',
    'cv2_linear/up_2x',
    'rescale_rule',
    'mmseg_normalise',
    'torch_bilinear/from_1x1',
    'torch_bilinear_align_corners/a',
    'pos_embed_4x4/to_5x7',
    'pos_embed_4x4/to_2x8',
  ],
  clip: ['formats/small'],
  methods: [
    'unit/feat_denoising/3x7',
    'unit/feat_denoising/batch2',
    'unit/feat_enhancing/n17',
    'unit/attn_refocusing/t30',
    'unit/attn_refocusing/t12_all',
  ],
  paper: ['distractors/4x4', 'defocus/two_groups', 'attention/two_groups_patch_rows'],
  segmentor: [
    'clustering/plain',
    'hierarchical_prompt/plain_t0.5532',
    'slide_boxes',
    'pamr/small_image',
    'postprocess/synonyms_thd0.1',
  ],
  metrics: ['iou/two_class', 'reduce_zero_label/edge'],
};

type Manifest = { cases: any[] };

/** Changes the manifest of a folder. */
export function editManifest(directory: string, folder: string, edit: (manifest: Manifest) => void): void {
  const path = join(directory, folder, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  edit(manifest);
  writeFileSync(path, JSON.stringify(manifest));
}

/** Changes what a manifest says of one case. */
export function editCase(directory: string, name: string, edit: (recorded: any) => void): void {
  const [folder, ...rest] = name.split('/');
  editManifest(directory, folder, ({ cases }) => edit(cases.find((recorded) => recorded.name === rest.join('/'))));
}

/** Changes recorded values of one tensor. */
export function editTensor(directory: string, file: string, key: string, edit: (values: Float32Array) => void): void {
  const path = join(directory, file);
  const tensors = readFixture(path);
  edit(tensors.get(key)!.data as Float32Array);
  writeSafetensors(path, Object.fromEntries(tensors));
}

/** Copies the cases above, with the files that they name. */
function writeSmallReference(directory: string): void {
  for (const [folder, names] of Object.entries(CASES)) {
    mkdirSync(join(directory, folder), { recursive: true });
    cpSync(join(REFERENCE, folder, 'manifest.json'), join(directory, folder, 'manifest.json'));
    editManifest(directory, folder, (manifest) => {
      manifest.cases = manifest.cases.filter(({ name }) => names.includes(name));
      expect(manifest.cases.map(({ name }) => name).sort()).toEqual([...names].sort());
    });
  }
  editCase(directory, 'clip/formats/small', ({ parameters }) => (parameters.files = ['small_openai_f16.safetensors']));
  for (const folder of Object.keys(CASES)) {
    const text = readFileSync(join(directory, folder, 'manifest.json'), 'utf8');
    for (const file of readdirSync(join(REFERENCE, folder)))
      if (text.includes(`"${file}"`) || file === 'small_tensor_sums.json')
        cpSync(join(REFERENCE, folder, file), join(directory, folder, file));
  }
}

/** What the tests of a file work with: a device, a folder for what they write, and the small reference in it. */
export interface SmallReference {
  readonly device: Device;
  readonly scratch: string;
  readonly directory: string;
  /** A copy of the small reference that a test may damage. */
  copy(): string;
  run(directory: string, only?: string): Promise<ConformanceSummary>;
  /** Runs some cases of a reference in which exactly one fails, and returns that one. */
  onlyFailure(directory: string, only: string): Promise<CaseResult>;
}

/** Opens a device and writes the small reference before the tests of a file, and removes both after them. */
export function useSmallReference(): SmallReference {
  let device: Device;
  let scratch: string;
  let copies = 0;
  beforeAll(async () => {
    device = await Device.create({ debug: '' });
    scratch = mkdtempSync(join(tmpdir(), 'rfclip-conformance-'));
    writeSmallReference(join(scratch, 'small'));
  });
  afterAll(() => {
    device.destroy();
    rmSync(scratch, { recursive: true, force: true });
  });
  const run = (directory: string, only?: string) => runConformance({ directory, device, only });
  return {
    get device() {
      return device;
    },
    get scratch() {
      return scratch;
    },
    get directory() {
      return join(scratch, 'small');
    },
    copy: () => {
      const directory = join(scratch, `copy${copies++}`);
      cpSync(join(scratch, 'small'), directory, { recursive: true });
      return directory;
    },
    run,
    onlyFailure: async (directory, only) => {
      const failures = (await run(directory, only)).results.filter(({ verdict }) => verdict === 'FAIL');
      expect(failures.map(({ name }) => name)).toHaveLength(1);
      return failures[0];
    },
  };
}
