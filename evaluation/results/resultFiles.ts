import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatConfusionCsv } from './confusionCsv.ts';
import { EvaluationError } from '../evaluationError.ts';
import { formatHtmlReport } from '../htmlReport/page.ts';
import { formatCsv, formatMarkdown } from './report.ts';
import { type EvaluationResult, parseResult } from './result.ts';
import { atomicWrite } from '../../system/atomicWrite.ts';

/** Paths of all that `writeResultFiles` writes into a folder. */
export function resultFiles(folder: string): string[] {
  return ['result.csv', 'confusion.csv', 'result.md', 'report.html', 'result.json'].map((name) => join(folder, name));
}

/**
 * Writes `result.csv`, `confusion.csv`, `result.md`, `report.html` and, last, `result.json`.
 *
 * @param folder has the thumbnails that the result names; the page does without those that cannot be read
 * @throws OutputError if a file cannot be written
 */
export async function writeResultFiles(folder: string, result: EvaluationResult): Promise<void> {
  await atomicWrite(join(folder, 'result.csv'), formatCsv(result));
  await atomicWrite(join(folder, 'confusion.csv'), formatConfusionCsv(result));
  await atomicWrite(join(folder, 'result.md'), formatMarkdown(result));
  await atomicWrite(join(folder, 'report.html'), formatHtmlReport(result, readThumbnails(folder, result)));
  await atomicWrite(join(folder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
}

/**
 * Reads a `result.json`, or that of a folder.
 * @throws EvaluationError if there is none, it cannot be read, or it is no result
 */
export function readResultFile(fileOrFolder: string): EvaluationResult {
  let path = fileOrFolder;
  try {
    if (statSync(path).isDirectory()) path = join(path, 'result.json');
    return parseResult(readFileSync(path, 'utf8'), path);
  } catch (cause) {
    if (cause instanceof EvaluationError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const fix = path === fileOrFolder ? undefined : 'a run writes it when it has ended; finish it with --resume';
    throw new EvaluationError(
      `the result ${path} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`,
      path,
      { cause, fix },
    );
  }
}

function readThumbnails(folder: string, { extremes: { worst, best } }: EvaluationResult): Map<string, Uint8Array> {
  const thumbnails = new Map<string, Uint8Array>();
  for (const { thumbnail } of [...worst, ...best]) {
    if (thumbnail === null) continue;
    try {
      thumbnails.set(thumbnail, readFileSync(join(folder, thumbnail)));
    } catch {
      // Hours of evaluation must not be lost for the sake of a picture.
    }
  }
  return thumbnails;
}
