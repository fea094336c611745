import type { Console } from '../console.ts';
import type { ConversionSummary } from '../../datasets/convert/runTasks.ts';
import type { ConversionMode } from '../../datasets/convert/task.ts';
import { exitCodeOfImages } from '../failure.ts';

/** Problems that are told one by one; `--json` has all. */
const TOLD = 10;

/**
 * Tells what became of a conversion.
 * @returns the exit code: 1 if any file is wrong or was not begun, else 3 if some failed.
 */
export function report(summary: ConversionSummary, mode: ConversionMode, out: string, console: Console): 0 | 1 | 3 {
  const { counts, problems, unknown, notBegun } = summary;
  // What a check finds is its result, which the document of `--json` has.
  const tell = mode === 'check' ? console.note : console.failure;
  for (const problem of problems.slice(0, TOLD)) tell(problem);
  if (problems.length > TOLD) tell(`... and ${problems.length - TOLD} more`);
  const labels = Object.entries(unknown).map(
    ([label, files]) => `${label} (${files} ${files === 1 ? 'file' : 'files'})`,
  );
  if (labels.length > 0)
    console.note(
      `note: labels that this data set does not use were kept, as the published conversion does: ` +
        `${labels.join(', ')}; is the input the original label maps?`,
    );
  const parts =
    mode === 'check'
      ? [`${counts.correct} correct`, `${counts.wrong} wrong or missing`]
      : [`${counts.written} written`, `${counts.kept} already there`];
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (notBegun > 0) parts.push(`${notBegun} not begun`);
  console.result(
    `${out}: ${parts.join(', ')} (${summary.seconds.toFixed(1)} s, ${summary.threads} ` +
      `${summary.threads === 1 ? 'thread' : 'threads'})`,
  );
  console.json({ out, mode, ...summary });
  if (counts.wrong + notBegun > 0) return 1;
  return exitCodeOfImages(counts.failed, counts.written + counts.kept + counts.correct);
}
