import { latin1Bytes } from '../../system/bytes.ts';
import { crc32 } from '../../system/platform.ts';
import type { ByteSource } from './byteSource.ts';
import { exifOrientation } from './exifOrientation.ts';
import { ImageError } from './imageError.ts';
import type { ImageLimits } from './limits.ts';
import { damagedPng, PNG_GREY, PNG_GREY_ALPHA, PNG_PALETTE, type PngHeader, readPngHeader } from './pngHeader.ts';

const SIGNATURE_BYTES = 8;
/** Data is handed on in pieces of this many bytes, so that a file need not fit into memory. */
const PIECE_BYTES = 1 << 18;
/** Longer Exif blocks than this hold thumbnails of no interest. */
const MOST_EXIF_BYTES = 1 << 20;
const PALETTE_BYTES = 3 * 256;

interface Chunk {
  type: string;
  /** Of its length field, of its content and of its checksum. */
  at: number;
  start: number;
  end: number;
}

/**
 * A PNG file taken apart and checked while it is read. What libpng reads over is read over here, with a notice: damaged
 * or misplaced chunks that no pixel depends on, data behind the picture's own, a missing end. Everything that leaves a
 * pixel in doubt is an error. Ancillary chunks are dropped except eXIf: OpenCV ignores gamma and colour profiles, and
 * drops transparency. Source: `pngread.c`, `pngrutil.c` of libpng 1.6.39.
 */
export class PngFile {
  readonly header: PngHeader;
  /** RGB triples of the palette, always 256: an index beyond the stored ones is black. Only in palette pictures. */
  palette: Uint8Array | undefined;
  /** Sentences that continue "NAME has ..."; complete once `data` has ended. */
  readonly faults: string[] = [];
  /** Whether the file ends before its end chunk; known once `data` has ended. */
  isTruncated = false;
  /** Whether data chunks lie apart, which leaves later ones out; known once `data` has ended. */
  hasDataApart = false;
  readonly #source: ByteSource;
  readonly #name: string;
  readonly #firstData: Chunk;
  #exif: Uint8Array | undefined;

  /**
   * Reads all chunks before the data.
   * @throws ImageError for a file that ends there, has no header first, a wrong checksum in a chunk that matters, an
   *   unknown critical chunk, no data, no palette where one is needed, or too many pixels
   */
  constructor(source: ByteSource, name: string, limits: ImageLimits) {
    this.#source = source;
    this.#name = name;
    const first = this.#chunkAt(SIGNATURE_BYTES);
    if (first?.type === 'CgBI') {
      throw new ImageError(name, "is a PNG picture in Apple's CgBI variant for iPhones, which is not supported", {
        fix: 'turn it back into a PNG first, for example with pngcrush -revert-iphone-optimizations IN.png OUT.png',
      });
    }
    if (first !== undefined && first.type !== 'IHDR') throw this.#misplacedHeader();
    const head = this.#checked(first);
    this.header = readPngHeader(this.#content(head), name, limits);
    let chunk = this.#next(head);
    while (chunk?.type !== 'IDAT') {
      const { type } = this.#checked(chunk);
      if (type === 'IHDR') throw this.#misplacedHeader();
      if (type === 'IEND') throw damagedPng(name, 'it has no data chunk');
      chunk = this.#next(chunk!);
    }
    this.#firstData = chunk;
    if (this.header.colourType === PNG_PALETTE && this.palette === undefined)
      throw damagedPng(name, 'it has palette indices but no palette');
  }

  /**
   * The compressed data, piece by piece, and behind it a look at the rest of the file. A piece is good until the next.
   * @throws ImageError for a wrong checksum or an unknown critical chunk
   */
  *data(): Generator<Uint8Array, void, undefined> {
    let chunk: Chunk | undefined = this.#firstData;
    for (; chunk?.type === 'IDAT'; chunk = this.#next(chunk)) {
      yield* this.#pieces(chunk);
      if (this.isTruncated) return;
    }
    for (; chunk !== undefined; chunk = this.#next(chunk)) {
      const isRight = this.#isRight(chunk);
      if (isRight === undefined) break;
      if (chunk.type === 'IHDR') throw this.#misplacedHeader();
      this.#take(chunk, isRight, true);
      if (chunk.type === 'IDAT') this.hasDataApart = true;
      if (chunk.type === 'IEND') return;
    }
    this.isTruncated = true;
  }

  /** Exif orientation 1..8; may stand behind the data. */
  get orientation(): number {
    return this.#exif === undefined ? 1 : exifOrientation(this.#exif);
  }

  *#pieces(chunk: Chunk): Generator<Uint8Array, void, undefined> {
    let crc = crc32(latin1Bytes(chunk.type));
    for (let at = chunk.start; at < chunk.end; at += PIECE_BYTES) {
      const piece = this.#source.read(at, Math.min(PIECE_BYTES, chunk.end - at));
      crc = crc32(piece, crc);
      yield piece;
    }
    const stored = this.#storedCrc(chunk);
    if (stored === undefined) this.isTruncated = true;
    else if (stored !== crc) throw this.#wrongChecksum(chunk);
  }

