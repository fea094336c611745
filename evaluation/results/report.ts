import { PLANTED_CHECKPOINT_SHA256, PLANTED_REMARK } from '../../rfclip/embeddedCheckpoint.ts';
import { asPercent } from '../../datasets/metrics.ts';
import type { EvaluationResult } from './result.ts';
import { csvLine, markdownCell } from './textCells.ts';
import { counted } from '../../system/counted.ts';

/** The per-class table as CSV (RFC 4180): ratios from 0 to 1, empty where there is none; areas in pixels. */
export function formatCsv({ classes }: EvaluationResult): string {
  const rows = classes.map(({ name, words, iou, accuracy, intersection, union, labelled, predicted }, label) => [
    label,
    name,
    words.join(', '),
    iou ?? '',
    accuracy ?? '',
    intersection,
    union,
    labelled,
    predicted,
  ]);
  return [['label', 'class', 'words', 'iou', 'accuracy', 'intersection', 'union', 'labelled', 'predicted'], ...rows]
    .map(csvLine)
    .join('');
}

/** The result as Markdown: what was run, the means, and the per-class table in percent. */
export function formatMarkdown(result: EvaluationResult): string {
  const { evaluation, images, shards, metrics, classes, failures, adapters, versions, timings, methodModule } = result;
  const { configuration, model } = evaluation;
  const percent = (value: number | null) => (value === null ? '-' : `${asPercent(value)} %`);
  const part =
    shards.indices.length < shards.count
      ? ` (${shards.indices.length} of ${shards.count} shards: a part of the data set only)`
      : '';
  const lines = [
    `# ${markdownCell(result.title)}, method ${configuration.method}`,
    '',
    `**mIoU ${percent(metrics.mIoU)}**, mAcc ${percent(metrics.mAcc)}, aAcc ${percent(metrics.aAcc)} over ` +
      `${images.counted} of ${images.selected} images${part}.`,
    '',
    '| class | words | IoU | Acc |',
    '|---|---|---:|---:|',
    ...classes.map(
      ({ name, words, iou, accuracy }) =>
        `| ${markdownCell(name)} | ${markdownCell(words.join(', '))} | ${asPercent(iou)} | ${asPercent(accuracy)} |`,
    ),
    '',
    'IoU and Acc in percent; `-` stands for a class that was neither labelled nor predicted (Acc: not labelled), ' +
      'which the means leave out.',
    '',
    ...(failures.length === 0
      ? []
      : [
          '## Images that were not evaluated',
          '',
          ...failures.map(({ id, problem }) => `- ${markdownCell(id)}: ${markdownCell(problem)}`),
          '',
        ]),
    '## Run',
    '',
    `- checkpoint (sha256): ${model.checkpoint}`,
    ...(model.checkpoint === PLANTED_CHECKPOINT_SHA256 ? [`- note: ${PLANTED_REMARK}`] : []),
    ...(model.dino === null ? [] : [`- DINO checkpoint (sha256): ${model.dino}`]),
    ...(methodModule === undefined
      ? []
      : [`- method module: ${markdownCell(methodModule.path)} (sha256 ${methodModule.sha256})`]),
    `- adapter: ${adapters.join(', ')}`,
    `- precision: ${model.precision ?? 'f32'}`,
    `- versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `- images per second: ${timings.imagesPerSecond ?? '-'}`,
    `- settings: \`${JSON.stringify(configuration.settings)}\``,
    '',
  ];
  return lines.join('\n');
}

/** Several methods on one data set as Markdown: a row per method, means in percent. */
export function formatMethodsMarkdown(results: readonly EvaluationResult[]): string {
  const [{ title, images }] = results;
  const rows = results.map(
    ({ evaluation, metrics, images: { counted }, timings }) =>
      `| ${evaluation.configuration.method} | ${asPercent(metrics.mIoU)} | ${asPercent(metrics.mAcc)} | ` +
      `${asPercent(metrics.aAcc)} | ${counted} | ${timings.imagesPerSecond?.toFixed(2) ?? '-'} |`,
  );
  return [
    `# ${markdownCell(title)}, ${counted(images.selected, 'image')}`,
    '',
    '| method | mIoU | mAcc | aAcc | images | images/s |',
    '|---|---:|---:|---:|---:|---:|',
    ...rows,
    '',
    'Means in percent; the folder of each method has its classes and counts.',
    '',
  ].join('\n');
}
