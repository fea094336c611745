// @ts-check
import { element, number, table } from './elements.mjs';
import { heatMap } from './heatMap.mjs';
import { floatsOf, mostOf, sumOf } from './values.mjs';

/**
 * Fiedler vector and defocus tokens of every layer.
 * @param {import('./state.mjs').Context} context
 */
export function cutPanel(context) {
  const readout = element('output', { class: 'readout' }, 'Point at a map to read its values.');
  const layers = context.data.layers.map(({ fiedler, isDefocus }) => ({
    y: floatsOf(fiedler),
    mask: floatsOf(isDefocus),
  }));
  const pairs = layers.map(({ y, mask }, layer) =>
    element(
      'div',
      { class: 'pair' },
      element('b', {}, `layer ${layer}`),
      heatMap(
        context,
        { name: `y in layer ${layer}`, values: y, signed: true, caption: ['Fiedler vector'] },
        { readout, small: true },
      ),
      heatMap(
        context,
        {
          name: `T_def in layer ${layer}`,
          values: mask.map((value) => 0.55 * value),
          high: 1,
          outline: mask,
          overPhoto: true,
          caption: [`${sumOf(mask)} defocus tokens`],
        },
        { small: true },
      ),
    ),
  );
  return element(
    'div',
    {},
    element('div', { class: 'pairs' }, ...pairs),
    readout,
    element('p', { class: 'muted' }, 'Orange is positive, blue negative; each vector has colours of its own.'),
    table(
      ['layer', 'defocus tokens', 'mean of y', 'largest y', 'smallest y'],
      layers.map(({ y, mask }, layer) => [
        String(layer),
        number(sumOf(mask)),
        number(sumOf(y) / y.length),
        number(mostOf(y)),
        number(-mostOf(y.map((value) => -value))),
      ]),
      'The cut by layer',
    ),
  );
}
