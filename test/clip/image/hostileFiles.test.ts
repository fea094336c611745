import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../../clip/image/decodeImage.ts';
import { ImageError } from '../../../clip/image/imageError.ts';
import { readImage } from '../../../clip/image/readImage.ts';
import { decodeLabelMap } from '../../../clip/image/decodeLabelMap.ts';
import { readLabelMap } from '../../../clip/image/readLabelMap.ts';
import { fixtureBytes, fixturePath, PICTURE_FILES } from './fixtures.ts';
import { buildPng } from './pngBuilder.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The message of the ImageError that decoding must end in. */
function refusal(bytes: Uint8Array, decode: (bytes: Uint8Array, name: string) => unknown = decodeImage): string {
  try {
    decode(bytes, 'file.x');
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
    const { message, code, where } = error as ImageError;
    expect(message.startsWith('file.x ')).toBe(true);
    expect(message).not.toContain('\n');
    expect([code, where]).toEqual(['RFCLIP-IMAGE', 'file.x']);
    return message;
  }
  throw new Error('expected a refusal');
}

describe('files that are no pictures', () => {
  it.each([
    ['empty (0 bytes)', ''],
    ['a GIF picture', 'GIF89a......'],
    ['a WebP picture', 'RIFF....WEBPVP8 '],
    ['a BMP picture', 'BM..........'],
    ['a HEIC picture', '\0\0\0\x18ftypheic...'],
    ['an AVIF picture', '\0\0\0\x18ftypavif...'],
    ['a TIFF picture', 'II*\0........'],
    ['a PDF document', '%PDF-1.7'],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1'],
    ['begins with the bytes 68 65 6c 6c 6f', 'hello'],
  ])('names %s', (expected, content) => {
    const bytes = Buffer.from(content, 'latin1');
    expect(refusal(bytes)).toContain(expected);
    expect(refusal(bytes, decodeLabelMap)).toContain('expected a PNG label map');
  });

  it('goes by the content, not by the name', async () => {
    const path = join(folder, 'really-a-jpeg.png');
    writeFileSync(path, fixtureBytes('jpeg_444.jpg'));
    expect((await readImage(path)).width).toBe(64);
  });
});

describe('PNG files that lie', () => {
  const honest = { width: 20, height: 10, depth: 8, colourType: 2 };
  const lines = (bytes: number) => new Uint8Array(bytes);

  it('more or less data than the header announces', () => {
    expect(refusal(buildPng({ ...honest, scanLines: lines(609) }))).toContain('its data ends after 609');
    expect(refusal(buildPng({ ...honest, interlaced: true, scanLines: lines(10) }))).toContain('ends after 10');
    expect(() => decodeImage(buildPng({ ...honest, scanLines: lines(610) }), 'a')).not.toThrow();
    const notice = ['a has data behind its last pixel, which was left out'];
    expect(decodeImage(buildPng({ ...honest, scanLines: lines(611) }), 'a').notices).toEqual(notice);
    const before = process.memoryUsage.rss();
    const bomb = buildPng({ ...honest, interlaced: true, scanLines: lines(300_000_000) });
    expect(decodeImage(bomb, 'a').notices).toEqual(notice);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400e6);
  });

  it('huge or zero sizes, before allocating', () => {
    const before = process.memoryUsage.rss();
    expect(refusal(buildPng({ ...honest, width: 60_000, height: 60_000, scanLines: lines(10) }))).toContain(
      'limit of 150 megapixels',
    );
    expect(refusal(buildPng({ ...honest, width: 0xffffffff, height: 0xffffffff, scanLines: lines(10) }))).toContain(
      'limit',
    );
    expect(refusal(buildPng({ ...honest, width: 10_000, height: 10_000, scanLines: lines(100) }))).toContain(
      'cannot hold',
    );
    expect(refusal(buildPng({ ...honest, width: 0, scanLines: lines(10) }))).toContain('at least 1');
    expect(refusal(buildPng({ ...honest, height: 0, scanLines: lines(10) }))).toContain('at least 1');
    expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
  });

  it('impossible formats, filters and structures', () => {
    expect(refusal(buildPng({ ...honest, depth: 3 }))).toContain('does not exist');
    expect(refusal(buildPng({ ...honest, colourType: 5, scanLines: lines(10) }))).toContain('does not exist');
    expect(refusal(buildPng({ ...honest, colourType: 3, sample: () => 0 }))).toContain('no palette');
    expect(refusal(buildPng({ ...honest, scanLines: lines(610).fill(9) }))).toContain('ilter type');
    const file = buildPng(honest);
    const flipped = Buffer.from(file);
    flipped[45] ^= 1;
    expect(refusal(flipped)).toContain('checksum');
    expect(refusal(Buffer.concat([file.subarray(0, 8), file.subarray(33)]))).toContain('header chunk');
  });

  it('label maps must have one channel', () => {
    expect(refusal(fixtureBytes('png_rgb.png'), decodeLabelMap)).toContain('colour or alpha');
    expect(refusal(fixtureBytes('png_gray_alpha.png'), decodeLabelMap)).toContain('colour or alpha');
    expect(refusal(fixtureBytes('jpeg_gray.jpg'), decodeLabelMap)).toContain(
      'is a JPEG picture; expected a PNG label map',
    );
  });
});

