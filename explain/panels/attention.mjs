// @ts-check
import { choice, element, list, number, table } from './elements.mjs';
import { colourKey, heatMap } from './heatMap.mjs';
import { floatsOf, mapsOf, mostOf, sumOf } from './values.mjs';

const KINDS = /** @type {const} */ ([
  ['before', 'query-key, before'],
  ['after', 'query-key, after'],
  ['keyKey', 'key-key'],
]);

/** Numbers that are packed for every map. */
const FACTS = 5;

/**
 * The layer that is shown first: the one with most distraction tokens, where there is something to refocus.
 * @param {import('../explanation.ts').Explanation} data
 */
function firstLayer({ layers, model }) {
  const counts = layers.map(({ isDistraction }) => sumOf(floatsOf(isDistraction)));
  const most = mostOf(counts);
  return most > 0 ? counts.indexOf(most) : Math.floor((model.layers - 1) / 2);
}

/**
 * Where the chosen patch looks: three large maps of a layer and a head, and all layers and heads of one kind.
 * @param {import('./state.mjs').Context} context
 */
export function attentionPanel(context) {
  const { data } = context;
  const { layers: L, heads: H } = data.model;
  let [layer, head, kind] = [firstLayer(data), 0, 0];
  const readout = element('output', { class: 'readout' }, 'Point at a map, or walk it with the arrow keys.');
  const maps = element('div', { class: 'maps three' });
  const facts = element('div');
  const matrix = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'All layers and heads' });
  const layerNames = Array.from({ length: L }, (_, l) => String(l));
  const headNames = ['mean of all', ...Array.from({ length: H }, (_, h) => String(h))];
  const layerList = list('Layer', layerNames, layer, (chosen) => pick(chosen, head));
  const headList = list('Head', headNames, head, (chosen) => pick(layer, chosen));
  const pick = (/** @type {number} */ l, /** @type {number} */ h) => {
    [layer, head] = [l, h];
    layerList.set(layer);
    headList.set(head);
    showMaps();
    markMatrix();
  };
  const kinds = choice(
    'All layers and heads of',
    KINDS.map(([, name]) => name),
    kind,
    (chosen) => {
      kind = chosen;
      showMatrix();
    },
  );

  /** @type {Record<string, { values: Float32Array, facts: Float32Array, layers: number }>} */
  let unpacked = {};
  const N = data.grid.width * data.grid.height;
  const mapOf = (/** @type {string} */ name, /** @type {number} */ l, /** @type {number} */ h) =>
    unpacked[name].values.subarray((l * (1 + H) + h) * N, (l * (1 + H) + h + 1) * N);
  const factsOf = (/** @type {string} */ name) =>
    unpacked[name].facts.subarray((layer * (1 + H) + head) * FACTS, (layer * (1 + H) + head + 1) * FACTS);

  const showMaps = () => {
    const { patch } = data.points[context.point];
    const there = KINDS.filter(([name]) => layer < unpacked[name].layers);
    const high = mostOf(there.map(([name]) => factsOf(name)[2]));
    const where = `layer ${layer}, ${head === 0 ? 'mean of all heads' : `head ${head - 1}`}`;
    maps.replaceChildren(
      ...there.map(([name, title]) => {
        const outline = layer < L - 1 ? floatsOf(data.layers[layer].isDistraction) : undefined;
        const common = { root: true, rounded: true, high, overPhoto: true, mark: patch, outline };
        const map = { ...common, name: `${title}, ${where}`, values: mapOf(name, layer, head) };
        return heatMap(context, { ...map, caption: [element('b', {}, title), colourKey(map)] }, { readout });
      }),
    );
    if (there.length < KINDS.length)
      maps.append(
        element('p', { class: 'muted' }, 'The last layer is read out by key-key attention; its query-key is not used.'),
      );
    const named = (/** @type {number} */ p) => `row ${Math.floor(p / data.grid.width)}, column ${p % data.grid.width}`;
    facts.replaceChildren(
      table(
        ['', ...there.map(([, title]) => title)],
        [
          ['to CLS', ...there.map(([name]) => number(factsOf(name)[0]))],
          ['to itself', ...there.map(([name]) => number(factsOf(name)[1]))],
          ['most to one patch', ...there.map(([name]) => number(factsOf(name)[2]))],
          ['which', ...there.map(([name]) => named(factsOf(name)[3]))],
          ['to all distraction tokens', ...there.map(([name]) => number(factsOf(name)[4]))],
          ['an even share, 1/T', ...there.map(() => number(1 / (N + 1)))],
        ],
        `Attention of the patch, ${where}`,
      ),
    );
  };

  const showMatrix = () => {
    const [name, title] = KINDS[kind];
    const { patch } = data.points[context.point];
    const row = (/** @type {number} */ l) => {
      const cells = headNames.map((_, h) => {
        const map = { name: `${title}, layer ${l}, head ${headNames[h]}`, values: mapOf(name, l, h) };
        const figure = heatMap(context, { ...map, root: true, rounded: true, mark: patch }, { readout, small: true });
        const cell = element('td', { 'data-layer': l, 'data-head': h }, figure);
        cell.addEventListener('click', () => pick(l, h));
        return cell;
      });
      return element('tr', {}, element('th', { scope: 'row' }, String(l)), ...cells);
    };
    const heads = ['layer', 'mean', ...headNames.slice(1)].map((text) => element('th', { scope: 'col' }, text));
    const rows = Array.from({ length: unpacked[name].layers }, (_, l) => row(l));
    matrix.replaceChildren(
      element(
        'table',
        { class: 'matrix' },
        element('thead', {}, element('tr', {}, ...heads)),
        element('tbody', {}, ...rows),
      ),
    );
    markMatrix();
  };
  const markMatrix = () => {
    for (const cell of matrix.querySelectorAll('td')) {
      const chosen = cell.dataset.layer === String(layer) && cell.dataset.head === String(head);
      cell.classList.toggle('chosen', chosen);
    }
  };

  context.onPoint(() => {
    const point = data.points[context.point];
    unpacked = Object.fromEntries(
      KINDS.map(([name]) => {
        const { maps: packed, facts: numbers } = point[name];
        const values = mapsOf(packed);
        return [name, { values, facts: floatsOf(numbers), layers: values.length / (1 + H) / N }];
      }),
    );
    showMaps();
    showMatrix();
  });
  const lists = element('div', { class: 'controls' }, layerList.label, headList.label);
  const note = element(
    'p',
    { class: 'muted' },
    'Each small map has colours of its own, from nothing to its largest value; the large ones share theirs. Click a ' +
      'small one to see it large. Distraction tokens are outlined.',
  );
  return element('div', {}, lists, maps, readout, facts, kinds, matrix, note);
}
