import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SegmentationResult } from '../../library/segmentationResult.ts';
import { parseClassList } from '../../rfclip/classes.ts';
import { runCli } from '../support/runCli.ts';
import { copyScenes, QUICK, quietEnvironment, SCENES } from '../support/sampleRuns.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const embedded = fileURLToPath(new URL('../../clip/weights/microclip.safetensors', import.meta.url));
const ANNOTATION = '{"version":"5.0","shapes":[{"label":"cat"}],"imagePath":"photo.jpg"}';
let root: string;
let folder: string;
let count = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rfclip-overwrite-'));
});
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** In the folder of the test, as its owner stands there. */
const rfclip = (...args: string[]) => runCli(args, { environment: quietEnvironment(join(root, 'cache')), cwd: folder });
const refused = (sentence: RegExp, code = 1) => ({
  code,
  stdout: '',
  stderr: expect.stringMatching(new RegExp(`^rfclip: ${sentence.source}.*\\n.*--overwrite`, 'm')),
});
const at = (...names: string[]) => join(folder, ...names);
/** Every file below the folder with its content. */
const contents = (place = folder) =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name)).toString('base64')])
    .sort();

describe('rfclip segment', () => {
  const segment = ['segment', 'photo.jpg', '--classes', 'moon, soil', ...QUICK, '--out', '.'];
  beforeEach(() => copyFileSync(join(examples, 'scenes/scene_0025.jpg'), at('photo.jpg')));

  test('an annotation beside the photo stays, nothing else is written; --overwrite replaces it', async () => {
    writeFileSync(at('photo.json'), ANNOTATION);
    const before = contents();
    expect(await rfclip(...segment)).toMatchObject(
      refused(/photo\.json would be replaced, but rfclip did not make it/),
    );
    expect(contents()).toEqual(before);
    expect(await rfclip(...segment, '--overwrite')).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(at('photo.json'), 'utf8'))).toMatchObject({ method: 'rfclip' });
    // From here on it is our own.
    expect(await rfclip(...segment)).toMatchObject({ code: 0 });
  });

  test('a label map that was corrected by hand stays; what is left of earlier runs does not', async () => {
    expect(await rfclip(...segment)).toMatchObject({ code: 0 });
    expect(await rfclip(...segment)).toMatchObject({ code: 0 });
    const corrected = PNG.sync.read(readFileSync(at('photo.label.png')));
    corrected.data[0] ^= 1;
    writeFileSync(at('photo.label.png'), PNG.sync.write(corrected));
    // Of a second image that is done before the other, too.
    copyFileSync(at('photo.jpg'), at('another.jpg'));
    const before = contents();
    const future = ['segment', 'another.jpg', ...segment.slice(1)];
    // Copies that took moments are as old as the report; a correction by hand takes longer.
    const report = JSON.parse(readFileSync(at('photo.json'), 'utf8'));
    writeFileSync(at('photo.json'), JSON.stringify({ ...report, width: report.width + 1 }));
    expect(await rfclip(...future)).toMatchObject(refused(/.*photo\.label\.png would be replaced/));
    expect(contents().length).toBe(before.length);
  });

  test.each([
    ['a class list', 'photo.json', 'moon', ['--classes-file', 'photo.json']],
    ['a picture of somebody', 'photo.overlay.png', readFileSync(join(examples, 'photos/chelsea.png')), []],
    ['a label map of another tool', 'photo.label.png', PNG.sync.write(new PNG({ width: 4, height: 4 })), []],
    ['notes', 'photo.rfclip.label.png', 'notes', ['--method', 'all']],
    ['a contact sheet of somebody', 'photo.methods.json', ANNOTATION, ['--method', 'all']],
  ])('%s stays', async (_name, file, content, flags) => {
    writeFileSync(at(file), content);
    const words =
      flags[0] === '--classes-file' ? segment.filter((word) => !/^(--classes|moon, soil)$/.test(word)) : segment;
    expect(await rfclip(...words, ...flags)).toMatchObject(
      refused(new RegExp(`${file.replaceAll('.', '\\.')} would be`)),
    );
    expect(readFileSync(at(file))).toEqual(Buffer.from(content));
    expect(readdirSync(folder).sort()).toEqual(['photo.jpg', file].sort());
  });

  test('an input that another input would replace stays, also by a link', async () => {
    copyFileSync(at('photo.jpg'), at('photo.label.png'));
    symlinkSync(folder, at('out'));
    expect(await rfclip('segment', 'photo.label.png', ...segment.slice(1, -1), 'out')).toMatchObject(
      refused(/out\/photo\.label\.png would be replaced, but it is an input of this run \(photo\.label\.png\)/),
    );
  });

  test('demo: files of somebody in its folder stay', async () => {
    mkdirSync(at('out'));
    writeFileSync(at('out/scene_0025.json'), ANNOTATION);
    expect(await rfclip('demo', ...QUICK, '--out', 'out')).toMatchObject(
      refused(/.*scene_0025\.json would be replaced/),
    );
    expect(readdirSync(at('out'))).toEqual(['scene_0025.json']);
  });
});

