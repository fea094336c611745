import { asPercent } from '../../datasets/metrics.ts';
import type { EvaluationResult } from '../results/result.ts';
import { html, type Markup, name } from './escape.ts';
import { sharePercent } from './numbers.ts';

/** A bar whose parts all begin at 0, the longest first; ratios from 0 to 1. Decoration: the numbers stand beside it. */
export function bar(...parts: readonly [className: string, ratio: number | null][]): Markup {
  const rects = parts
    .filter(([, ratio]) => ratio !== null && ratio > 0)
    .map(
      ([className, ratio]) =>
        html`<rect class="${className}" width="${(100 * (ratio ?? 0)).toFixed(2)}%" height="10"/>`,
    );
  return html`<svg class="bar" aria-hidden="true">${rects}</svg>`;
}

/** The classes with their IoU, Acc and share of the labelled pixels. */
export function classSection({ classes, metrics }: EvaluationResult): Markup {
  const labelledPixels = classes.reduce((total, { labelled }) => total + labelled, 0);
  const rows = classes.map(
    (
      { name: className, iou, accuracy, labelled },
      label,
    ) => html`<tr${iou === null && html` class="absent"`}><td class="index">${label}</td><th scope="row">${name(className)}</th><td class="bars">${iou !== null && bar(['acc', accuracy], ['iou', iou])}</td><td>${asPercent(iou)}</td><td>${asPercent(accuracy)}</td><td>${sharePercent(labelled, labelledPixels)}</td></tr>
`,
  );
  return html`<section id="classes" aria-labelledby="classes-title">
<h2 id="classes-title">Classes</h2>
<table class="sortable classes">
<caption>IoU <svg class="key" aria-hidden="true"><rect class="iou" width="100%" height="10"/></svg> and Acc <svg class="key" aria-hidden="true"><rect class="acc" width="100%" height="10"/></svg> in percent, and the share of the labelled pixels. A dash stands for a class that was neither labelled nor predicted (Acc: not labelled); the means leave it out.</caption>
<thead><tr><th scope="col" class="index" data-column="0" data-first="ascending">#</th><th scope="col" data-column="1" data-first="ascending">Class</th><td class="bars"></td><th scope="col" data-column="3" data-first="descending">IoU</th><th scope="col" data-column="4" data-first="descending">Acc</th><th scope="col" data-column="5" data-first="descending">Pixels</th></tr></thead>
<tbody>
${rows}</tbody>
<tfoot><tr><td class="index"></td><th scope="row">Mean</th><td class="bars">${bar(['acc', metrics.mAcc], ['iou', metrics.mIoU])}</td><td>${asPercent(metrics.mIoU)}</td><td>${asPercent(metrics.mAcc)}</td><td></td></tr></tfoot>
</table>
</section>
`;
}
