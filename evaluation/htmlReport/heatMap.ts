import { inkOn, opacityOf, RIGHT, WRONG } from './colours.ts';
import type { ConfusionTable } from './confusions.ts';
import { escapeJson, html, type Markup, trusted } from './escape.ts';
import { heatMapPicture } from './heatMapPicture.ts';

/** Beyond these many rows a map says nothing. */
const LARGEST = 500;
/** CSS pixels. */
const MAP = 860;
const SMALLEST_CELL = 4;
const LARGEST_CELL = 64;
/** Side of a cell from which on it holds its share in digits, and distance of two lines of labels. */
const DIGITS_FROM = 26;
const LINE = 12;
const LETTER = 6.5;
const LABEL_LETTERS = 18;

/**
 * The confusion, row-normalised, as a picture with labels where they fit, and the counts that the script shows under
 * the pointer.
 */
export function heatMapSection(table: ConfusionTable): Markup {
  return html`<section id="map" aria-labelledby="map-title">
<h2 id="map-title">Confusion matrix</h2>
${table.names.length > LARGEST ? html`<p>${table.names.length} classes are too many to draw; confusion.csv has all counts.</p>` : figure(table)}
</section>
`;
}

function figure(table: ConfusionTable): Markup {
  const { names } = table;
  return html`<figure class="confusion">
<figcaption>Every row is a label, every column a prediction; the stronger a cell, the larger its share of the row’s pixels.<span class="scripted"> Point at a cell, tap it, or use the arrow keys.</span>
<span class="legend">${scale('right')} right, ${scale('wrong')} wrong: 1, 5, 20, 50 and 100 %</span></figcaption>
<div class="map" tabindex="0" role="group" aria-label="Cells of the matrix">${drawing(table)}</div>
<p class="tip" role="status"></p>
</figure>
<script type="application/json" id="counts">${escapeJson({ names, cells: steps(table.counts) })}</script>`;
}

function scale(className: 'right' | 'wrong'): Markup {
  const swatches = [1, 5, 20, 50, 100].map(
    (percent, k) =>
      html`<rect class="${className}" x="${k * 14}" width="13" height="10" fill-opacity="${opacityOf(percent / 100).toFixed(2)}"/>`,
  );
  return html`<svg width="69" height="10" aria-hidden="true">${swatches}</svg>`;
}

function drawing(table: ConfusionTable): Markup {
  const { names } = table;
  const size = names.length;
  const cell = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, Math.floor(MAP / size)));
  const side = size * cell;
  const margin = Math.ceil(Math.max(...names.map((text) => [...shorten(text)].length)) * LETTER) + 10;
  const every = Math.ceil(LINE / cell);
  const [width, height] = [margin + side, margin + side];
  const picture = Buffer.from(heatMapPicture(table)).toString('base64');
  const labels = names.map((text, k) => {
    if (k % every !== 0) return html``;
    const at = margin + k * cell + cell / 2;
    return html`<text x="${margin - 6}" y="${at}">${shorten(text)}</text><text transform="translate(${at} ${margin - 6})rotate(-90)" class="column">${shorten(text)}</text>
`;
  });
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Heat map of ${size} labels by ${size} predictions; the table of the most frequent confusions says what it shows">
<rect class="paper" x="${margin}" y="${margin}" width="${side}" height="${side}"/>
<image x="${margin}" y="${margin}" width="${side}" height="${side}" preserveAspectRatio="none" href="data:image/png;base64,${picture}"/>
${cell >= LINE && lines(size, cell, margin)}
<g class="labels" aria-hidden="true">
${labels}</g>
${cell >= DIGITS_FROM && digits(table, cell, margin)}
<g class="cross"><rect class="band" x="${margin}" width="${side}" height="${cell}"/><rect class="band" y="${margin}" width="${cell}" height="${side}"/></g>
</svg>`;
}

function lines(size: number, cell: number, margin: number): Markup {
  const side = size * cell;
  const path = Array.from({ length: size - 1 }, (_, k) => margin + (k + 1) * cell).map(
    (at) => `M${at} ${margin}v${side}M${margin} ${at}h${side}`,
  );
  return html`<path class="lines" d="${path.join('')}"/>`;
}

/** Whole percents of at least 1, in black or white, whichever is read more easily. */
function digits({ names: { length: size }, counts, labelled }: ConfusionTable, cell: number, margin: number): Markup {
  const texts = [...counts].map((pixels, at) => {
    const [row, column] = [Math.floor(at / size), at % size];
    const share = pixels / labelled[row];
    if (!(share >= 0.005)) return '';
    const ink = inkOn(row === column ? RIGHT : WRONG, opacityOf(share));
    return (
      `<text class="${ink}" x="${margin + (column + 0.5) * cell}" ` +
      `y="${margin + (row + 0.5) * cell}">${Math.round(100 * share)}</text>`
    );
  });
  return html`<g class="digits" aria-hidden="true">${trusted(texts.join(''))}</g>`;
}

/** The cells that are not 0, flat as steps from one to the next (the first from cell 0) and counts. */
function steps(counts: Float64Array): number[] {
  const flat: number[] = [];
  let last = 0;
  counts.forEach((count, cell) => {
    if (count === 0) return;
    flat.push(cell - last, count);
    last = cell;
  });
  return flat;
}

function shorten(text: string): string {
  const letters = [...new Intl.Segmenter('en').segment(text)].map(({ segment }) => segment);
  return letters.length <= LABEL_LETTERS ? text : `${letters.slice(0, LABEL_LETTERS - 1).join('')}…`;
}