describe('rfclip eval', () => {
  const scenes = SCENES.slice(0, 2);
  const evaluate = (...args: string[]) =>
    rfclip('eval', 'folder', '--data', 'D', ...QUICK, '--method', 'clip', '--out', 'O', ...args);
  beforeEach(() => copyScenes(at('D'), scenes));

  test.each([
    ['label maps', ['--save-predictions', 'D/SegmentationClass']],
    ['label maps, by a link', ['--save-predictions', 'link']],
    ['label maps, of which one is not there yet', ['--save-predictions', 'D/SegmentationClass', '--limit', '1']],
    ['images', ['--visualize', './D/../D/JPEGImages']],
    ['a benchmark folder within', ['--visualize', join('D', 'SegmentationClass')]],
  ])('nothing goes among the %s of the data set', async (name, flags) => {
    symlinkSync(at('D/SegmentationClass'), at('link'));
    if (name.includes('not there yet')) rmSync(at('D/SegmentationClass', `${scenes[0]}.png`));
    const before = contents();
    expect(await evaluate(...flags)).toMatchObject(
      refused(/.* would be (written among the files of the data set|replaced, but it is an input)/),
    );
    expect(contents()).toEqual(before);
  });

  test.each([
    ['a table', 'O/result.csv', 'a,b\n1,2\n', []],
    ['a page', 'O/report.html', '<p>mine', []],
    ['a lock of another program', 'O/run.lock', 'mine', []],
    ['a prediction of another model', `P/${SCENES[1]}.png`, 'mine', ['--save-predictions', 'P']],
    ['a picture', `V/${SCENES[0]}.png`, 'mine', ['--visualize', 'V', '--every', '2']],
    ['a summary of methods', 'O/methods.md', '# mine\n', ['--method', 'all']],
    ['a page of methods', 'O/methods.html', '<p>mine', ['--method', 'all']],
  ])('%s stays, told before the first image', async (_name, file, content, flags) => {
    mkdirSync(join(at(file), '..'), { recursive: true });
    writeFileSync(at(file), content);
    const before = contents();
    expect(await evaluate(...flags)).toMatchObject(refused(new RegExp(`${file.replaceAll('.', '\\.')} would be`)));
    expect(contents()).toEqual(before);
  });

  test('its own results are replaced, also when it goes on', async () => {
    const flags = ['--save-predictions', 'P', '--visualize', 'V'];
    expect(await evaluate(...flags)).toMatchObject({ code: 0 });
    expect(await evaluate(...flags, '--resume')).toMatchObject({ code: 0 });
    rmSync(at('O'), { recursive: true });
    expect(await evaluate(...flags)).toMatchObject({ code: 0 });
    writeFileSync(at('mine.csv'), 'a,b\n');
    writeFileSync(at('P', `${SCENES[0]}.png`), 'mine');
    rmSync(at('O'), { recursive: true });
    expect(await evaluate(...flags, '--overwrite')).toMatchObject({ code: 0 });
    // Merging and comparing.
    writeFileSync(at('compare.md'), '# mine\n');
    writeFileSync(at('result.csv'), 'a,b\n');
    expect(await rfclip('compare', 'O', '--out', '.')).toMatchObject(refused(/compare\.md would be replaced/));
    expect(await rfclip('merge', 'O', '--out', '.')).toMatchObject(refused(/result\.csv would be replaced/));
    expect(await rfclip('compare', 'O', '--out', '.', '--overwrite')).toMatchObject({ code: 0 });
    expect(await rfclip('merge', 'O', '--out', '.', '--overwrite')).toMatchObject({ code: 0 });
    for (const command of ['compare', 'merge'])
      expect(await rfclip(command, 'O', '--out', '.')).toMatchObject({ code: 0 });
  });
});

