import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePalettePng } from '../../pictures/encodePng.ts';
import { vocPalette } from '../../pictures/palette.ts';
import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import { openCase } from '../support/reference.ts';
import { writeUnder } from '../datasets/miniatures.ts';
import { encodeMask } from '../datasets/runLengthEncoder.ts';
import { runCli } from '../support/runCli.ts';
import { startCli } from '../support/sampleRuns.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-convert-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (...parts: string[]) => join(folder, ...parts);
const labelPng = (labels: number[], width = labels.length) =>
  encodePalettePng(Uint8Array.from(labels), width, labels.length / width, vocPalette(256));

/** Files of a folder with subfolders, sorted. */
const tree = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();

describe('rfclip convert coco-object', () => {
  const recorded = openCase('metrics/coco_object/random0');
  const [height, width] = [40, 33];
  beforeEach(() => {
    for (let index = 0; index < 9; index++) {
      const mask = recorded.input('mask').values;
      writeUnder(
        folder,
        `annotations/val2017/00000000000${index}.png`,
        labelPng([...mask.slice(index), ...mask.slice(0, index)], width),
      );
    }
  });
  const target = (index: number) => at(`out/val2017/00000000000${index}_instanceTrainIds.png`);
  const convert = (...more: string[]) =>
    runCli(['convert', 'coco-object', at('annotations'), '-o', at('out'), ...more]);

  it('gives the published masks as grey PNGs, with one thread and with several', async () => {
    expect(await convert('--threads', '3')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('9 written, 0 already there'),
    });
    const map = await readLabelMap(target(0));
    expect([map.width, map.height]).toEqual([width, height]);
    expect(Array.from(map.data)).toEqual(Array.from(recorded.output('converted').values));
    expect(readFileSync(target(0))[25]).toBe(0);
    const first = tree(at('out')).map((name) => readFileSync(at('out', name)));
    expect((await convert('--threads', '1', '--force')).stdout).toContain('9 written');
    expect(tree(at('out')).map((name) => readFileSync(at('out', name)))).toEqual(first);
    expect((await convert('--check')).stdout).toContain('9 correct, 0 wrong');
  });

  it('goes on where it stopped: sound files are kept, damaged ones made again', async () => {
    await convert();
    const before = statSync(target(1)).mtimeMs;
    rmSync(target(0));
    truncateSync(target(2), 60);
    writeFileSync(target(3), labelPng([1]));
    expect((await convert()).stdout).toContain('3 written, 6 already there');
    expect(statSync(target(1)).mtimeMs).toBe(before);
    expect((await convert('--check')).code).toBe(0);
    expect(tree(at('out')).every((name) => name.endsWith('_instanceTrainIds.png'))).toBe(true);
  });

  it('killed in the middle, goes on, and what it leaves is whole', async () => {
    const labels = Uint8Array.from({ length: 1600 * 1200 }, (_, i) => (i * 7 + (i >> 9)) % 182);
    const content = encodePalettePng(labels, 1600, 1200, vocPalette(256));
    for (let index = 0; index < 24; index++) writeUnder(folder, `large/val2017/${1000 + index}.png`, content);
    const command = ['convert', 'coco-object', at('large'), '-o', at('out'), '--threads', '2'];
    const written = () =>
      existsSync(at('out')) ? tree(at('out')).filter((name) => name.endsWith('_instanceTrainIds.png')) : [];
    const { child, ended } = startCli(command, {});
    while (child.exitCode === null && written().length < 3) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill('SIGKILL');
    expect((await ended).code).toBe(null);
    const kept = written().length;
    expect(kept).toBeLessThan(24);
    for (const name of written()) expect((await readLabelMap(at('out', name))).width).toBe(1600);
    expect((await runCli(command)).stdout).toContain(`${24 - kept} written, ${kept} already there`);
    expect((await runCli([...command, '--check'])).stdout).toContain('24 correct, 0 wrong');
  });

  it('removes what a killed run left, but not what another run is writing', async () => {
    const [old, young] = ['.rfclip-1-00ff00ff00ff.tmp', '.rfclip-1-00ff00ff00aa.tmp'].map((name) =>
      writeUnder(folder, `out/val2017/${name}`, 'half'),
    );
    utimesSync(old, Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);
    await convert();
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  it('--check finds what is missing, damaged or of other content, and writes nothing', async () => {
    expect((await convert('--check')).code).toBe(1);
    expect(existsSync(at('out'))).toBe(false);
    await convert();
    rmSync(target(0));
    truncateSync(target(2), 60);
    const map = await readLabelMap(target(4));
    writeFileSync(
      target(4),
      labelPng(
        Array.from(map.data, (label, index) => (index === 34 ? label + 1 : label)),
        width,
      ),
    );
    const { code, stdout, stderr } = await convert('--check', '--json');
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      counts: { correct: 6, wrong: 3, failed: 0 },
      problems: [
        `${target(0)} does not exist`,
        expect.stringContaining('truncated'),
        expect.stringContaining('at column 1, row 1, expected'),
      ],
    });
  });

  it('works in place and does not take its own output for input', async () => {
    const inPlace = () => runCli(['convert', 'coco-object', at('annotations'), '-o', at('annotations')]);
    expect((await inPlace()).stdout).toContain('9 written');
    expect((await inPlace()).stdout).toContain('0 written, 9 already there');
    expect(tree(at('annotations'))).toHaveLength(18);
  });

  it('reports damaged input, does the others, and ends with code 3', async () => {
    truncateSync(at('annotations/val2017/000000000005.png'), 100);
    const { code, stdout, stderr } = await convert();
    expect(code).toBe(3);
    expect(stderr).toContain('000000000005.png is a truncated PNG picture');
    expect(stdout).toContain('8 written, 0 already there, 1 failed');
  });

  it('tells of labels that COCO-Stuff does not use', async () => {
    writeUnder(folder, 'annotations/val2017/000000000008.png', labelPng([0, 11, 25, 11]));
    const { code, stderr } = await convert();
    expect(stderr).toContain(
      'labels that this data set does not use were kept, as the published conversion does: 11 (1 file), 25 (1 file)',
    );
    expect(code).toBe(0);
  });

  it.skipIf(process.getuid?.() === 0)('stops where nothing can be written', async () => {
    mkdirSync(at('out/val2017'), { recursive: true });
    chmodSync(at('out/val2017'), 0o500);
    const { code, stdout, stderr } = await convert('--threads', '1');
    expect(stderr).toContain('permission denied');
    expect(stdout).toContain('8 not begun');
    expect(code).toBe(1);
  });

  it('stops where a folder stands in the way', async () => {
    mkdirSync(target(0), { recursive: true });
    const { code, stdout, stderr } = await convert('--threads', '1');
    expect(stderr).toContain('there is a folder of that name');
    expect(stdout).toContain('1 failed, 8 not begun');
    expect(code).toBe(1);
  });
});

