import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../clip/image/decodeImage.ts';
import { ImageError } from '../../../clip/image/imageError.ts';
import { decodeLabelMap } from '../../../clip/image/decodeLabelMap.ts';

const FOLDER = new URL('../../fixtures/pictures/', import.meta.url);

interface Recorded {
  height: number;
  width: number;
  sha256: string;
}

const bytesOf = (file: string) => new Uint8Array(readFileSync(fileURLToPath(new URL(file, FOLDER))));
const recorded = Object.entries(
  JSON.parse(readFileSync(fileURLToPath(new URL('expected.json', FOLDER)), 'utf8')) as Record<string, Recorded>,
);
const FILES = recorded.map(([file]) => file);

/** The message of the ImageError that decoding must end in. */
function refusal(bytes: Uint8Array, maxMegapixels?: number): string {
  try {
    decodeImage(bytes, 'a', { maxMegapixels });
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
    return (error as ImageError).message;
  }
  throw new Error('expected a refusal');
}

describe('WebP, BMP and GIF have the pixels of OpenCV', () => {
  it.each(recorded)('%s', (file, { height, width, sha256 }) => {
    const picture = decodeImage(bytesOf(file), file);
    expect([picture.height, picture.width, picture.notices]).toEqual([height, width, []]);
    expect(createHash('sha256').update(picture.data).digest('hex')).toBe(sha256);
  });

  it('red, green and blue may lie anywhere in a BMP pixel', () => {
    const file = Buffer.from(bytesOf('m565.bmp'));
    const [plain, swapped] = [decodeImage(file, 'a'), Buffer.from(file)];
    swapped.writeUInt32LE(0x1f, 54);
    swapped.writeUInt32LE(0xf800, 62);
    const turned = Uint8Array.from(plain.data, (_, i) => plain.data[i - (i % 3) + 2 - (i % 3)]);
    expect(decodeImage(swapped, 'a').data).toEqual(turned);
  });

  it('but label maps are PNG', () => {
    for (const file of FILES) expect(() => decodeLabelMap(bytesOf(file), 'a')).toThrow('expected a PNG label map');
  });
});