/** The checksum of the last data chunk and the end chunk. */
const PNG_END_BYTES = 16;

describe('truncation', () => {
  it.each(PICTURE_FILES)('%s is refused wherever it is cut', (file) => {
    const bytes = fixtureBytes(file);
    for (let length = 0; length < bytes.length; length += length < 40 ? 1 : 13) {
      const isMerelyUnterminated = length >= bytes.length - (file.endsWith('.jpg') ? 2 : PNG_END_BYTES);
      if (!isMerelyUnterminated) refusal(bytes.subarray(0, length));
    }
  });

  it.each(PICTURE_FILES.filter((file) => file.endsWith('.png')))('%s is read in full without its end chunk', (file) => {
    const bytes = fixtureBytes(file);
    for (const missing of [1, 4, 12, PNG_END_BYTES]) {
      const picture = decodeImage(bytes.subarray(0, bytes.length - missing), file);
      expect(picture.data).toEqual(decodeImage(bytes, file).data);
      expect(picture.notices).toEqual([`${file} has no end chunk, but all of its pixels`]);
    }
  });

  it.each(PICTURE_FILES.filter((file) => file.endsWith('.jpg')))(
    '%s is read in full without its end marker',
    (file) => {
      const bytes = fixtureBytes(file);
      expect(decodeImage(bytes.subarray(0, bytes.length - 2), file)).toEqual(decodeImage(bytes, file));
    },
  );
});

