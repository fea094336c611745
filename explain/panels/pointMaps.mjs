// @ts-check
import { element, number, table } from './elements.mjs';
import { colourKey, heatMap } from './heatMap.mjs';
import { floatsOf, mapsOf, sumOf } from './values.mjs';

/**
 * The layer-averaged key-key attention of the chosen patch.
 * @param {import('./state.mjs').Context} context
 */
export function layerMeanPanel(context) {
  const { data } = context;
  const N = data.grid.width * data.grid.height;
  const readout = element('output', { class: 'readout' }, 'Point at a map, or walk it with the arrow keys.');
  const body = element('div');
  context.onPoint(() => {
    const { layerMean, patch } = data.points[context.point];
    const maps = mapsOf(layerMean.maps);
    const facts = floatsOf(layerMean.facts);
    const figure = (/** @type {number} */ map) => {
      const title = map === 0 ? 'mean of all heads' : `head ${map - 1}`;
      const values = maps.subarray(map * N, (map + 1) * N);
      const shown = { name: title, values, root: true, rounded: true, mark: patch, overPhoto: true };
      const caption = [element('b', {}, title), ...(map === 0 ? [colourKey(shown)] : [])];
      return heatMap(context, { ...shown, caption }, { readout, small: map > 0 });
    };
    const rows = Array.from({ length: data.model.heads + 1 }, (_, map) => [
      map === 0 ? 'mean' : String(map - 1),
      ...[0, 1, 2].map((fact) => number(facts[map * 5 + fact])),
    ]);
    body.replaceChildren(
      element(
        'div',
        { class: 'beside' },
        figure(0),
        element('div', { class: 'maps' }, ...Array.from({ length: data.model.heads }, (_, head) => figure(head + 1))),
      ),
      table(['head', 'to CLS', 'to itself', 'most to one patch'], rows, 'Attention of the patch, by head'),
    );
  });
  return element('div', {}, body, readout);
}

/**
 * The guide's cosines with the chosen patch.
 * @param {import('./state.mjs').Context} context
 */
export function cosinesPanel(context) {
  const { data } = context;
  const least = data.values.cosineThreshold;
  const readout = element('output', { class: 'readout' }, 'Point at a map, or walk it with the arrow keys.');
  const body = element('div');
  context.onPoint(() => {
    const { cosines, patch } = data.points[context.point];
    const values = floatsOf(cosines);
    const counts = values.map((value) => (value < least ? 0 : 1));
    const map = { name: 'cosine', values, signed: true, high: 1, mark: patch };
    const kept = { ...map, name: 'cosine that counts', dimmed: counts.map((value) => 1 - value) };
    body.replaceChildren(
      element(
        'div',
        { class: 'maps two' },
        heatMap(context, { ...map, caption: [element('b', {}, 'cosines'), colourKey(map)] }, { readout }),
        heatMap(context, { ...kept, caption: [element('b', {}, `at least ${least}`), ' (others grey)'] }, { readout }),
      ),
      table(
        ['', ''],
        [
          [`patches with at least ${least}`, number(sumOf(counts))],
          ['mean cosine', number(sumOf(values) / values.length)],
        ],
        'Cosines of the patch',
      ),
    );
  });
  return element('div', {}, body, readout);
}
