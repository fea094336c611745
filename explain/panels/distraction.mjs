// @ts-check
import { layerChart } from './charts.mjs';
import { element, number, table } from './elements.mjs';
import { heatMap } from './heatMap.mjs';
import { floatsOf, mostOf, sumOf } from './values.mjs';

/**
 * Scores and masks of every layer.
 * @param {import('./state.mjs').Context} context
 */
export function distractionPanel(context) {
  const { data } = context;
  const threshold = data.values.sigma / data.model.width;
  const layers = data.layers.map(({ phi, isDistraction, distractionAfter }) => {
    const scores = floatsOf(phi);
    const mask = floatsOf(isDistraction);
    return { scores, mask, most: mostOf(scores), count: sumOf(mask), distractionAfter };
  });
  const high = Math.max(threshold, ...layers.map(({ most }) => most));
  const readout = element('output', { class: 'readout' }, 'Point at a map to read its scores.');
  const maps = layers.map(({ scores, mask, count }, layer) =>
    heatMap(
      context,
      {
        name: `φ in layer ${layer}`,
        values: scores,
        high,
        outline: mask,
        overPhoto: true,
        caption: [element('b', {}, `layer ${layer}`), ` ${count} of ${scores.length}`],
      },
      { readout, small: true },
    ),
  );
  const chart = layerChart('Largest score of every layer, and the threshold', [
    { name: 'largest φ', values: layers.map(({ most }) => most), class: 'first' },
    { name: 'threshold', values: layers.map(() => threshold), class: 'threshold' },
  ]);
  const rows = layers.map(({ scores, most, count, distractionAfter }, layer) => [
    String(layer),
    number(count),
    number(distractionAfter),
    number(most),
    number(most / threshold),
    number(middle(scores)),
  ]);
  return element(
    'div',
    {},
    element('div', { class: 'maps' }, ...maps),
    readout,
    element(
      'figure',
      {},
      chart,
      element('figcaption', {}, 'Largest φ of every layer (line with dots), and the threshold 5/d (dashed)'),
    ),
    table(
      ['layer', 'tokens that enter', 'tokens that leave', 'largest φ', 'in units of 5/d', 'median φ'],
      rows,
      'Distraction tokens by layer',
    ),
  );
}

/** @param {Float32Array} values */
function middle(values) {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)];
}
