import { dirname } from 'node:path';
import { RfclipError } from '../engine/errors.ts';
import { encodeLabelPngByRows } from '../pictures/writePng.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import { checkOutputs } from '../system/outputGate.ts';
import { describe } from './describe.ts';
import { type SavedFiles, savedFiles } from './savedFiles.ts';

/** What is saved of a result. */
export interface SavedParts {
  /** The image's name, which no file may replace. */
  image: string;
  labelPng: () => Uint8Array;
  /** Labels whose PNG is made block by block, with the colours of the classes. */
  largeLabels: { labels: Uint8Array | Uint16Array; width: number; height: number; palette: Uint8Array } | undefined;
  overlayPng: () => Uint8Array;
  /** The JSON, once the pictures are written. */
  report: (files: SavedFiles) => object;
}

/** What `SegmentationResult.save` does. @throws as it */
export async function saveResult(
  stem: string,
  options: { overwrite?: boolean },
  { image, labelPng, largeLabels: large, overlayPng, report }: SavedParts,
): Promise<SavedFiles> {
  checkStem(stem);
  const files = savedFiles(stem);
  checkOutputs({ ...options, files: Object.values(files), inputs: [image] });
  makeOutputFolder(dirname(stem));
  const label =
    large === undefined ? labelPng() : encodeLabelPngByRows(large.labels, large.width, large.height, large.palette);
  await atomicWrite(files.label, await label);
  await atomicWrite(files.overlay, overlayPng());
  await atomicWrite(files.report, `${JSON.stringify(report(files), null, 2)}\n`);
  return files;
}

/** @throws RfclipError (`RFCLIP-OUTPUT`) for what is no text, is empty, or ends with a folder */
function checkStem(stem: string): void {
  if (typeof stem === 'string' && !/(^|[/\\])\.{0,2}$/.test(stem)) return;
  const given = typeof stem === 'string' ? JSON.stringify(stem) : describe(stem);
  throw new RfclipError(
    `save was given ${given}, expected a path that ends with the name of the files, without their end, such as ` +
      `"out/photo"`,
    { code: 'RFCLIP-OUTPUT', where: 'stem' },
  );
}
