import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { MAXIMUM_FILE_BYTES } from '../clip/image/readImage.ts';
import { counted } from '../system/counted.ts';
import { isFolder } from '../system/fileKinds.ts';
import { isOwnFile } from '../system/ownFiles.ts';
import { RequestError } from '../system/requestError.ts';
import { isPattern, matchFiles } from './glob.ts';

/** The argument that stands for standard input. */
export const STANDARD_INPUT = '-';

/** Pictures of any kind: one that cannot be decoded should be named, and not be passed over. */
const PICTURE = /\.(png|jpe?g|webp|avif|gif|tiff?|bmp)$/i;
const MASK = /\.mask\.png$/i;

/**
 * The files that arguments mean: files, folders (their pictures, but no masks beside pictures and no results of
 * rfclip), patterns where the shell left them alone, and file:// URLs. What is not there stays as it is, so that it is
 * named when it is read.
 *
 * @param options.note is told what was left out of a folder
 * @param options.standardInput whether `-` may be among them; it stays as it is
 * @throws RequestError for the address of something that would have to be fetched, a file:// URL that names no file,
 *   and standard input where it cannot be read
 */
export function expandImages(
  args: readonly string[],
  options: { note: (line: string) => void; standardInput?: boolean },
): string[] {
  const { note, standardInput = false } = options;
  if (args.includes(STANDARD_INPUT)) checkStandardInput(args, standardInput);
  return args.flatMap((arg) => {
    if (arg === STANDARD_INPUT) return [arg];
    const path = existsSync(arg) ? arg : pathOf(arg);
    if (isFolder(path)) return picturesIn(path, note);
    if (existsSync(path) || !isPattern(path)) return [path];
    const matching = matchFiles(path);
    if (matching.length === 0) note(`note: no file matches ${path}`);
    return matching.length === 0 ? [path] : matching;
  });
}

/**
 * Reads standard input to its end.
 * @throws RequestError if it has more bytes than any picture
 */
export async function readStandardInput(): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > MAXIMUM_FILE_BYTES)
      throw new RequestError(
        `standard input has more than ${MAXIMUM_FILE_BYTES} bytes, the limit for a picture`,
        STANDARD_INPUT,
      );
  }
  return Buffer.concat(chunks);
}

function checkStandardInput(args: readonly string[], allowed: boolean): void {
  if (!allowed)
    throw new RequestError(
      '- stands for standard input, which is read by segment with one method only',
      STANDARD_INPUT,
    );
  if (args.filter((arg) => arg === STANDARD_INPUT).length > 1)
    throw new RequestError('- was given twice, but standard input can be read once', STANDARD_INPUT);
  if (isatty(0))
    throw new RequestError(
      '- reads a picture from standard input, which is a terminal',
      STANDARD_INPUT,
      'as in: rfclip segment - --classes "cat, dog" < photo.jpg',
    );
}

function pathOf(arg: string): string {
  const scheme = /^([a-z][a-z\d+.-]+):(\/\/|(?=.*,))/i.exec(arg)?.[1].toLowerCase();
  if (scheme === undefined) return arg;
  if (scheme !== 'file')
    throw new RequestError(
      `${arg.length > 100 ? `${arg.slice(0, 97)}...` : arg} is an address, and rfclip does not fetch pictures; ` +
        `expected files`,
      arg,
      'download it first, or pipe it: curl ADDRESS | rfclip segment - ...',
    );
  try {
    return fileURLToPath(arg);
  } catch (error) {
    throw new RequestError(`${arg} names no file of this machine: ${(error as Error).message}`, arg);
  }
}

function picturesIn(folder: string, note: (line: string) => void): string[] {
  const names = readdirSync(folder).filter((name) => PICTURE.test(name) && !name.startsWith('.'));
  const stems = new Set(names.filter((name) => !MASK.test(name)).map((name) => name.replace(PICTURE, '')));
  const pictures: string[] = [];
  let [masks, own] = [0, 0];
  for (const name of names.sort()) {
    const path = join(folder, name);
    if (MASK.test(name) && stems.has(name.replace(MASK, ''))) masks++;
    else if (isOwnFile(path)) own++;
    else if (!isFolder(path)) pictures.push(path);
  }
  if (masks + own > 0)
    note(
      `note: of ${folder}, ${counted(masks, 'mask')} beside pictures and ${counted(own, 'result')} of rfclip are ` +
        `left out`,
    );
  if (pictures.length > 0) return pictures;
  note(`note: ${folder} holds no picture; folders in it are not looked into, but a pattern such as '**/*.jpg' does`);
  return [folder];
}
