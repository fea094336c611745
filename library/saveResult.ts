import { dirname } from 'node:path';
import { RfclipError } from '../engine/errors.ts';
import { encodeLabelPngByRows } from '../pictures/writePng.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import { checkOutputs } from '../system/outputGate.ts';
import { checkOptions } from './checkOptions.ts';
import { describe } from './describe.ts';
import { pathOfFileUrl } from './fileUrl.ts';
import { maskFiles, type SavedFiles, savedFiles } from './savedFiles.ts';

/** What is saved of a result. */
export interface SavedParts {
  /** The image's name, which no file may replace. */
  image: string;
  labelPng: () => Uint8Array;
  /** Labels whose PNG is made block by block, with the colours of the classes. */
  largeLabels: { labels: Uint8Array | Uint16Array; width: number; height: number; palette: Uint8Array } | undefined;
  overlayPng: () => Uint8Array;
  /** By label. */
  classNames: readonly string[];
  maskPng: (className: string) => Uint8Array;
  /** The JSON, once the pictures are written. */
  report: (files: SavedFiles) => object;
}

/** How a result is saved. */
export interface SaveOptions {
  /** Also replace files that rfclip did not make. */
  overwrite?: boolean;
  /** Also write a mask for each class. */
  masks?: boolean;
}

/** What `SegmentationResult.save` does. @throws as it */
export async function saveResult(
  given: string | { readonly href: string },
  options: SaveOptions,
  { image, labelPng, largeLabels: large, overlayPng, classNames, maskPng, report }: SavedParts,
): Promise<SavedFiles> {
  const stem = stemOf(given);
  checkOptions(options, { overwrite: 'boolean', masks: 'boolean' }, 'save');
  const { overwrite } = options;
  const three = savedFiles(stem);
  const masks = options.masks === true ? maskFiles(stem, classNames) : [];
  const files = options.masks === true ? { ...three, masks } : three;
  checkOutputs({ overwrite, files: [three.label, three.overlay, three.report, ...masks], inputs: [image] });
  makeOutputFolder(dirname(stem));
  const label =
    large === undefined ? labelPng() : encodeLabelPngByRows(large.labels, large.width, large.height, large.palette);
  await atomicWrite(files.label, await label);
  await atomicWrite(files.overlay, overlayPng());
  for (const [label, path] of masks.entries()) await atomicWrite(path, maskPng(classNames[label]));
  await atomicWrite(files.report, `${JSON.stringify(report(files), null, 2)}\n`);
  return files;
}

/**
 * The path without an end that a text or a `file:` URL is.
 * @throws RfclipError (`RFCLIP-OUTPUT`) for what is neither, is empty, or ends with a folder
 */
function stemOf(given: string | { readonly href: string }): string {
  const stem = typeof given === 'string' ? given : pathOfFileUrl(given);
  if (stem !== undefined && !/(^|[/\\])\.{0,2}$/.test(stem)) return stem;
  throw new RfclipError(
    `save was given ${stem === undefined ? describe(given) : JSON.stringify(stem)}, expected a path that ends with ` +
      `the name of the files, without their end, such as "out/photo"`,
    { code: 'RFCLIP-OUTPUT', where: 'stem' },
  );
}
