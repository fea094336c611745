import { findBenchmark } from '../../datasets/benchmarks/index.ts';
import { asPercent } from '../../datasets/metrics.ts';
import { publishedFigure } from '../results/comparisonReport.ts';
import type { EvaluationResult } from '../results/result.ts';
import { html, type Markup, name } from './escape.ts';
import { counted, grouped } from './numbers.ts';

/**
 * What was evaluated, the means in large figures, what was published, and whatever keeps them from being the whole
 * truth.
 */
export function summary(result: EvaluationResult): Markup {
  const { metrics, images, evaluation } = result;
  const figure = (title: string, value: number | null) =>
    html`<div><dt>${title}</dt><dd>${asPercent(value)}${value !== null && html`<small> %</small>`}</dd></div>`;
  return html`<header>
<h1>${name(result.title)}</h1>
<p class="method">method ${name(evaluation.configuration.method)}</p>
<dl class="figures">${figure('mIoU', metrics.mIoU)}${figure('mAcc', metrics.mAcc)}${figure('aAcc', metrics.aAcc)}<div><dt>Images</dt><dd>${grouped(images.counted)}<small> of ${grouped(images.selected)}</small></dd></div></dl>
${publishedFigures(result, [evaluation.configuration.method])}${warnings(result)}</header>
`;
}

/** What was published for a benchmark and these methods; nothing for other data sets. */
export function publishedFigures(
  { evaluation: { configuration }, images }: EvaluationResult,
  methods: readonly string[],
): Markup {
  const benchmark = findBenchmark(configuration.dataSet);
  if (benchmark?.published === undefined) return html``;
  const { rfclip, rfclipPamr, naclipPamr, sclip } = benchmark.published;
  const figures = [
    `RF-CLIP ${publishedFigure(rfclip)}`,
    `with PAMR ${publishedFigure(rfclipPamr)}`,
    ...(methods.includes('naclip') ? [`NACLIP with PAMR ${publishedFigure(naclipPamr)}`] : []),
    ...(methods.includes('sclip') ? [`SCLIP ${publishedFigure(sclip)}`] : []),
  ];
  const fewer = images.counted < benchmark.expectedPairs && ` This result counts ${grouped(images.counted)}.`;
  return html`<p class="published">Published mIoU with CLIP ViT-B/16 over ${grouped(benchmark.expectedPairs)} images: ${figures.join(', ')}.${fewer}</p>
`;
}

function warnings({ shards, failures, images, labelsOutOfRange }: EvaluationResult): Markup {
  const sentences = [
    shards.indices.length < shards.count &&
      `${shards.indices.length === 1 ? 'Shard' : 'Shards'} ${shards.indices.join(', ')} of ${shards.count} only: ` +
        `these are numbers of a part of the data set.`,
    failures.length > 0 &&
      html`${counted(failures.length, 'image')} of ${grouped(images.selected)} ${failures.length === 1 ? 'was' : 'were'} not evaluated and ${failures.length === 1 ? 'is' : 'are'} not in these numbers: <a href="#failures">why</a>.`,
    labelsOutOfRange > 0 &&
      `${counted(labelsOutOfRange, 'pixel')} ${labelsOutOfRange === 1 ? 'has a label' : 'have labels'} that ` +
        `${labelsOutOfRange === 1 ? 'is' : 'are'} neither a class nor 255: do the labels belong to this class list?`,
  ].filter((sentence) => sentence !== false);
  return sentences.length === 0
    ? html``
    : html`<ul class="warnings">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
`;
}
