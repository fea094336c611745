import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_FOLDER } from '../../datasets/sampleFolder.ts';
import { readGroundTruth } from '../../datasets/labels.ts';
import { listVocFolder } from '../../datasets/vocFolder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-voc-'));
  for (const part of ['JPEGImages/sub', 'SegmentationClass/sub', 'ImageSets/Segmentation'])
    mkdirSync(join(folder, part), { recursive: true });
  write('classes.txt', 'cat, kitten\ndog\n');
  write('ImageSets/Segmentation/val.txt', ' b \n\nsub/c\r\na');
  for (const file of [
    'JPEGImages/a.jpg',
    'JPEGImages/b.png',
    'JPEGImages/sub/c.jpeg',
    'SegmentationClass/a.png',
    'SegmentationClass/b.png',
    'SegmentationClass/sub/c.png',
  ])
    write(file, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const at = (...parts: string[]) => join(folder, ...parts);

describe('listVocFolder', () => {
  it('pairs images and label maps, sorted', () => {
    const { root, pairs, missing, classes } = listVocFolder(folder);
    expect(root).toBe(folder);
    expect(pairs.map(({ id }) => id)).toEqual(['a', 'b', 'sub/c']);
    expect(pairs[2]).toEqual({
      id: 'sub/c',
      image: at('JPEGImages/sub/c.jpeg'),
      label: at('SegmentationClass/sub/c.png'),
    });
    expect(missing).toEqual([]);
    expect(classes.classes.map(({ words }) => words)).toEqual([['cat', 'kitten'], ['dog']]);
  });

  it('reports what the split names and the disk has not', () => {
    rmSync(at('JPEGImages/a.jpg'));
    rmSync(at('SegmentationClass/a.png'));
    rmSync(at('SegmentationClass/b.png'));
    const { pairs, missing } = listVocFolder(folder);
    expect(pairs.map(({ id }) => id)).toEqual(['sub/c']);
    expect(missing).toEqual([
      { id: 'a', kind: 'image', path: at('JPEGImages/a.jpg') },
      { id: 'a', kind: 'label', path: at('SegmentationClass/a.png') },
      { id: 'b', kind: 'label', path: at('SegmentationClass/b.png') },
    ]);
  });

  it('refuses names of which no label map has one, and says which suffix they have', () => {
    const labelFolder = at('SegmentationClass');
    for (const name of ['a', 'b', 'sub/c'])
      renameSync(join(labelFolder, `${name}.png`), join(labelFolder, `${name}_m.png`));
    expect(() => listVocFolder(folder)).toThrow(
      expect.objectContaining({
        message:
          `${labelFolder} has no label map for any of the 3 images: expected names such as a.png, its first file is ` +
          'a_m.png',
        fix: 'try --label-suffix _m.png',
      }),
    );
    expect(listVocFolder(folder, { labelSuffix: '_m.png' }).pairs).toHaveLength(3);
    expect(() => listVocFolder(folder, { labelFolder: 'ImageSets/Segmentation' })).toThrow(
      expect.objectContaining({ fix: 'name their folder with --label-folder' }),
    );
  });

  it('lists the data set that ships', async () => {
    const { pairs, missing, classes } = listVocFolder(SAMPLE_FOLDER);
    expect([pairs.length, missing.length, classes.classes.length]).toEqual([40, 0, 52]);
    const seen = new Set<number>();
    for (const { label } of pairs)
      for (const value of (await readGroundTruth(label, { reduceZeroLabel: false })).data) seen.add(value);
    expect(Math.max(...seen)).toBeLessThan(52);
  });

  it.each([
    ['the folder is missing', () => rmSync(folder, { recursive: true }), /the data folder .* does not exist/],
    [
      'the split is missing',
      () => rmSync(at('ImageSets/Segmentation/val.txt')),
      /the split file .*val\.txt does not exist/,
    ],
    [
      'the split is a folder',
      () => (rmSync(at('ImageSets/Segmentation/val.txt')), mkdirSync(at('ImageSets/Segmentation/val.txt'))),
      /val\.txt is a folder/,
    ],
    ['the split is empty', () => write('ImageSets/Segmentation/val.txt', '\n \n'), /names no image/],
    [
      'the split names an image twice',
      () => write('ImageSets/Segmentation/val.txt', 'a\nb\na\n'),
      /names a twice, in lines 1 and 3/,
    ],
    [
      'an id leads out of the folder',
      () => write('ImageSets/Segmentation/val.txt', 'a\n../../x\n'),
      /line 2: "..\/..\/x" is no image id/,
    ],
    ['an id is absolute', () => write('ImageSets/Segmentation/val.txt', '/etc/passwd\n'), /is no image id/],
    ['the class file is missing', () => rmSync(at('classes.txt')), /the class file .*classes\.txt does not exist/],
    ['the class file has a blank line', () => write('classes.txt', 'cat\n\ndog\n'), /classes\.txt, line 2 is blank/],
    [
      'there are more classes than 8-bit labels',
      () => write('classes.txt', Array.from({ length: 256 }, (_, k) => `class ${k}`).join('\n')),
      /has 256 classes, expected at most 255/,
    ],
  ])('refuses when %s', (_, damage, message) => {
    damage();
    expect(() => listVocFolder(folder)).toThrow(message);
    if (_ === 'the folder is missing') mkdirSync(folder);
  });
});
