// @ts-check
import { layerChart } from './charts.mjs';
import { element, number, table } from './elements.mjs';
import { floatsOf, mostOf, sumOf } from './values.mjs';

/**
 * How much attention distraction tokens draw.
 * @param {import('./state.mjs').Context} context
 */
export function drawnPanel(context) {
  const { data } = context;
  const N = data.grid.width * data.grid.height;
  const layers = data.layers.map(({ drawnBefore, drawnAfter, isDistraction }) => {
    const [before, after] = [floatsOf(drawnBefore), floatsOf(drawnAfter)];
    const mean = (/** @type {Float32Array} */ values) => sumOf(values) / values.length;
    return { before: mean(before), after: mean(after), most: mostOf(before), even: sumOf(floatsOf(isDistraction)) / N };
  });
  return element(
    'div',
    {},
    element(
      'figure',
      {},
      layerChart('Attention to distraction tokens by layer, before and after', [
        { name: 'before', values: layers.map(({ before }) => before), class: 'first' },
        { name: 'after', values: layers.map(({ after }) => after), class: 'second' },
      ]),
      element(
        'figcaption',
        {},
        element('span', { class: 'swatch first' }),
        'before and ',
        element('span', { class: 'swatch second' }),
        'after refocusing in the layer: part of all attention of patches, mean of heads',
      ),
    ),
    table(
      ['layer', 'before', 'after', 'the head with most, before', 'their share of patches'],
      layers.map(({ before, after, most, even }, layer) => [
        String(layer),
        number(before),
        number(after),
        number(most),
        number(even),
      ]),
      'Attention to distraction tokens by layer',
    ),
  );
}