describe('rfclip convert coco-stuff and cityscapes', () => {
  it('name and number labels as MMSegmentation does', async () => {
    writeUnder(folder, 'stuff/val2017/000000000139.png', labelPng([0, 10, 12, 181, 255, 91]));
    expect((await runCli(['convert', 'coco-stuff', at('stuff'), '-o', at('stuff')])).code).toBe(0);
    expect(Array.from((await readLabelMap(at('stuff/val2017/000000000139_labelTrainIds.png'))).data)).toEqual([
      0, 10, 11, 170, 255, 80,
    ]);

    writeUnder(folder, 'gtFine/val/lindau/lindau_000000_000019_gtFine_labelIds.png', labelPng([0, 7, 33, 14, 26, 11]));
    writeUnder(folder, 'gtFine/val/lindau/lindau_000000_000019_gtFine_instanceIds.png', labelPng([1]));
    expect((await runCli(['convert', 'cityscapes', at('gtFine/val'), '-o', at('gtFine/val')])).stdout).toContain(
      '1 written',
    );
    expect(
      Array.from((await readLabelMap(at('gtFine/val/lindau/lindau_000000_000019_gtFine_labelTrainIds.png'))).data),
    ).toEqual([255, 0, 18, 255, 13, 2]);
  });

  it('refuses Cityscapes label maps that hold no ids', async () => {
    writeUnder(folder, 'a/x_labelIds.png', labelPng([7, 255]));
    const { code, stderr } = await runCli(['convert', 'cityscapes', at('a'), '-o', at('b')]);
    expect(stderr).toContain('x_labelIds.png has the label 255 at column 1, row 0, which cityscapes does not use');
    expect(code).toBe(1);
  });
});

