// @ts-check
import { choice, element, number, table } from './elements.mjs';
import { floatsOf, sumOf } from './values.mjs';

/**
 * The photo with its points, and what is known of the run.
 * @param {import('./state.mjs').Context} context
 */
export function overview(context) {
  const { data } = context;
  const { image, grid, model, points, layers, values } = data;
  const count = points.length === 1 ? '1 point' : `${points.length} points`;
  const canvas = /** @type {HTMLCanvasElement} */ (
    element('canvas', {
      role: 'img',
      'aria-label': `The image with ${count}: ${points.map(({ title }) => title).join(', ')}`,
    })
  );
  context.onPoint(() => paintPoints(context, canvas));
  canvas.addEventListener('click', (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [
      ((event.clientX - box.left) / box.width) * grid.width - 0.5,
      ((event.clientY - box.top) / box.height) * grid.height - 0.5,
    ];
    const far = (/** @type {{ patch: number }} */ { patch }) =>
      Math.hypot((patch % grid.width) - x, Math.floor(patch / grid.width) - y);
    const order = points.map((point, index) => ({ index, far: far(point) })).sort((a, b) => a.far - b.far);
    if (order.length > 0) context.choosePoint(order[0].index);
  });
  const found = layers.map(({ isDistraction }) => sumOf(floatsOf(isDistraction)));
  const facts = table(
    ['', ''],
    [
      ['pixels of the file', `${image.width} × ${image.height}`],
      ['pixels for the network, one window', `${image.networkWidth} × ${image.networkHeight}`],
      ['patches, N', `${grid.width} × ${grid.height} = ${grid.width * grid.height}, of ${model.patch} pixels`],
      ['channels, d', String(model.width)],
      ['threshold 5/d', number(Math.fround(values.sigma / model.width))],
      ['distraction dimensions', data.dimensions.join(', ')],
      ['distraction tokens, all layers', number(sumOf(found))],
    ],
    'The run',
  );
  facts.classList.add('facts');
  const none =
    sumOf(found) > 0
      ? []
      : [
          element(
            'p',
            { class: 'notice' },
            'No patch of this image passes the threshold in any layer, so there is nothing to refocus: before and ' +
              'after are equal on this page.',
          ),
        ];
  const notices = data.notices.map((notice) => element('p', { class: 'notice' }, notice));
  return element(
    'section',
    { id: 'image', 'aria-label': 'The image' },
    element('div', { class: 'overview' }, element('figure', { class: 'map' }, canvas), facts),
    ...none,
    ...notices,
  );
}

/**
 * Which point is looked at; stays in sight.
 * @param {import('./state.mjs').Context} context
 */
export function pointChoice(context) {
  const bar = element('div', { class: 'points' });
  context.onPoint(() => {
    const focused = bar.contains(document.activeElement);
    const titles = context.data.points.map(({ title }, index) => `${index + 1} ${title}`);
    bar.replaceChildren(choice('Patch', titles, context.point, context.choosePoint));
    if (focused) /** @type {HTMLElement | null} */ (bar.querySelector('input:checked'))?.focus();
  });
  return bar;
}

/**
 * @param {import('./state.mjs').Context} context
 * @param {HTMLCanvasElement} canvas
 */
function paintPoints({ data, photo, point }, canvas) {
  const { grid, model, image } = data;
  canvas.width = image.networkWidth;
  canvas.height = image.networkHeight;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  pen.drawImage(photo, 0, 0);
  const size = Math.max(14, Math.round(canvas.height / 20));
  pen.font = `600 ${size}px system-ui, sans-serif`;
  data.points.forEach(({ patch }, index) => {
    const [x, y] = [(patch % grid.width) * model.patch, Math.floor(patch / grid.width) * model.patch];
    for (const [colour, width] of /** @type {[string, number][]} */ ([
      ['#000', 4],
      [index === point ? '#3ddcff' : '#fff', 2],
    ])) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.strokeRect(x, y, model.patch, model.patch);
    }
    const text = String(index + 1);
    const right = x + model.patch + 5 + pen.measureText(text).width < canvas.width;
    pen.textAlign = right ? 'left' : 'right';
    pen.textBaseline = 'middle';
    const place = /** @type {const} */ ([right ? x + model.patch + 5 : x - 5, y + model.patch / 2]);
    pen.strokeStyle = '#000';
    pen.lineWidth = 4;
    pen.strokeText(text, ...place);
    pen.fillStyle = index === point ? '#3ddcff' : '#fff';
    pen.fillText(text, ...place);
  });
}
