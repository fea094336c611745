// @ts-check
import { choice, element, number, swatch, table } from './elements.mjs';
import { labelsOf } from './values.mjs';

/**
 * Label maps of methods beside each other.
 * @param {import('./state.mjs').Context} context
 */
export function methodsPanel(context) {
  const { data } = context;
  const { methods } = data.labels;
  const maps = element('div', { class: 'maps three' });
  const show = (/** @type {number} */ index) =>
    maps.replaceChildren(...methods.map((method) => labelled(context, method, [0.5, 1, 0][index])));
  show(0);
  const found = data.classes.flatMap((entry, label) =>
    methods.some(({ shares }) => shares[label] > 0) ? [{ ...entry, label }] : [],
  );
  const first = labelsOf(methods[0].runs, data.image.networkWidth * data.image.networkHeight);
  const agreement = methods.map(({ runs }) => {
    const labels = labelsOf(runs, first.length);
    return labels.reduce((sum, label, i) => sum + Number(label === first[i]), 0) / first.length;
  });
  return element(
    'div',
    {},
    choice('Labels', ['over the image', 'alone', 'image alone'], 0, show),
    maps,
    table(
      ['', ...methods.map(({ name }) => name)],
      [
        ...found.map(({ name, label }) => [name, ...methods.map(({ shares }) => number(100 * shares[label], ' %'))]),
        [`agrees with ${methods[0].name}`, ...agreement.map((part) => number(100 * part, ' %'))],
      ],
      'Shares of the image',
    ),
    element(
      'dl',
      { class: 'summaries' },
      ...methods.map(({ name, summary }) => element('div', {}, element('dt', {}, name), element('dd', {}, summary))),
    ),
  );
}

/**
 * A label map over the photo, with what its colours mean.
 * @param {import('./state.mjs').Context} context
 * @param {import('../explanation.ts').LabelledImage} image
 * @param {number} [opacity]
 */
export function labelled({ data, photo }, image, opacity = 0.5) {
  const { networkWidth: width, networkHeight: height } = data.image;
  const found = data.classes.flatMap((entry, label) =>
    image.shares[label] > 0 ? [{ ...entry, share: image.shares[label] }] : [],
  );
  const name = `${image.name}: ${found.map((entry) => entry.name).join(', ')}`;
  const canvas = /** @type {HTMLCanvasElement} */ (
    element('canvas', { role: 'img', 'aria-label': name, width, height })
  );
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  pen.drawImage(photo, 0, 0);
  const pixels = pen.getImageData(0, 0, width, height);
  labelsOf(image.runs, width * height).forEach((label, i) => {
    const { colour } = data.classes[label];
    for (let k = 0; k < 3; k++) pixels.data[4 * i + k] = (1 - opacity) * pixels.data[4 * i + k] + opacity * colour[k];
  });
  pen.putImageData(pixels, 0, 0);
  const legend = found
    .sort((a, b) => b.share - a.share)
    .map((entry) => element('span', {}, swatch(entry.colour), entry.name));
  return element(
    'figure',
    { class: 'map' },
    canvas,
    element('figcaption', {}, element('b', {}, image.name), element('span', { class: 'legend' }, ...legend)),
  );
}
