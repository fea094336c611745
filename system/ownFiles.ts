import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMarkedPng } from './pngMark.ts';

/**
 * How files are told that rfclip wrote: each carries what nobody else writes, so that nothing has to be remembered
 * beside it, and a file stays known when it is copied, renamed or restored. A record of names would go on calling a
 * file ours that somebody put in its place. `test/system/ownFiles.test.ts` holds this list to what is written.
 */
const TEXTS: readonly RegExp[] = [
  // result.csv, confusion.csv, compare.csv and all.csv: their first lines.
  /^label,class,words,iou,accuracy,intersection,union,labelled,predicted\r?\n/,
  /^"?label \\ prediction"?,/,
  /^dataSet,run,method,mIoU,mAcc,aAcc,images(?:,againstBaseline)?\r?\n/,
  // result.md, methods.md, compare.md and all.md.
  /^# [^]*\n## Run\n\n- checkpoint \(sha256\): [0-9a-f]{64}\n/,
  // ablation.csv
  /^configuration,mIoU,mAcc,aAcc,sameAsFirst,millisecondsPerImage\r?\n/,
  /^# .*\n\n\| method \| mIoU \| mAcc \| aAcc \| images \| images\/s \|\n/,
  /^\| data set \|[^]*\nmIoU in percent\. Published figures are of CLIP ViT-B\/16\.\n/,
  // report.html
  /<footer>Written by rfclip /,
  // journal.ndjson
  /^\{"sum":"[0-9a-f]{16}","entry":\{/,
];

/** Files beyond this are no text of ours. */
const LARGEST_TEXT = 1 << 28;
/** Seconds by which copying may make a picture younger than the report that was written after it. */
const COPYING = 10;

/**
 * Whether rfclip wrote a file and nobody has changed it into something else since. What cannot be read is not ours.
 * Pictures of versions that left no mark are told by the report beside them, if they are not younger than it.
 */
export function isOwnFile(path: string): boolean {
  try {
    switch (firstByte(path)) {
      case 0x89:
        return isMarkedPng(path) || isReported(path);
      case 0x7b:
        return isOwnText(path) || isOwnDocument(readDocument(path));
      case undefined:
        return false;
      default:
        return isOwnText(path) || isOwnSafetensors(path);
    }
  } catch {
    return false;
  }
}

function firstByte(path: string): number | undefined {
  return readStart(path, 1)[0];
}

function readStart(path: string, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, 0));
  } finally {
    closeSync(file);
  }
}

function isOwnText(path: string): boolean {
  if (statSync(path).size > LARGEST_TEXT || readStart(path, 8).includes(0)) return false;
  const text = readFileSync(path, 'utf8');
  return TEXTS.some((pattern) => pattern.test(text));
}

type Fields = Record<string, unknown>;

function readDocument(path: string): unknown {
  return statSync(path).size > LARGEST_TEXT ? undefined : JSON.parse(readFileSync(path, 'utf8'));
}

/** Reports of single images, of methods beside each other, results, manifests and locks of runs. */
function isOwnDocument(document: unknown): boolean {
  if (!isObject(document)) return false;
  const has = (...names: string[]) => names.every((name) => Object.hasOwn(document, name));
  return (
    isReport(document) ||
    isMethodsReport(document) ||
    /^rfclip-(result|sources|ablation)-\d+$/.test(String(document.format)) ||
    (has('format', 'version', 'configuration', 'classes', 'model', 'images', 'shard') && isObject(document.model)) ||
    (has('process', 'host') && Object.keys(document).length <= 4)
  );
}

function isReport(document: Fields): boolean {
  const { width, height, peakBufferBytes, milliseconds, classes, checkpoint, adapter, method } = document;
  return (
    [width, height, peakBufferBytes].every((value) => typeof value === 'number') &&
    [checkpoint, adapter, method].every((value) => typeof value === 'string') &&
    isObject(milliseconds) &&
    'network' in milliseconds &&
    Array.isArray(classes)
  );
}

function isMethodsReport(document: Fields): boolean {
  const { image, methods } = document;
  return (
    typeof image === 'string' &&
    isObject(methods) &&
    Object.keys(document).length === 2 &&
    Object.values(methods).every((one) => isObject(one) && 'milliseconds' in one && Array.isArray(one.classes))
  );
}

/** Whether a report of ours beside a picture is of it. */
function isReported(path: string): boolean {
  const name = basename(path);
  const stems = [/^(.*)\.(?:label|overlay)\.png$/, /^(.*)\.[\w-]+\.label\.png$/, /^(.*)\.methods\.png$/].map(
    (pattern) => pattern.exec(name)?.[1],
  );
  const reports = [stems[0] && `${stems[0]}.json`, stems[1] && `${stems[1]}.methods.json`];
  if (stems[2] !== undefined) reports.push(`${stems[2]}.methods.json`);
  return reports.some((report) => report !== undefined && isReportOf(join(dirname(path), report), path));
}

function isReportOf(report: string, picture: string): boolean {
  try {
    const document = readDocument(report);
    if (!isObject(document) || !(isReport(document) || isMethodsReport(document))) return false;
    if (statSync(picture).mtimeMs > statSync(report).mtimeMs + COPYING * 1000) return false;
    // A contact sheet has a size of its own, and so has an overlay with its legend.
    if (!picture.endsWith('.label.png') || document.width === undefined) return true;
    const header = readStart(picture, 24);
    return header.readUInt32BE(16) === document.width && header.readUInt32BE(20) === document.height;
  } catch {
    return false;
  }
}

/** Of `rfclip weights convert`, which notes what the weights were converted from. */
function isOwnSafetensors(path: string): boolean {
  const length = readStart(path, 8).readBigUInt64LE(0);
  if (length > 1n << 27n) return false;
  const header: unknown = JSON.parse(readStart(path, 8 + Number(length)).toString('utf8', 8));
  const metadata = isObject(header) ? header.__metadata__ : undefined;
  return isObject(metadata) && /^[0-9a-f]{64}$/.test(String(metadata.source_sha256));
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
