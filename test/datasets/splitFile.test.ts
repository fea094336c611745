import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pictureFinder } from '../../datasets/pictureFinder.ts';
import { readSplitFile } from '../../datasets/splitFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-split-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'val.txt');

const known = new Set(['2007_000033', 'im_1', 'my photo', 'city/frame_1', 'odd.jpg', 'b,c']);
const context = { isImage: (id: string) => known.has(id), imageFolder: 'JPEGImages', suffixes: ['_left.png'] };

function read(text: string | Uint8Array): string[] {
  writeFileSync(path, text);
  return readSplitFile(path, context);
}

describe('a line of a split file', () => {
  it.each([
    ['an id', '2007_000033', '2007_000033'],
    ['an id with spaces around', '  im_1\t', 'im_1'],
    ['an id with a space in it', 'my photo', 'my photo'],
    ['an id that ends like a file', 'odd.jpg', 'odd.jpg'],
    ['an id with a comma', 'b,c', 'b,c'],
    ['a file', '2007_000033.jpg', '2007_000033'],
    ['a file whose suffix is in capitals', 'im_1.JPG', 'im_1'],
    ['a file with a space in its name', 'my photo.png', 'my photo'],
    ['a path', 'JPEGImages/im_1.jpg', 'im_1'],
    ['a path from the root of the data set', '/JPEGImages/im_1.jpg', 'im_1'],
    ['a path here', './JPEGImages/im_1.jpg', 'im_1'],
    ['a path on a machine', '/home/me/VOC2012/JPEGImages/im_1.jpg', 'im_1'],
    ['a path on Windows', 'C:\\VOC2012\\JPEGImages\\im_1.jpg', 'im_1'],
    ['a path below the image folder', 'leftImg8bit/val/city/frame_1_left.png', 'city/frame_1'],
    ['quotation marks', '"my photo.jpg"', 'my photo'],
    ['two columns', '/JPEGImages/im_1.jpg /SegmentationClassAug/im_1.png', 'im_1'],
    ['two columns with a tab', 'JPEGImages/im_1.jpg\tSegmentationClass/im_1.png', 'im_1'],
    ['two columns with a comma', 'im_1.jpg,im_1.png', 'im_1'],
    ['two columns with a semicolon', 'im_1.jpg; im_1.png', 'im_1'],
    ['two ids', 'im_1 im_1', 'im_1'],
    ['an image that is not there', 'JPEGImages/gone.jpg', 'gone'],
    ['an image in a folder that is not there', '/JPEGImages/sub/gone.jpeg', 'sub/gone'],
    ['an id with a space that is not there', 'gone photo', 'gone photo'],
    ['two columns of an image that is not there', '/JPEGImages/gone.jpg /SegmentationClass/gone.png', 'gone'],
  ])('%s: %j', (_, line, id) => {
    expect(read(`${line}\r\n`)).toEqual([id]);
  });

  it.each([
    ['2007_000033 -1', /line 2: "2007_000033 -1" has a flag, as VOC's lists of a class below ImageSets\/Main/],
    ['2007_000033  1', /has a flag/],
    ['im_1.jpg 2007_000033.png', /names the label map 2007_000033\.png for the image im_1; expected im_1\.png/],
    ['im_1.jpg im_1.png 0', /has 3 columns; expected an image id, or the paths of an image and its label map/],
    ['a,b,c,d', /has 4 columns/],
    ['/etc/passwd', /"\/etc\/passwd" is no image id/],
    ['..\\..\\x', /is no image id/],
    ['a//b', /is no image id/],
  ])('%j is refused with its line', (line, message) => {
    expect(() => read(`im_1\n${line}\n`)).toThrow(message);
  });

  it('names no image twice, however it is written', () => {
    expect(() => read('im_1\n/JPEGImages/im_1.jpg\n')).toThrow(/names im_1 twice, in lines 1 and 2/);
  });
});

describe('a split file', () => {
  const text = '2007_000033\r\nim_1.JPG\r\n';

  it.each([
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 the other way', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ])('is read in %s', (_, bytes) => {
    expect(read(bytes)).toEqual(['2007_000033', 'im_1']);
  });

  it('in another encoding is refused with line and byte', () => {
    expect(() => read(Buffer.from('im_1\nf\u00E4hre\n', 'latin1'))).toThrow(
      /the split file .*val\.txt is no text in UTF-8 or UTF-16: line 2 has the byte 0xe4, number 7 of the file/,
    );
  });
});

describe('pictureFinder', () => {
  const images = join(folder, 'images');
  mkdirSync(join(images, 'sub'), { recursive: true });
  for (const name of ['a.JPG', 'b.jpeg', 'b.png', 'c.Png', 'sub/d.JPEG', 'e.jpg', 'e.JPG', 'f.WebP', 'g_LEFT.PNG'])
    writeFileSync(join(images, name), '');
  const find = pictureFinder(images, ['.jpg', '.jpeg', '.png', '.webp']);

  it('finds suffixes in any case, earlier ones and exact ones first', () => {
    const names = ['a', 'b', 'c', 'sub/d', 'e', 'f'].map((id) => find(id));
    expect(names).toEqual(
      ['a.JPG', 'b.jpeg', 'c.Png', 'sub/d.JPEG', 'e.jpg', 'f.WebP'].map((one) => join(images, one)),
    );
    expect(pictureFinder(images, ['_left.png'])('g')).toBe(join(images, 'g_LEFT.PNG'));
  });

  it('but not ids in another case, and nothing where nothing is', () => {
    expect(['A', 'a.', 'z', 'sub/a', 'none/a'].map((id) => find(id))).toEqual(Array(5).fill(undefined));
  });
});
