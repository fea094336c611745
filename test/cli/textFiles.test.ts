import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noiseJpeg, noiseLabels, writeUnder } from '../datasets/miniatures.ts';
import { runCli } from '../support/runCli.ts';
import { QUICK } from '../support/sampleRuns.ts';

const scene = fileURLToPath(new URL('../../examples/scenes/scene_0033.jpg', import.meta.url));
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-text-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

/** A folder in VOC layout whose files are written as Windows, cameras and other tools do. */
function makeVocFolder(name: string, classes: string | Uint8Array): string {
  const voc = join(folder, name);
  writeUnder(voc, 'classes.txt', classes);
  writeUnder(
    voc,
    'ImageSets/Segmentation/val.txt',
    utf16('im_1\r\n/JPEGImages/im_2.jpg /SegmentationClass/im_2.png\r\n'),
  );
  for (const [seed, image] of ['im_1.JPG', 'im_2.jpeg'].entries()) {
    writeUnder(voc, `JPEGImages/${image}`, noiseJpeg(seed));
    writeUnder(voc, `SegmentationClass/${image.slice(0, 4)}.PNG`, noiseLabels(seed, 3));
  }
  return voc;
}

describe('class files of every kind', () => {
  it.each([
    ['UTF-16 with a mark', utf16('cat\ndog, puppy\ngrass\n'), []],
    ['UTF-16 without one, Windows line ends', Buffer.from('cat\r\ndog, puppy\r\ngrass\r\n', 'utf16le'), []],
    ['UTF-8 with a mark', '\uFEFFcat\ndog\ngrass\n', []],
    ['commas without a space', 'cat,kitten\ndog ,puppy\ngrass; lawn\n', []],
    [
      'a word in two classes',
      'window blind, screen\nscreen, projection screen\nwall\n',
      [/line 2 has "screen", which already stands for the class "window blind"; the first class wins/],
    ],
  ])('%s', async (kind, text, notes) => {
    const name = kind.replace(/\W/g, '');
    const file = join(folder, `${name}.txt`);
    writeFileSync(file, text);
    const out = join(folder, name);
    const segmented = await runCli(['segment', scene, '--classes-file', file, '--out', join(out, 'segment'), ...QUICK]);
    expect(segmented).toMatchObject({ code: 0 });
    const data = makeVocFolder(`${name}-voc`, text);
    const evaluated = await runCli(['eval', 'folder', '--data', data, '--out', join(out, 'eval'), ...QUICK]);
    expect(evaluated).toMatchObject({ code: 0 });
    expect(evaluated.stdout).toContain(': 2 of 2 images');
    for (const note of notes) {
      expect(segmented.stderr).toMatch(note);
      expect(evaluated.stderr).toMatch(note);
    }
  });
});

describe('what is no list', () => {
  it.each([
    [
      'Latin-1',
      Buffer.from('cat\nf\u00E4hre\n', 'latin1'),
      /line 2 has the byte 0xe4, number 6 of the file; save it as/,
    ],
    ['a tab', 'cat\tkitten\ndog\n', /line 1 has a tab in "cat\\tkitten", expected words; .* as in "cat, kitten"/],
    ['numbers', '0: cat\n1: dog\n', /has a number before every class, expected names only/],
  ])('%s is refused by every command, with a sentence', async (kind, text, message) => {
    const file = join(folder, `bad ${kind}.txt`);
    writeFileSync(file, text);
    const data = makeVocFolder(`bad ${kind}`, text);
    const out = join(folder, 'never');
    for (const command of [
      ['segment', scene, '--classes-file', file, '--out', out],
      ['eval', 'folder', '--data', data, '--out', out],
      ['data', 'check', 'folder', '--data', data],
      ['ablate', '--data', data],
    ]) {
      const { code, stderr } = await runCli(command);
      expect(stderr).toMatch(message);
      expect(code).not.toBe(0);
    }
  });
});
