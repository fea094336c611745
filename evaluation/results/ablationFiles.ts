import { join } from 'node:path';
import { storeConfusion } from '../../datasets/confusion.ts';
import { areasOf, asPercent, metricsOf } from '../../datasets/metrics.ts';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { PLANTED_CHECKPOINT_SHA256, PLANTED_REMARK } from '../../rfclip/embeddedCheckpoint.ts';
import type { AblationOutcome } from '../ablation.ts';
import type { EvaluationIdentity } from '../run/manifest.ts';
import type { ImageFailure } from '../run/selection.ts';
import type { EvaluationResult } from './result.ts';
import { csvLine, markdownCell } from './textCells.ts';

/** What an ablation came to, and what it was of. */
export interface AblationResult extends Pick<EvaluationResult, 'methodModule' | 'title' | 'images' | 'versions'> {
  evaluation: EvaluationIdentity;
  classes: readonly { name: string }[];
  rows: readonly AblationOutcome[];
  failures: readonly ImageFailure[];
  adapter: string;
}

/** Paths of what `writeAblationFiles` writes. */
export function ablationFiles(folder: string): string[] {
  return ['ablation.csv', 'ablation.md', 'ablation.json'].map((name) => join(folder, name));
}

/**
 * Writes `ablation.csv`, `ablation.md` and, last, `ablation.json`, which has the exact counts of every row.
 * @throws OutputError if a file cannot be written
 */
export async function writeAblationFiles(folder: string, result: AblationResult): Promise<void> {
  const [csv, markdown, json] = ablationFiles(folder);
  await atomicWrite(csv, formatAblationCsv(result));
  await atomicWrite(markdown, formatAblationMarkdown(result));
  await atomicWrite(json, `${JSON.stringify(documentOf(result), null, 2)}\n`);
}

/** A line per row as CSV (RFC 4180): ratios from 0 to 1, empty where no image has labels; times in milliseconds. */
function formatAblationCsv({ rows }: AblationResult): string {
  const lines = rows.map(({ name, mIoU, mAcc, aAcc, agreement, milliseconds }) => [
    name,
    mIoU ?? '',
    mAcc ?? '',
    aAcc ?? '',
    agreement,
    milliseconds,
  ]);
  return [['configuration', 'mIoU', 'mAcc', 'aAcc', 'sameAsFirst', 'millisecondsPerImage'], ...lines]
    .map(csvLine)
    .join('');
}

/** The rows as a Markdown table in percent, and what was run. */
function formatAblationMarkdown(result: AblationResult): string {
  const { title, images, rows, evaluation, methodModule, adapter, versions, failures } = result;
  const percent = (value: number | null | undefined) => asPercent(value ?? null);
  return [
    `# ${markdownCell(title)}, ablation`,
    '',
    `${images.counted} of ${images.selected} images.`,
    '',
    '| configuration | mIoU | mAcc | aAcc | same as row 1 | ms/image |',
    '|---|---:|---:|---:|---:|---:|',
    ...rows.map(
      ({ name, mIoU, mAcc, aAcc, agreement, milliseconds }) =>
        `| ${markdownCell(name)} | ${percent(mIoU)} | ${percent(mAcc)} | ${percent(aAcc)} | ${percent(agreement)} | ` +
        `${milliseconds} |`,
    ),
    '',
    'In percent, but for the times.',
    '',
    ...failures.map(({ id, problem }) => `- not evaluated: ${markdownCell(id)}: ${markdownCell(problem)}`),
    ...(failures.length === 0 ? [] : ['']),
    '## Run',
    '',
    `- checkpoint (sha256): ${evaluation.model.checkpoint}`,
    ...(evaluation.model.checkpoint === PLANTED_CHECKPOINT_SHA256 ? [`- note: ${PLANTED_REMARK}`] : []),
    ...(methodModule === undefined
      ? []
      : [`- method module: ${markdownCell(methodModule.path)} (sha256 ${methodModule.sha256})`]),
    `- adapter: ${adapter}`,
    `- versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `- settings: \`${JSON.stringify(evaluation.configuration.settings)}\``,
    '',
  ].join('\n');
}

function documentOf({ rows, classes, ...result }: AblationResult): object {
  return {
    format: 'rfclip-ablation-1',
    ...result,
    rows: rows.map(({ confusion, ...row }) => {
      const { iou } = metricsOf(areasOf(confusion));
      return {
        ...row,
        ...(row.mIoU === undefined
          ? {}
          : {
              classes: Object.fromEntries(classes.map(({ name }, k) => [name, iou[k]])),
              confusion: storeConfusion(confusion),
            }),
      };
    }),
  };
}