describe('JPEG files that lie', () => {
  /** The fixture with another size in its frame header. */
  function withSize(file: string, width: number, height: number): Buffer {
    const bytes = Buffer.from(fixtureBytes(file));
    for (let at = 2; at < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
      if (bytes[at + 1] !== 0xc0 && bytes[at + 1] !== 0xc2) continue;
      bytes.writeUInt16BE(height, at + 5);
      bytes.writeUInt16BE(width, at + 7);
      return bytes;
    }
    throw new Error('no frame header');
  }

  it('huge or zero sizes, before allocating', () => {
    expect(refusal(withSize('jpeg_420.jpg', 65_000, 65_000))).toContain('limit of 150 megapixels');
    expect(refusal(withSize('jpeg_420.jpg', 10_000, 10_000))).toContain('has only 1895');
    expect(refusal(withSize('jpeg_progressive_420.jpg', 10_000, 10_000))).toContain('has only');
    expect(refusal(withSize('jpeg_420.jpg', 0, 64))).toContain('at least 1');
    expect(refusal(withSize('jpeg_420.jpg', 64, 0))).toContain('at least 1');
  });

  it('thousands of scans', () => {
    const bytes = Buffer.from(fixtureBytes('jpeg_progressive_420.jpg'));
    const scan = bytes.indexOf(Buffer.of(0xff, 0xda));
    const scanHeader = bytes.subarray(scan, scan + 2 + bytes.readUInt16BE(scan + 2));
    const bomb = Buffer.concat([
      bytes.subarray(0, scan),
      ...Array<Buffer>(5000).fill(scanHeader),
      bytes.subarray(scan),
    ]);
    expect(refusal(bomb)).toContain('more than 100 scans');
  });

  it('patches damage inside a finished file, with a notice', () => {
    const bytes = fixtureBytes('jpeg_420.jpg');
    const middle = Math.floor(bytes.length * 0.7);
    const picture = decodeImage(Buffer.concat([bytes.subarray(0, middle), Buffer.of(0xff, 0xd9)]), 'photo.jpg');
    expect([picture.width, picture.height]).toEqual([80, 64]);
    expect(picture.notices).toEqual(['photo.jpg has damaged JPEG data; the damaged part was filled in as OpenCV does']);
  });

  it('decodes well right after a failure', () => {
    const good = decodeImage(fixtureBytes('jpeg_420.jpg'), 'a');
    const bytes = Buffer.from(fixtureBytes('jpeg_420.jpg'));
    bytes.fill(0xff, bytes.indexOf(Buffer.of(0xff, 0xc4)) + 4, bytes.indexOf(Buffer.of(0xff, 0xc4)) + 20);
    expect(refusal(bytes)).toContain('damaged or unsupported');
    expect(decodeImage(fixtureBytes('jpeg_420.jpg'), 'a')).toEqual(good);
  });
});

describe('paths', () => {
  const problem = async (path: string) => {
    const error = await readImage(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ImageError);
    await expect(readLabelMap(path)).rejects.toBeInstanceOf(ImageError);
    return (error as ImageError).message;
  };

  it('missing, folder, below a file', async () => {
    const missing = join(folder, 'missing.png');
    expect(await problem(missing)).toBe(`${missing} does not exist, expected a picture file`);
    expect(await problem(folder)).toBe(`${folder} is a folder, expected a picture file`);
    expect(await problem(join(fixturePath('png_rgb.png'), 'x'))).toContain('does not exist');
  });

  it.skipIf(process.platform === 'win32')('a device or a pipe nobody writes to', async () => {
    expect(await problem('/dev/null')).toContain('not a regular file');
    mkdirSync(join(folder, 'pipes'));
    const pipe = join(folder, 'pipes', 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await problem(pipe)).toContain('not a regular file');
  });
});

describe('fuzzing', () => {
  const mutation = fc.record({
    file: fc.constantFrom(...PICTURE_FILES),
    edits: fc.array(fc.tuple(fc.nat({ max: 4000 }), fc.nat({ max: 255 })), { maxLength: 6 }),
    cut: fc.option(fc.nat({ max: 4000 }), { freq: 3 }),
    repairChecksums: fc.boolean(),
  });

  it('a mutated file gives an image or an ImageError', () => {
    fc.assert(
      fc.property(mutation, ({ file, edits, cut, repairChecksums }) => {
        const original = fixtureBytes(file);
        const bytes = Buffer.from(original.subarray(0, cut === null ? undefined : cut % original.length));
        for (const [at, value] of edits) if (bytes.length > 0) bytes[at % bytes.length] = value;
        const input = repairChecksums && file.endsWith('.png') ? withRightChecksums(bytes) : bytes;
        for (const decode of [decodeImage, decodeLabelMap]) {
          try {
            const picture = decode(input, file);
            expect(picture.data.length % (picture.width * picture.height)).toBe(0);
          } catch (error) {
            if (!(error instanceof ImageError)) throw error;
          }
        }
      }),
      { numRuns: 800 },
    );
  });
});

/** Otherwise almost every edit of a PNG would end at the checksum and nothing behind it be tried. */
function withRightChecksums(file: Buffer): Buffer {
  for (let at = 8; at + 12 <= file.length;) {
    const end = at + 12 + file.readUInt32BE(at);
    if (end > file.length) break;
    file.writeUInt32BE(crc32(file.subarray(at + 4, end - 4)), end - 4);
    at = end;
  }
  return file;
}
