import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../clip/image/decodeImage.ts';
import { ImageError } from '../../../clip/image/imageError.ts';
import { decodeLabelMap } from '../../../clip/image/decodeLabelMap.ts';
import { randomIntegers } from '../../support/random.ts';
import { fixtureBytes } from './fixtures.ts';
import { pngChunk } from './pngBuilder.ts';

const WIDTH = 13;
const HEIGHT = 9;
const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const END = pngChunk('IEND', new Uint8Array());
const NOTHING = new Uint8Array();

/** A chunk whose checksum is wrong. */
function wrong(type: string, content: Uint8Array = NOTHING): Buffer {
  const chunk = pngChunk(type, content);
  chunk[chunk.length - 1] ^= 1;
  return chunk;
}

function header(colourType: number): Buffer {
  const content = Buffer.alloc(13);
  content.writeUInt32BE(WIDTH, 0);
  content.writeUInt32BE(HEIGHT, 4);
  content.set([8, colourType, 0, 0, 0], 8);
  return pngChunk('IHDR', content);
}

/** Unfiltered lines of random samples below a limit. */
function linesOf(channels: number, limit = 256): Uint8Array {
  const lines = Buffer.alloc(HEIGHT * (1 + WIDTH * channels));
  const samples = randomIntegers(3, lines.length, limit);
  for (let i = 0; i < lines.length; i++) lines[i] = i % (1 + WIDTH * channels) === 0 ? 0 : samples[i];
  return lines;
}

const LINES = linesOf(3);
const DATA = deflateSync(LINES);
const GREY_DATA = deflateSync(linesOf(1));
const PALETTE = Uint8Array.from(randomIntegers(9, 48, 256));
const PALETTE_DATA = deflateSync(linesOf(1, 16));
/** Of a big-endian TIFF block whose only entry is orientation 6. */
const EXIF = Buffer.from(`MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06${'\0'.repeat(6)}`, 'latin1');

const join = (...chunks: Uint8Array[]) => Buffer.concat([SIGNATURE, ...chunks]);
const rgb = (...chunks: Uint8Array[]) => join(header(2), ...chunks);
const grey = (...chunks: Uint8Array[]) => join(header(0), ...chunks);
const idat = (content: Uint8Array) => pngChunk('IDAT', content);
const text = pngChunk('tEXt', Buffer.from('a\0b'));
const more = (bytes: Uint8Array) => Buffer.concat([LINES, bytes]);
const cleanRgb = rgb(idat(DATA), END);
const cleanGrey = grey(idat(GREY_DATA), END);
const cleanPalette = join(header(3), pngChunk('PLTE', PALETTE), idat(PALETTE_DATA), END);

const BEHIND = 'data behind its last pixel, which was left out';
const PALETTE_UNUSED = 'a palette that it does not need';
const NO_END = 'no end chunk, but all of its pixels';
const NO_CHECKSUM = 'no checksum of its pixels';
const wrongIn = (type: string) => `a wrong checksum in its ${type} chunk, which was ignored`;

