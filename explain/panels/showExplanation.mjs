// @ts-check
import { attentionPanel } from './attention.mjs';
import { classesPanel } from './classes.mjs';
import { cutPanel } from './cut.mjs';
import { dimensionsPanel } from './dimensions.mjs';
import { distractionPanel } from './distraction.mjs';
import { drawnPanel } from './drawn.mjs';
import { element } from './elements.mjs';
import { methodsPanel } from './methods.mjs';
import { overview, pointChoice } from './overview.mjs';
import { cosinesPanel, layerMeanPanel } from './pointMaps.mjs';
import { makeContext } from './state.mjs';

/** @type {Record<string, (context: import('./state.mjs').Context) => Node>} */
const PANELS = {
  attention: attentionPanel,
  distraction: distractionPanel,
  dimensions: dimensionsPanel,
  drawn: drawnPanel,
  cut: cutPanel,
  layerMean: layerMeanPanel,
  cosines: cosinesPanel,
  classes: classesPanel,
  methods: methodsPanel,
};

/**
 * Fills an element with the panels of an explanation. It gets the class `rfclip-panels`, which the style is bound to.
 * @param {HTMLElement} root
 * @param {import('../explanation.ts').Explanation} data
 * @param {CanvasImageSource} photo at the network's size
 */
export function showExplanation(root, data, photo) {
  const context = makeContext(data, photo);
  const links = data.panels.map(({ id, title }) => element('a', { href: `#${id}` }, title));
  const sections = data.panels.map((text) =>
    element(
      'section',
      { id: text.id, class: 'panel', 'aria-labelledby': `${text.id}-title` },
      element('h2', { id: `${text.id}-title` }, text.title),
      element('p', { class: 'look' }, text.lookFor),
      PANELS[text.id](context),
      source(text),
    ),
  );
  root.classList.add('rfclip-panels');
  root.replaceChildren(
    overview(context),
    element('nav', { 'aria-label': 'Panels' }, ...links),
    pointChoice(context),
    ...sections,
  );
}

/** @param {import('../explanation.ts').PanelText} text */
function source({ equations, functions, kernels }) {
  const row = (/** @type {string} */ title, /** @type {readonly string[]} */ items) =>
    items.length === 0
      ? []
      : [
          element(
            'div',
            {},
            element('dt', {}, title),
            ...items.map((item) => element('dd', {}, element('code', {}, item))),
          ),
        ];
  const files = kernels.map((kernel) => `kernels/${kernel}.wgsl`);
  return element(
    'dl',
    { class: 'source' },
    ...row('equation', equations),
    ...row('function', functions),
    ...row('kernel', files.length > 0 ? files : ['none: computed on the host']),
  );
}
