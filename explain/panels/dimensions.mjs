// @ts-check
import { channelChart } from './charts.mjs';
import { choice, element, list, number, table } from './elements.mjs';
import { floatsOf } from './values.mjs';

/** Rows of the table. */
const MOST_ROWS = 12;

/**
 * Weights of all dimensions in a layer.
 * @param {import('./state.mjs').Context} context
 */
export function dimensionsPanel(context) {
  const { data } = context;
  const C = data.model.width;
  const body = element('div');
  let [chosen, some] = [0, 0];
  const all = data.layers.map(({ weights }) => floatsOf(weights));
  const mean = Float32Array.from({ length: C }, (_, c) => all.reduce((sum, w) => sum + w[c], 0) / all.length);
  const show = () => {
    const layer = data.layers[chosen - 1];
    const only = some === 1 ? layer?.distractionWeights : undefined;
    const values = chosen === 0 ? mean : only === undefined ? all[chosen - 1] : floatsOf(only);
    const units = Array.from(values, (value) => value * C);
    const order = [...units.keys()].sort((a, b) => units[b] - units[a] || a - b).slice(0, MOST_ROWS);
    const of = chosen === 0 ? 'mean of all layers' : `layer ${chosen - 1}`;
    const tokens = only === undefined ? 'all patches' : 'distraction tokens';
    const missing = some === 1 && only === undefined ? [element('p', { class: 'notice' }, 'There are none here.')] : [];
    body.replaceChildren(
      ...missing,
      element(
        'figure',
        {},
        channelChart(`Weight of every dimension, ${of}, ${tokens}`, units, data.dimensions, data.values.sigma),
        element(
          'figcaption',
          {},
          `Mean weight of each of ${C} dimensions in units of 1/d, ${of}, ${tokens}; distraction dimensions orange; ` +
            `dashed: ${data.values.sigma}, above which a single patch would distract`,
        ),
      ),
      table(
        ['dimension', 'weight', 'in units of 1/d', 'distraction dimension'],
        order.map((c) => [String(c), number(values[c]), number(units[c]), data.dimensions.includes(c) ? 'yes' : '']),
        `The largest ${MOST_ROWS}`,
      ),
    );
  };
  const names = ['mean of all', ...data.layers.map((_, layer) => String(layer))];
  const layers = list('Layer', names, chosen, (index) => {
    chosen = index;
    show();
  });
  const which = choice('Patches', ['all', 'distraction tokens'], some, (index) => {
    some = index;
    show();
  });
  show();
  return element('div', {}, element('div', { class: 'controls' }, layers.label, which), body);
}
