import { asPercent } from '../../datasets/metrics.ts';
import type { EvaluationResult } from '../results/result.ts';
import { bar } from './bars.ts';
import { htmlDocument } from './document.ts';
import { html, type Markup, name } from './escape.ts';
import { counted, grouped } from './numbers.ts';
import { publishedFigures } from './summary.ts';

/**
 * Several methods on one data set as a web page in one file, which names the page of each: means, IoU per class, and the
 * settings in which they differ.
 *
 * @param results of one data set, a method each, in the order of the columns; at least one
 * @returns an HTML document, to be written as UTF-8 above the folders of the methods
 */
export function formatMethodsHtml(results: readonly EvaluationResult[]): string {
  const [{ title, images, evaluation }] = results;
  return htmlDocument({
    title: `${title}: ${counted(results.length, 'method')}`,
    body: html`<header>
<h1>${name(title)}</h1>
<p class="method">${counted(results.length, 'method')} over ${counted(images.selected, 'image')}, ${counted(evaluation.classes.count, 'class', 'classes')}</p>
</header>
<main>
${meansSection(results)}${classesSection(results)}${settingsSection(results)}</main>
<footer>Written by rfclip ${evaluation.version}. Beside this page: methods.md, and a folder per method with its report, classes and counts.</footer>
`,
  });
}

function methodOf({ evaluation }: EvaluationResult): string {
  return evaluation.configuration.method;
}

function meansSection(results: readonly EvaluationResult[]): Markup {
  const best = Math.max(...results.map(({ metrics }) => metrics.mIoU ?? 0));
  const rows = results.map((result) => {
    const { metrics, images, timings } = result;
    const method = methodOf(result);
    const link = html`<a href="${encodeURIComponent(method)}/report.html">${name(method)}</a>`;
    return html`<tr><th scope="row">${link}</th><td class="bars">${bar(['acc', metrics.mAcc], ['iou', metrics.mIoU])}</td><td>${strongest(metrics.mIoU, best)}</td><td>${asPercent(metrics.mAcc)}</td><td>${asPercent(metrics.aAcc)}</td><td>${grouped(images.counted)}</td><td>${timings.imagesPerSecond?.toFixed(2) ?? '-'}</td></tr>
`;
  });
  return html`<section id="methods" aria-labelledby="methods-title">
<h2 id="methods-title">Methods</h2>
<table class="classes">
<caption>Means in percent: mIoU <svg class="key" aria-hidden="true"><rect class="iou" width="100%" height="10"/></svg> and mAcc <svg class="key" aria-hidden="true"><rect class="acc" width="100%" height="10"/></svg>; the best mIoU is in bold. A method’s name leads to its report.</caption>
<thead><tr><th scope="col">Method</th><td class="bars"></td><th scope="col">mIoU</th><th scope="col">mAcc</th><th scope="col">aAcc</th><th scope="col">Images</th><th scope="col">Images/s</th></tr></thead>
<tbody>
${rows}</tbody>
</table>
${publishedFigures(results[0], results.map(methodOf))}</section>
`;
}

function classesSection(results: readonly EvaluationResult[]): Markup {
  const rows = results[0].classes.map(({ name: className }, k) => {
    const ious = results.map(({ classes }) => classes[k].iou);
    const best = Math.max(...ious.map((iou) => iou ?? 0));
    return html`<tr><th scope="row">${name(className)}</th>${ious.map((iou) => html`<td>${strongest(iou, best)}</td>`)}</tr>
`;
  });
  return html`<section id="classes" aria-labelledby="classes-title">
<h2 id="classes-title">Classes</h2>
<p class="caption">IoU in percent, the best of each class in bold. A dash stands for a class that was neither labelled nor predicted.</p>
<div class="wide"><table class="classes">
${head('Class', results)}
<tbody>
${rows}</tbody>
</table></div>
</section>
`;
}

function settingsSection(results: readonly EvaluationResult[]): Markup {
  const settings = results.map(
    ({ evaluation }) => evaluation.configuration.settings as unknown as Record<string, unknown>,
  );
  const differing = Object.keys(settings[0]).filter(
    (key) => new Set(settings.map((one) => JSON.stringify(one[key]))).size > 1,
  );
  if (differing.length === 0) return html``;
  const rows = differing.map(
    (
      key,
    ) => html`<tr><th scope="row">${key}</th>${settings.map((one) => html`<td>${JSON.stringify(one[key])}</td>`)}</tr>
`,
  );
  return html`<section id="settings" aria-labelledby="settings-title">
<h2 id="settings-title">Settings that differ</h2>
<p class="caption">The others are the same for all methods; each report has them.</p>
<div class="wide"><table class="classes">
${head('Setting', results)}
<tbody>
${rows}</tbody>
</table></div>
</section>
`;
}

function head(first: string, results: readonly EvaluationResult[]): Markup {
  const columns = results.map((result) => html`<th scope="col">${name(methodOf(result))}</th>`);
  return html`<thead><tr><th scope="col" class="first">${first}</th>${columns}</tr></thead>`;
}

/** A ratio in percent, in bold where it is the best. */
function strongest(ratio: number | null, best: number): Markup {
  return ratio !== null && ratio > 0 && ratio === best ? html`<b>${asPercent(ratio)}</b>` : html`${asPercent(ratio)}`;
}
