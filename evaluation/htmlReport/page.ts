import { asPercent } from '../../datasets/metrics.ts';
import type { EvaluationResult } from '../results/result.ts';
import { classSection } from './bars.ts';
import { confusionListSection } from './confusionList.ts';
import { confusionTable } from './confusions.ts';
import { htmlDocument } from './document.ts';
import { html, type Markup } from './escape.ts';
import { gallerySections } from './gallery.ts';
import { heatMapSection } from './heatMap.ts';
import { failuresSection, runSection } from './runFacts.ts';
import { SCRIPT } from './script.ts';
import { summary } from './summary.ts';

/**
 * A result as a web page in one file: it loads nothing, and can be read without its script, in light and dark, on a
 * phone and on paper.
 *
 * @param thumbnails JPEG files by the paths that `result.extremes` gives; one that is missing leaves its image without
 *   a picture
 * @returns an HTML document, to be written as UTF-8
 * @throws RfclipError if the result's counts are none
 */
export function formatHtmlReport(result: EvaluationResult, thumbnails: ReadonlyMap<string, Uint8Array>): string {
  const { title, metrics, failures, extremes, evaluation, classes } = result;
  const table = confusionTable(result);
  const links: [string, string, boolean][] = [
    ['confusions', 'Most frequent confusions', true],
    ['classes', 'Classes', true],
    ['map', 'Confusion matrix', true],
    ['worst', 'Worst images', extremes.worst.length > 0],
    ['best', 'Best images', extremes.best.length > 0],
    ['failures', 'Failures', failures.length > 0],
    ['run', 'Run', true],
  ];
  return htmlDocument({
    title: `${title}, ${evaluation.configuration.method}: mIoU ${asPercent(metrics.mIoU)}`,
    script: SCRIPT,
    body: html`${summary(result)}<nav aria-label="Sections">${links.filter(([, , there]) => there).map(([id, text]): Markup => html`<a href="#${id}">${text}</a>`)}</nav>
<main>
${confusionListSection(table, classes.length)}${classSection(result)}${heatMapSection(table)}${gallerySections(result, thumbnails)}${failuresSection(result)}${runSection(result)}</main>
<footer>Written by rfclip ${evaluation.version}. Beside this page: result.json (everything), result.csv (classes), confusion.csv (the full matrix).</footer>
`,
  });
}
