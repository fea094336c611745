import Table from 'cli-table3';
import type { ClassResult, EvaluationResult } from '../../evaluation/results/result.ts';
import { asPercent } from '../../datasets/metrics.ts';

/** Words beyond this many characters are cut off: VOC's background has 25 of them. */
const LONGEST_WORDS = 40;

/** Per-class IoU and Acc of one result, unless nothing was counted, then its means, in percent. */
export function formatResult(result: EvaluationResult): string {
  const table = newTable(['class', 'IoU', 'Acc']);
  for (const entry of result.classes) table.push([wordsOf(entry), asPercent(entry.iou), asPercent(entry.accuracy)]);
  const { mIoU, mAcc, aAcc } = result.metrics;
  const perClass = result.images.counted === 0 ? '' : `${table.toString()}\n`;
  return (
    `${perClass}mIoU ${asPercent(mIoU)}, mAcc ${asPercent(mAcc)}, aAcc ${asPercent(aAcc)} in ` +
    `percent, ${describeExtent(result)}`
  );
}

/** Results of several methods: IoU per class and method, then the means per method, in percent. */
export function formatMethods(results: readonly EvaluationResult[]): string {
  const names = results.map(methodName);
  const perClass = newTable(['class', ...names]);
  results[0].classes.forEach((entry, k) =>
    perClass.push([wordsOf(entry), ...results.map(({ classes }) => asPercent(classes[k].iou))]),
  );
  const means = newTable(['method', 'mIoU', 'mAcc', 'aAcc', 'images/s']);
  for (const result of results) {
    const { mIoU, mAcc, aAcc } = result.metrics;
    means.push([
      methodName(result),
      asPercent(mIoU),
      asPercent(mAcc),
      asPercent(aAcc),
      result.timings.imagesPerSecond?.toFixed(2) ?? '-',
    ]);
  }
  return `IoU in percent\n${perClass.toString()}\n\n${means.toString()}\n${describeExtent(results[0])}`;
}

function describeExtent({ title, images, shards, adapters, evaluation }: EvaluationResult): string {
  const part =
    shards.indices.length === shards.count
      ? ''
      : `, ${shards.count === 1 ? '' : `shard ${shards.indices.join(', ')} of ${shards.count}`}`;
  return `${title}: ${images.counted} of ${images.selected} images${part}, adapter ${adapters.join(', ')}, ${
    evaluation.model.precision ?? 'f32'
  }`;
}

function methodName({ evaluation }: EvaluationResult): string {
  return evaluation.configuration.method;
}

/** The words of a class, cut off where they would widen a table. */
export function wordsOf({ words }: ClassResult): string {
  const text = words.join(', ');
  return text.length > LONGEST_WORDS ? `${text.slice(0, LONGEST_WORDS - 3)}...` : text;
}

/** A table whose first column is text and whose others are figures. */
export function newTable(head: string[]): Table.Table {
  return new Table({
    head,
    colAligns: ['left', ...head.slice(1).map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
}