describe('rfclip convert pascal-context', () => {
  beforeEach(() => {
    const image = (id: number, phase: string) => ({
      image_id: id,
      file_name: `2008_00000${id}.jpg`,
      width: 3,
      height: 2,
      phase,
    });
    const region = (id: number, image_id: number, category_id: number, pixels: number[]) => ({
      id,
      image_id,
      category_id,
      segmentation: encodeMask(pixels, 2, 3),
    });
    const annos_segmentation = [
      region(1, 3, 2, [1, 1, 0, 1, 0, 0]),
      region(2, 3, 458, [0, 1, 1, 0, 0, 0]),
      region(3, 2, 9, [0, 0, 0, 0, 0, 1]),
    ];
    writeFileSync(
      at('trainval_merged.json'),
      JSON.stringify({ images: [image(3, 'val'), image(2, 'val'), image(1, 'train')], annos_segmentation }),
    );
  });
  const convert = (...more: string[]) =>
    runCli(['convert', 'pascal-context', at('trainval_merged.json'), '-o', at('VOC2010'), ...more]);

  it('writes label maps and split files that data check finds', async () => {
    expect(await convert('--threads', '2')).toMatchObject({ code: 0, stdout: expect.stringContaining('3 written') });
    expect(Array.from((await readLabelMap(at('VOC2010/SegmentationClassContext/2008_000003.png'))).data)).toEqual([
      1, 59, 59, 1, 0, 0,
    ]);
    expect(readFileSync(at('VOC2010/ImageSets/SegmentationContext/val.txt'), 'utf8')).toBe(
      '2008_000002\n2008_000003\n',
    );
    expect(readFileSync(at('VOC2010/ImageSets/SegmentationContext/train.txt'), 'utf8')).toBe('2008_000001\n');
    mkdirSync(at('VOC2010/JPEGImages'));
    expect((await runCli(['data', 'check', 'context59', '--data', folder])).stdout).toContain('missing     2 files');
    expect((await convert()).stdout).toContain('0 written, 3 already there');
    expect((await convert('--check')).stdout).toContain('3 correct');
    writeFileSync(at('VOC2010/ImageSets/SegmentationContext/val.txt'), '2008_000002\n');
    expect(await convert('--check')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('val.txt is missing or does not name the 2 images of the split val'),
    });
  });

  it('can be kept to one split', async () => {
    expect((await convert('--split', 'val')).stdout).toContain('2 written');
    expect(tree(at('VOC2010'))).toEqual([
      'ImageSets/SegmentationContext/val.txt',
      'SegmentationClassContext/2008_000002.png',
      'SegmentationClassContext/2008_000003.png',
    ]);
    expect((await convert('--split', 'test')).code).toBe(2);
  });

  it('names a damaged annotation file', async () => {
    truncateSync(at('trainval_merged.json'), 300);
    const { code, stderr } = await convert();
    expect(stderr).toContain('trainval_merged.json cannot be used: it is cut off');
    expect(code).toBe(1);
  });
});

describe('rfclip convert', () => {
  it.each([
    ['no output', ['coco-object', '.'], 2, /required option '-o, --out <folder>'/],
    ['bad threads', ['coco-object', '.', '-o', 'x', '--threads', '0'], 2, /expected a whole number from 1/],
    ['an unknown conversion', ['voc', '.'], 2, /unknown command/],
    ['no folder', ['coco-object', 'no-such-folder', '-o', 'x'], 1, /the input folder no-such-folder does not exist/],
    [
      'no label maps',
      ['cityscapes', '.', '-o', 'x'],
      1,
      /has no label maps for cityscapes; expected names that end in _labelIds\.png/,
    ],
  ])('says what is wrong with %s', async (_, args, expectedCode, message) => {
    const { code, stderr } = await runCli(['convert', ...args], { cwd: folder });
    expect(stderr).toMatch(message);
    expect(code).toBe(expectedCode);
  });
});
