import { dirname } from 'node:path';
import { ImageError } from '../../clip/image/imageError.ts';
import { readPngLines } from '../../clip/image/decodePng.ts';
import { readImageFile } from '../../clip/image/readImage.ts';
import { decodeLabelMap } from '../../clip/image/decodeLabelMap.ts';
import type { LabelMap } from '../../clip/image/types.ts';
import { renameLabels } from './renameLabels.ts';
import { drawContextLabels } from './pascalContext.ts';
import { isFile } from '../../system/fileKinds.ts';
import { answerTasks } from '../threadAnswer.ts';
import { RfclipError } from '../../engine/errors.ts';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { checkOutputs } from '../../system/outputGate.ts';
import { OutputError } from '../../system/outputError.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { encodeGreyPng } from '../../pictures/encodePng.ts';
import type { ConversionOutcome, ConversionTask, WorkerTask } from './task.ts';

answerTasks(runTask);

/**
 * Converts, or checks, one label map. A file that fails is an outcome, so that the others go on. An existing target is
 * kept if it is an undamaged PNG of the source's size: since files appear under their names only when they are
 * complete, that is one of an earlier run.
 */
async function runTask({ task, mode, overwrite }: WorkerTask): Promise<ConversionOutcome> {
  try {
    if (mode === 'check') return await check(task);
    const size = task.kind === 'context' ? task.image : undefined;
    if (mode === 'convert' && isFile(task.target) && (await isComplete(task, size))) return { status: 'kept' };
    if (mode === 'convert') checkOutputs({ files: [task.target], inputs: [task.source], overwrite });
    const { labels, width, height, unknown } = await convert(task);
    makeOutputFolder(dirname(task.target));
    // Grey, as the usual scripts write them; a palette would be read as colours by OpenCV.
    await atomicWrite(task.target, encodeGreyPng(labels, width, height));
    return { status: 'written', unknown };
  } catch (error) {
    if (!(error instanceof RfclipError)) throw error;
    return {
      status: 'failed',
      message: error.message,
      fatal: error instanceof OutputError || error.code === 'RFCLIP-OUTPUT',
    };
  }
}

interface Converted {
  labels: Uint8Array;
  width: number;
  height: number;
  unknown: number[];
}

async function convert(task: ConversionTask): Promise<Converted> {
  if (task.kind === 'context')
    return {
      labels: drawContextLabels(task.image, task.source),
      width: task.image.width,
      height: task.image.height,
      unknown: [],
    };
  const map = decodeLabelMap(await readImageFile(task.source), task.source);
  return { ...renameLabels(map, task.conversion, task.source), width: map.width, height: map.height };
}

/** Whether the target is an undamaged PNG of the right size. A damaged source is the caller's error. */
async function isComplete(
  task: ConversionTask,
  known: { width: number; height: number } | undefined,
): Promise<boolean> {
  const size = known ?? readPngLines(await readImageFile(task.source), task.source).header;
  try {
    const { header, notices } = readPngLines(await readImageFile(task.target), task.target);
    return notices.length === 0 && header.width === size.width && header.height === size.height;
  } catch (error) {
    if (error instanceof ImageError) return false;
    throw error;
  }
}

async function check(task: ConversionTask): Promise<ConversionOutcome> {
  if (!isFile(task.target)) return { status: 'wrong', message: `${task.target} does not exist` };
  const expected = await convert(task);
  let found: LabelMap;
  try {
    found = decodeLabelMap(await readImageFile(task.target), task.target);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { status: 'wrong', message: error.message };
  }
  const { width, height, labels, unknown } = expected;
  if (found.width !== width || found.height !== height) {
    return {
      status: 'wrong',
      message: `${task.target} has ${found.width} x ${found.height} pixels, expected ${width} x ${height}`,
    };
  }
  const at = labels.findIndex((label, index) => label !== found.data[index]);
  if (at < 0) return { status: 'correct', unknown };
  return {
    status: 'wrong',
    message:
      `${task.target} has the label ${found.data[at]} at column ${at % width}, row ` +
      `${Math.floor(at / width)}, expected ${labels[at]}`,
  };
}