  /** A chunk before the data, checked and taken to heart. */
  #checked(chunk: Chunk | undefined): Chunk {
    const isRight = chunk === undefined ? undefined : this.#isRight(chunk);
    if (chunk === undefined || isRight === undefined) throw truncatedPng(this.#name, this.#source.size);
    this.#take(chunk, isRight, false);
    return chunk;
  }

  #take(chunk: Chunk, isRight: boolean, afterData: boolean): void {
    const { type } = chunk;
    const isAncillary = (type.charCodeAt(0) & 0x20) !== 0;
    if (isAncillary || type === 'IEND') {
      if (!isRight) this.faults.push(`a wrong checksum in its ${printable(type)} chunk, which was ignored`);
      else if (type === 'IEND' && chunk.end > chunk.start) this.faults.push('something in its end chunk');
      else if (type === 'eXIf' && chunk.end - chunk.start <= MOST_EXIF_BYTES)
        this.#exif ??= Uint8Array.from(this.#content(chunk));
    } else if (type === 'PLTE') this.#readPalette(chunk, isRight, afterData);
    else if (!isRight) throw this.#wrongChecksum(chunk);
    else if (type !== 'IHDR' && type !== 'IDAT')
      throw damagedPng(this.#name, `it has an unknown critical chunk ${printable(type)}`);
  }

  #readPalette(chunk: Chunk, isRight: boolean, afterData: boolean): void {
    const length = chunk.end - chunk.start;
    const isSound = length > 0 && length % 3 === 0 && length <= PALETTE_BYTES;
    if (this.header.colourType !== PNG_PALETTE) {
      const isOfNoUse = this.header.colourType === PNG_GREY || this.header.colourType === PNG_GREY_ALPHA;
      if (!isRight || !isSound || afterData || isOfNoUse) this.faults.push('a palette that it does not need');
      return;
    }
    if (!isRight) throw this.#wrongChecksum(chunk);
    if (afterData) throw damagedPng(this.#name, 'its palette comes after its data');
    if (!isSound)
      throw damagedPng(this.#name, `its palette has ${length} bytes, expected 3 to ${PALETTE_BYTES} in steps of 3`);
    this.palette = new Uint8Array(PALETTE_BYTES);
    this.palette.set(this.#content(chunk));
  }

  #chunkAt(at: number): Chunk | undefined {
    const head = this.#source.read(at, 8);
    if (head.length < 8) return undefined;
    const length = new DataView(head.buffer, head.byteOffset, 8).getUint32(0);
    const type = String.fromCharCode(...head.subarray(4));
    return { type, at, start: at + 8, end: at + 8 + length };
  }

  #next(chunk: Chunk): Chunk | undefined {
    return this.#chunkAt(chunk.end + 4);
  }

  #content(chunk: Chunk): Uint8Array {
    return this.#source.read(chunk.start, chunk.end - chunk.start);
  }

  /** Whether a chunk has the checksum that it should have; undefined where the file ends before it does. */
  #isRight(chunk: Chunk): boolean | undefined {
    const stored = this.#storedCrc(chunk);
    if (stored === undefined) return undefined;
    let crc = crc32(latin1Bytes(chunk.type));
    for (let at = chunk.start; at < chunk.end; at += PIECE_BYTES)
      crc = crc32(this.#source.read(at, Math.min(PIECE_BYTES, chunk.end - at)), crc);
    return crc === stored;
  }

  #storedCrc({ end }: Chunk): number | undefined {
    const bytes = this.#source.read(end, 4);
    return bytes.length < 4 ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  #wrongChecksum({ type, at }: Chunk): ImageError {
    return damagedPng(this.#name, `the checksum of its ${printable(type)} chunk at byte ${at} is wrong`);
  }

  #misplacedHeader(): ImageError {
    return damagedPng(this.#name, 'it must have one header chunk, at its beginning');
  }
}

/** The error of a file that ends too early. */
export function truncatedPng(name: string, size: number): ImageError {
  return new ImageError(name, `is a truncated PNG picture: it ends after ${size} bytes without an end chunk`, {
    fix: 'copy or download the file again',
  });
}

function printable(type: string): string {
  return /^[A-Za-z]{4}$/.test(type) ? type : JSON.stringify(type);
}