describe('faults that libpng reads over give the pixels of the clean file, and a notice', () => {
  it.each<[string, Buffer, string | undefined]>([
    ['more pixels', rgb(idat(deflateSync(more(LINES.subarray(0, 100)))), END), BEHIND],
    ['one byte more', rgb(idat(deflateSync(more(Uint8Array.of(7)))), END), BEHIND],
    ['two megabytes more', rgb(idat(deflateSync(more(new Uint8Array(2 << 20)))), END), BEHIND],
    [
      'two megabytes more and no end',
      rgb(idat(deflateSync(more(new Uint8Array(2 << 20))).subarray(0, -9)), END),
      BEHIND,
    ],
    [
      'more pixels and a wrong checksum',
      rgb(idat(Buffer.concat([deflateSync(more(LINES)).subarray(0, -1), Buffer.of(1)])), END),
      NO_CHECKSUM,
    ],
    ['bytes behind the compressed data', rgb(idat(Buffer.concat([DATA, Buffer.from('junk')])), END), BEHIND],
    ['another data chunk', rgb(idat(DATA), idat(Buffer.from('junk')), END), BEHIND],
    ['empty data chunks', rgb(idat(NOTHING), idat(DATA), idat(NOTHING), END), undefined],
    ['a data chunk behind a text', rgb(idat(DATA), text, idat(Buffer.from('junk')), END), 'a data chunk apart'],
    ['a text with a wrong checksum', rgb(wrong('tEXt', Buffer.from('a\0b')), idat(DATA), END), wrongIn('tEXt')],
    ['the same behind the data', rgb(idat(DATA), wrong('tEXt', Buffer.from('a\0b')), END), wrongIn('tEXt')],
    ['an orientation with a wrong checksum', rgb(wrong('eXIf', EXIF), idat(DATA), END), wrongIn('eXIf')],
    ['an end with a wrong checksum', rgb(idat(DATA), wrong('IEND')), wrongIn('IEND')],
    ['an end with content', rgb(idat(DATA), pngChunk('IEND', Buffer.from('abc'))), 'something in its end chunk'],
    ['no end', rgb(idat(DATA)), NO_END],
    ['half an end', cleanRgb.subarray(0, -5), NO_END],
    ['a cut text', rgb(idat(DATA), pngChunk('tEXt', Buffer.alloc(40)).subarray(0, 20)), NO_END],
    ['a cut checksum', rgb(idat(DATA)).subarray(0, -2), NO_END],
    ['no checksum of the pixels', rgb(idat(DATA.subarray(0, -4)), END), NO_CHECKSUM],
    ['half a checksum of the pixels', rgb(idat(DATA.subarray(0, -2)), END), NO_CHECKSUM],
    ['something behind the end', Buffer.concat([cleanRgb, Buffer.from('junk')]), undefined],
    ['a palette that may help viewers', rgb(pngChunk('PLTE', PALETTE), idat(DATA), END), undefined],
    ['such a palette of odd length', rgb(pngChunk('PLTE', PALETTE.subarray(1)), idat(DATA), END), PALETTE_UNUSED],
    ['an empty one', rgb(pngChunk('PLTE', NOTHING), idat(DATA), END), PALETTE_UNUSED],
    ['one that is too long', rgb(pngChunk('PLTE', new Uint8Array(900)), idat(DATA), END), PALETTE_UNUSED],
    ['one with a wrong checksum', rgb(wrong('PLTE', PALETTE), idat(DATA), END), PALETTE_UNUSED],
    ['one behind the data', rgb(idat(DATA), pngChunk('PLTE', PALETTE), END), PALETTE_UNUSED],
  ])('%s', (_, file, fault) => {
    const picture = decodeImage(file, 'a.png');
    expect(picture.data).toEqual(decodeImage(cleanRgb, 'clean').data);
    expect([picture.width, picture.height]).toEqual([WIDTH, HEIGHT]);
    if (fault === undefined) expect(picture.notices).toEqual([]);
    else expect(picture.notices.join()).toContain(`a.png has ${fault}`);
  });

  it.each<[string, Buffer, Buffer, string]>([
    ['grey with a palette', grey(pngChunk('PLTE', PALETTE), idat(GREY_DATA), END), cleanGrey, PALETTE_UNUSED],
    ['grey with a wrong palette', grey(wrong('PLTE', PALETTE), idat(GREY_DATA), END), cleanGrey, PALETTE_UNUSED],
    ['grey, more pixels', grey(idat(deflateSync(Buffer.concat([linesOf(1), LINES]))), END), cleanGrey, BEHIND],
    ['a palette picture without end', cleanPalette.subarray(0, -12), cleanPalette, NO_END],
  ])('of label maps too: %s', (_, file, clean, fault) => {
    const map = decodeLabelMap(file, 'a.png');
    expect(map.data).toEqual(decodeLabelMap(clean, 'clean').data);
    expect(map.notices).toEqual([`a.png has ${fault}`]);
    expect(decodeImage(file, 'a.png').data).toEqual(decodeImage(clean, 'clean').data);
  });
});

