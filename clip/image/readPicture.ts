import { applyOrientation } from './applyOrientation.ts';
import { bytesSource, type ByteSource } from './byteSource.ts';
import { decodeStored } from './decodeImage.ts';
import { pngNotices } from './decodePng.ts';
import { PngFile } from './pngFile.ts';
import { lineRgb } from './pngLines.ts';
import { MOST_HELD_PIXELS, type Picture, pictureInMemory, type PictureNeeds } from './picture.ts';
import { isPng, visitPngLines } from './pngRows.ts';
import { withImageFile } from './readImage.ts';
import { RowReducer } from './rowReducer.ts';
import { RowResizer } from './rowResizer.ts';
import { type RowSink, type StoredSize, uprightSize } from './rowSink.ts';
import type { RgbImage, StoredImage } from './types.ts';

/** Longest side of the picture that is shown of one that is not held, in pixels. */
const SHOWN_SIDE = 2048;

/**
 * Reads a picture and resizes it as `resizeBilinear` does, bit for bit. One of more than 100 megapixels is never held
 * as a whole, and a PNG of that size not even its file: it is decoded row by row. (Other formats are decoded at once.)
 *
 * @param input a path, or a file's bytes, which may be changed as soon as this has returned its promise
 * @throws ImageError as `readImage`
 */
export async function readPicture(input: string | Uint8Array, name: string, needs: PictureNeeds): Promise<Picture> {
  if (typeof input !== 'string') {
    if (largePng(bytesSource(input), name, needs) === undefined) return decodePicture(input, name, needs);
    return readByRows(bytesSource(Uint8Array.from(input)), name, needs);
  }
  return withImageFile(input, async (file) => {
    const large = largePng(file.source, name, needs) !== undefined;
    return large ? readByRows(file.source, name, needs) : decodePicture(await file.readAll(), name, needs);
  });
}

/** The picture to look at: itself, or a smaller one where it is too large to be held. @throws as `readPicture` */
export async function readShownPicture(
  path: string,
  limits: Pick<PictureNeeds, 'maxMegapixels' | 'ignoreExif'>,
): Promise<RgbImage> {
  const { shown } = await readPicture(path, path, {
    ...limits,
    shown: true,
    resizeTo: () => ({ width: 1, height: 1 }),
  });
  return shown!;
}

/** The beginning of a PNG file whose picture is too large to be held; undefined for any other file. */
function largePng(source: ByteSource, name: string, needs: PictureNeeds): PngFile | undefined {
  if (!isPng(source)) return undefined;
  const file = new PngFile(source, name, needs);
  return isTooLarge(file.header, needs) ? file : undefined;
}

function decodePicture(bytes: Uint8Array, name: string, needs: PictureNeeds): Picture {
  const { orientation: asked, notices, ...stored } = decodeStored(bytes, name, needs);
  const orientation = needs.ignoreExif === true ? 1 : asked;
  if (isTooLarge(stored, needs)) return reducePicture({ ...stored, orientation, notices }, needs);
  return pictureInMemory(applyOrientation(stored, orientation), notices, needs);
}

function isTooLarge({ width, height }: { width: number; height: number }, needs: PictureNeeds): boolean {
  return width * height > (needs.mostHeldPixels ?? MOST_HELD_PIXELS);
}

async function readByRows(source: ByteSource, name: string, needs: PictureNeeds): Promise<Picture> {
  const file = new PngFile(source, name, needs);
  const { header, palette } = file;
  // The orientation may stand behind the pixels; then all of them are read once more, which next to no file asks for.
  const asked = () => (needs.ignoreExif === true ? 1 : file.orientation);
  for (let orientation = asked(); ; orientation = asked()) {
    const sinks = openSinks({ ...header, orientation }, needs);
    const row = new Uint8Array(3 * header.width);
    await visitPngLines(file, source, name, (bytes, at, columns, x, y, stepX) => {
      if (!sinks.all.some((sink) => sink.needs(y))) return;
      lineRgb(bytes, at, columns, header, palette, row, 0, 1);
      for (const sink of sinks.all) sink.add(row, 0, columns, x, y, stepX);
    });
    if (orientation === asked()) return sinks.finish(pngNotices(file, name));
  }
}

function reducePicture({ data, notices, ...stored }: StoredImage, needs: PictureNeeds): Picture {
  const { width, height } = stored;
  const sinks = openSinks(stored, needs);
  for (const sink of sinks.all)
    for (let y = 0; y < height; y++) if (sink.needs(y)) sink.add(data, 3 * y * width, width, 0, y, 1);
  return sinks.finish(notices);
}

function openSinks(
  stored: StoredSize,
  { resizeTo, shown }: PictureNeeds,
): { all: RowSink[]; finish: (notices: string[]) => Picture } {
  const size = uprightSize(stored);
  const resizer = new RowResizer(stored, resizeTo(size.width, size.height));
  const reducer = shown ? new RowReducer(stored, SHOWN_SIDE) : undefined;
  return {
    all: reducer === undefined ? [resizer] : [resizer, reducer],
    finish: (notices) => ({ ...size, resized: resizer.finish(), shown: reducer?.finish(), notices }),
  };
}