describe('they are refused', () => {
  it.each(FILES)('%s wherever it is cut', (file) => {
    const bytes = bytesOf(file);
    const whole = decodeImage(bytes, file);
    for (let length = 0; length < bytes.length; length += length < 60 ? 1 : 7) {
      try {
        // What fills up the last bytes is no loss; of run-length coding nobody knows how much there should be.
        const cut = decodeImage(bytes.subarray(0, length), file);
        const isOpenEnded = file.startsWith('rle');
        const isBehindFirst = file === 'animated.gif' && length > bytes.length / 2;
        expect(isOpenEnded || isBehindFirst || length >= bytes.length - 3, `${length}`).toBe(true);
        if (!isOpenEnded) expect(cut.data).toEqual(whole.data);
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
      }
    }
  });

  it('where they claim too many pixels, before anything is allocated', () => {
    const lossy = Buffer.from(bytesOf('lossy.webp'));
    lossy.writeUInt16LE(16383, lossy.indexOf(Buffer.of(0x9d, 0x01, 0x2a)) + 3);
    lossy.writeUInt16LE(16383, lossy.indexOf(Buffer.of(0x9d, 0x01, 0x2a)) + 5);
    expect(refusal(lossy)).toBe('a has 16383 x 16383 pixels, more than the limit of 150 megapixels');
    const canvas = Buffer.from(bytesOf('animated.webp'));
    canvas.writeUIntLE(0xffffff, 24, 3);
    canvas.writeUIntLE(0xffffff, 27, 3);
    expect(refusal(canvas)).toContain('more than the limit');
    const bmp = Buffer.from(bytesOf('rgb24.bmp'));
    bmp.writeInt32LE(30_000, 18);
    bmp.writeInt32LE(-30_000, 22);
    expect(refusal(bmp)).toContain('has 30000 x 30000 pixels');
    bmp.writeInt32LE(10_000, 18);
    expect(refusal(bmp, 300)).toContain(
      'is a BMP picture that ends after 414 bytes, before all of its 10000 x 30000 pixels',
    );
    bmp.writeInt32LE(-5, 18);
    expect(refusal(bmp)).toContain('both sides must be at least 1');
    const gif = Buffer.from(bytesOf('plain.gif'));
    gif.writeUInt16LE(60_000, 6);
    gif.writeUInt16LE(60_000, 8);
    expect(refusal(gif)).toContain('has 60000 x 60000 pixels');
  });

  it('where a frame does not lie on its canvas, and where there is none', () => {
    const gif = Buffer.from(bytesOf('small_frame.gif'));
    const frame = gif.indexOf(Buffer.of(0x2c, 3, 0, 2, 0));
    gif.writeUInt16LE(9, frame + 1);
    expect(refusal(gif)).toContain('its first picture does not fit into 12 x 9 pixels');
    expect(refusal(Buffer.concat([gif.subarray(0, frame), Buffer.of(0x3b)]))).toContain('it has no picture');
    const webp = Buffer.from(bytesOf('animated.webp'));
    webp.writeUIntLE(9, webp.indexOf('ANMF') + 8, 3);
    expect(refusal(webp)).toContain('do not fit into 21 x 14');
    const flat = Buffer.from(bytesOf('animated.webp'));
    flat.writeUInt16LE(0, flat.indexOf(Buffer.of(0x9d, 0x01, 0x2a)) + 3);
    expect(refusal(flat)).toContain('both sides must be at least 1');
    const empty = Buffer.from(`RIFF\x04\0\0\0WEBP`, 'latin1');
    expect(refusal(empty)).toContain('it has no picture in it');
  });

  it('where a BMP is coded as nobody reads it', () => {
    const bmp = Buffer.from(bytesOf('rgb24.bmp'));
    bmp.writeUInt32LE(4, 30);
    expect(refusal(bmp)).toBe('a is a BMP picture of 24 bits with compression 4, which is not supported');
    bmp.writeUInt32LE(64, 14);
    bmp.writeUInt32LE(16, 14);
    expect(refusal(bmp)).toContain('with a header of 16 bytes');
  });
});

describe('what cannot be read is named, with a way out where there is one', () => {
  it.each([
    ['an AVIF picture', '\0\0\0\x1cftypavif....'],
    ['a HEIC picture', '\0\0\0\x18ftypheic....'],
    ['a TIFF picture', 'II*\0\x08\0\0\0'],
    ['a TIFF picture', 'MM\0*\0\0\0\x08'],
    ['a BigTIFF picture', 'II+\0\x08\0\0\0'],
    ['a JPEG 2000 picture', '\0\0\0\x0cjP  \r\n\x87\n'],
    ['a JPEG XL picture', '\xff\x0a....'],
    ['a Photoshop picture', '8BPS\0\x01'],
    ['an OpenEXR picture', 'v/1\x01'],
    ['a PNM picture', 'P6\n4 4\n255\n'],
    ['a DICOM picture', `${'\0'.repeat(128)}DICM`],
  ])('%s', (name, content) => {
    const bytes = Buffer.from(content, 'latin1');
    expect(refusal(bytes)).toBe(`a is ${name}; expected a PNG, JPEG, WebP, BMP or GIF picture`);
    expect(() => decodeImage(bytes, 'a')).toThrow(expect.objectContaining({ fix: expect.stringContaining('magick') }));
  });

  it.each([
    ['a PNG picture that was copied as text, which changed its bytes', '\x89PNG\n\x1a\n\0\0'],
    ['a web page', '<!doctype html>'],
    ['a video or other ISO media file', '\0\0\0\x18ftypisom'],
    ['a NumPy array', '\x93NUMPY\x01\0'],
  ])('%s', (name, content) => {
    const bytes = Buffer.from(content, 'latin1');
    expect(refusal(bytes)).toContain(`a is ${name}`);
    expect(() => decodeImage(bytes, 'a')).toThrow(expect.objectContaining({ fix: undefined }));
  });
});