describe('what leaves a pixel in doubt is refused', () => {
  it.each<[string, Buffer, string]>([
    ['a missing byte', rgb(idat(deflateSync(LINES.subarray(0, -1))), END), 'its data ends after 359'],
    ['a wrong checksum of the pixels', rgb(idat(Buffer.concat([DATA.subarray(0, -1), Buffer.of(1)])), END), 'check'],
    [
      'a wrong checksum of the data',
      rgb(wrong('IDAT', DATA), END),
      'the checksum of its IDAT chunk at byte 33 is wrong',
    ],
    [
      'data that a text cuts in two',
      rgb(idat(DATA.subarray(0, 60)), text, idat(DATA.subarray(60)), END),
      'its data chunks do not follow one another',
    ],
    ['data that is cut', rgb(idat(DATA)).subarray(0, -6), 'is a truncated PNG picture'],
    ['a chunk longer than files can be', rgb(Buffer.from([0x80, 0, 0, 1]), Buffer.from('tEXt')), 'truncated'],
    ['an unknown critical chunk', rgb(pngChunk('ABCD', NOTHING), idat(DATA), END), 'unknown critical chunk ABCD'],
    ['one behind the data', rgb(idat(DATA), pngChunk('ABCD', NOTHING), END), 'unknown critical chunk ABCD'],
    ['two headers', rgb(header(2), idat(DATA), END), 'it must have one header chunk'],
    ['a header behind the data', rgb(idat(DATA), header(2), END), 'it must have one header chunk'],
    ['a text before the header', join(text, header(2), idat(DATA), END), 'it must have one header chunk'],
    ['no data', rgb(END), 'it has no data chunk'],
    ['no palette', join(header(3), idat(PALETTE_DATA), END), 'no palette'],
    ['a palette of odd length', join(header(3), pngChunk('PLTE', PALETTE.subarray(1)), idat(PALETTE_DATA)), '47 bytes'],
    ['a broken palette', join(header(3), wrong('PLTE', PALETTE), idat(PALETTE_DATA), END), 'its PLTE chunk'],
    ['a palette too late', join(header(3), idat(PALETTE_DATA), pngChunk('PLTE', PALETTE), END), 'no palette'],
  ])('%s', (_, file, message) => {
    expect(() => decodeImage(file, 'a.png')).toThrow(ImageError);
    expect(() => decodeImage(file, 'a.png')).toThrow(message);
  });
});

it("Apple's CgBI variant is named, with a way out", () => {
  const file = join(pngChunk('CgBI', Buffer.of(0x50, 0, 0x20, 2)), header(2), idat(DATA), END);
  expect(() => decodeImage(file, 'a.png')).toThrow("a.png is a PNG picture in Apple's CgBI variant");
  expect(() => decodeLabelMap(file, 'a.png')).toThrow(
    expect.objectContaining({ fix: expect.stringContaining('pngcrush') }),
  );
});

describe('JPEG codings that are not read are named', () => {
  /** The fixture with another frame marker. */
  function withFrame(file: string, marker: number): Buffer {
    const bytes = Buffer.from(fixtureBytes(file));
    for (let at = 2; ; at += 2 + bytes.readUInt16BE(at + 2)) {
      if (bytes[at + 1] !== 0xc0 && bytes[at + 1] !== 0xc2) continue;
      bytes[at + 1] = marker;
      return bytes;
    }
  }

  it.each([
    ['sequential', 0xc9, 'is a JPEG picture with arithmetic coding, which is not supported'],
    ['progressive', 0xca, 'is a JPEG picture with arithmetic coding, which is not supported'],
    ['lossless', 0xc3, 'is a lossless or hierarchical JPEG picture, which is not supported'],
    ['lossless and arithmetic', 0xcb, 'is a lossless or hierarchical JPEG picture, which is not supported'],
    ['hierarchical', 0xc5, 'is a lossless or hierarchical JPEG picture, which is not supported'],
  ])('%s', (_, marker, message) => {
    for (const file of ['jpeg_420.jpg', 'jpeg_progressive_420.jpg'])
      expect(() => decodeImage(withFrame(file, marker), 'a.jpg')).toThrow(`a.jpg ${message}`);
  });
});
