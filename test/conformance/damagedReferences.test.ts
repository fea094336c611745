import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConformanceError } from '../../conformance/index.ts';
import { REFERENCE } from '../support/reference.ts';
import { editCase, editManifest, useSmallReference } from './smallReference.ts';

const small = useSmallReference();

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
    const directory = small.copy();
    damage(directory);
    const failure = await small.onlyFailure(directory, 'segmentor/');
    expect(failure.name).toBe(name);
    expect(failure.note).toMatch(sentence);
    expect(failure.note).not.toMatch(/\n|unexpected/);
  });

  it('a sibling folder may be pointed to', async () => {
    const directory = small.copy();
    editCase(
      directory,
      'segmentor/slide_boxes',
      (recorded) => (recorded.parameters.file = '../segmentor/slide_boxes.json'),
    );
    expect((await small.run(directory, 'slide_boxes')).failed).toBe(0);
  });

  it('no reference at all is an error', async () => {
    await expect(small.run(join(small.scratch, 'nowhere'))).rejects.toThrow(ConformanceError);
    await expect(small.run(join(small.scratch, 'nowhere'))).rejects.toThrow(/does not exist or is no folder$/);
    await expect(small.run(join(REFERENCE, 'README.md'))).rejects.toThrow(/does not exist or is no folder$/);
    await expect(small.run(join(REFERENCE, 'image'))).rejects.toThrow(/none of its sub-folders has a manifest\.json$/);
  });
});

function replaceByLink(path: string): void {
  const outside = join(small.scratch, 'outside.json');
  writeFileSync(outside, '[]');
  unlinkSync(path);
  symlinkSync(outside, path);
}