describe('rfclip convert', () => {
  const png = (name: string, width: number) => {
    mkdirSync(join(at(name), '..'), { recursive: true });
    const picture = new PNG({ width, height: 2, colorType: 0, inputColorType: 0, inputHasAlpha: false, bitDepth: 8 });
    picture.data = Buffer.alloc(width * 2, 1);
    writeFileSync(at(name), PNG.sync.write(picture, { colorType: 0, inputColorType: 0, inputHasAlpha: false }));
  };
  const convert = (...args: string[]) => rfclip('convert', 'coco-stuff', 'in', '-o', 'in', ...args);
  beforeEach(() => png('in/a.png', 3));

  test('label maps of somebody are kept, and not written again unless told to', async () => {
    png('in/a_labelTrainIds.png', 3);
    const before = contents();
    expect(await convert()).toMatchObject({ code: 0, stdout: expect.stringContaining('1 already there') });
    expect(await convert('--force')).toMatchObject(refused(/in\/a_labelTrainIds\.png would be replaced/));
    expect(contents()).toEqual(before);
    expect(await convert('--force', '--overwrite')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 written'),
    });
    expect(await convert('--force')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 written') });
  });

  test('one of another size, or that is no label map, stays, and the others are converted', async () => {
    png('in/b.png', 3);
    png('in/a_labelTrainIds.png', 4);
    expect(await convert()).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('1 written, 0 already there, 1 failed'),
      stderr: expect.stringContaining('in/a_labelTrainIds.png would be replaced, but rfclip did not make it'),
    });
  });

  test('a target that is a link to its source', async () => {
    symlinkSync(at('in/a.png'), at('in/a_labelTrainIds.png'));
    const before = readFileSync(at('in/a.png'));
    expect(await convert('--force')).toMatchObject(refused(/.*is an input of this run/));
    expect(readFileSync(at('in/a.png'))).toEqual(before);
  });

  test('a split file of PASCAL Context that names other images', async () => {
    const image = { image_id: 1, file_name: 'a.jpg', width: 1, height: 1, phase: 'val' };
    writeFileSync(at('all.json'), JSON.stringify({ images: [image], annos_segmentation: [] }));
    const list = 'V/ImageSets/SegmentationContext/val.txt';
    mkdirSync(join(at(list), '..'), { recursive: true });
    writeFileSync(at(list), '2008_000001\n');
    const command = ['convert', 'pascal-context', 'all.json', '-o', 'V'];
    expect(await rfclip(...command)).toMatchObject(refused(/V\/ImageSets\/SegmentationContext\/val\.txt would be/));
    expect(existsSync(at('V/SegmentationClassContext'))).toBe(false);
    expect(await rfclip(...command, '--overwrite')).toMatchObject({ code: 0 });
    expect(await rfclip(...command)).toMatchObject({ code: 0 });
  });
});

describe('rfclip weights convert', () => {
  const convert = (...args: string[]) => rfclip('weights', 'convert', ...args, '--dtype', 'f16');

  test('neither its input nor a file of somebody is replaced, its own are', async () => {
    copyFileSync(embedded, at('in.safetensors'));
    linkSync(at('in.safetensors'), at('hard.safetensors'));
    writeFileSync(at('notes.txt'), 'mine');
    const before = contents();
    for (const out of ['in.safetensors', './in.safetensors', 'hard.safetensors'])
      expect(await convert('in.safetensors', out)).toMatchObject(refused(/.*is an input of this run/));
    expect(await convert('in.safetensors', 'notes.txt')).toMatchObject(refused(/notes\.txt would be replaced/));
    expect(contents()).toEqual(before);
    for (let times = 0; times < 2; times++)
      expect(await convert('in.safetensors', 'out.safetensors')).toMatchObject({ code: 0 });
    expect(await convert('in.safetensors', 'in.safetensors', '--overwrite')).toMatchObject({ code: 0 });
  });
});

test('in the library, save refuses before it writes, and takes { overwrite: true }', async () => {
  const result = new SegmentationResult({
    name: at('photo.jpg'),
    image: { width: 1, height: 1, data: new Uint8Array(3) },
    classes: parseClassList('cat', 'classes'),
    kept: {
      width: 1,
      height: 1,
      labels: Uint16Array.of(0),
      confidence: Float32Array.of(1),
      probabilities: undefined,
      shares: [],
    },
    notices: [],
    method: 'clip',
    checkpoint: 'a checkpoint',
    adapter: 'an adapter',
    precision: 'f32' as const,
    milliseconds: { decode: 1, network: 1 },
    peakBufferBytes: 1,
  });
  writeFileSync(at('photo.json'), ANNOTATION);
  await expect(result.save(at('photo'))).rejects.toMatchObject({
    code: 'RFCLIP-OVERWRITE',
    message: `${at('photo.json')} would be replaced, but rfclip did not make it`,
    fix: expect.stringContaining('{ overwrite: true }'),
  });
  expect(readdirSync(folder)).toEqual(['photo.json']);
  await result.save(at('photo'), { overwrite: true });
  await result.save(at('photo'));
});
