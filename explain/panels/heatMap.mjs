// @ts-check
import { colourAt } from './colours.mjs';
import { element, number } from './elements.mjs';
import { exactText, mostOf } from './values.mjs';

/**
 * What a heat map shows: a value for every patch.
 * @typedef {object} HeatMap
 * @property {ArrayLike<number>} values [N]
 * @property {string} name for those who do not see it
 * @property {boolean} [signed] whether 0 is in the middle of the colours
 * @property {boolean} [root] whether colours follow the square root, for values that mostly are small
 * @property {boolean} [rounded] whether values are of 8 bits
 * @property {number} [low] default: 0, or the negative of `high`
 * @property {number} [high] default: the largest value
 * @property {ArrayLike<number>} [outline] [N], 1 for patches to be outlined
 * @property {ArrayLike<number>} [dimmed] [N], 1 for patches that do not count
 * @property {number} [mark] a patch that is marked
 * @property {boolean} [overPhoto] whether the photo shines through
 * @property {(Node | string)[]} [caption]
 */

/**
 * Draws a heat map; a large one can be walked with the arrow keys.
 * @param {import('./state.mjs').Context} context
 * @param {HeatMap} map
 * @param {{ readout?: HTMLElement, small?: boolean }} [options]
 */
export function heatMap(context, map, { readout, small = false } = {}) {
  const { grid } = context.data;
  const canvas = /** @type {HTMLCanvasElement} */ (
    element('canvas', { role: 'img', 'aria-label': map.name, class: small ? 'small' : 'large' })
  );
  let cursor = map.mark ?? 0;
  paint(context, canvas, map, small, undefined);
  const say = (/** @type {number} */ patch) => {
    if (readout === undefined) return;
    const [row, column] = [Math.floor(patch / grid.width), patch % grid.width];
    const value = map.rounded === true ? `about ${map.values[patch].toPrecision(3)}` : exactText(map.values[patch]);
    readout.textContent = `${map.name}: row ${row}, column ${column} has ${value}`;
    if (!small) paint(context, canvas, map, small, patch);
  };
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * grid.width);
    const row = Math.floor(((event.clientY - box.top) / box.height) * grid.height);
    if (column < 0 || row < 0 || column >= grid.width || row >= grid.height) return;
    cursor = row * grid.width + column;
    say(cursor);
  });
  canvas.addEventListener('pointerleave', () => !small && paint(context, canvas, map, small, undefined));
  if (!small && readout !== undefined) {
    canvas.tabIndex = 0;
    canvas.addEventListener('focus', () => say(cursor));
    canvas.addEventListener('blur', () => paint(context, canvas, map, small, undefined));
    canvas.addEventListener('keydown', (event) => {
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      const step = steps[/** @type {keyof typeof steps} */ (event.key)];
      if (step === undefined) return;
      event.preventDefault();
      const row = Math.min(Math.max(Math.floor(cursor / grid.width) + step[0], 0), grid.height - 1);
      const column = Math.min(Math.max((cursor % grid.width) + step[1], 0), grid.width - 1);
      cursor = row * grid.width + column;
      say(cursor);
    });
  }
  const caption = map.caption === undefined ? [] : [element('figcaption', {}, ...map.caption)];
  return element('figure', { class: small ? 'map small' : 'map' }, canvas, ...caption);
}

/**
 * Where the colours of a map begin and end.
 * @param {HeatMap} map
 */
function rangeOf({ values, signed, low, high }) {
  const most = high ?? (signed === true ? mostOf(Array.from(values, Math.abs)) : mostOf(values));
  return { low: low ?? (signed === true ? -most : 0), high: most };
}

/**
 * @param {import('./state.mjs').Context} context
 * @param {HTMLCanvasElement} canvas
 * @param {HeatMap} map
 * @param {boolean} small
 * @param {number | undefined} cursor
 */
function paint({ data, photo }, canvas, map, small, cursor) {
  const { width, height } = data.grid;
  const { patch } = data.model;
  const cell = small && map.overPhoto !== true ? 4 : patch;
  canvas.width = width * cell;
  canvas.height = height * cell;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  if (map.overPhoto === true) pen.drawImage(photo, 0, 0);
  const { low, high } = rangeOf(map);
  for (let i = 0; i < width * height; i++) {
    const part = high > low ? (map.values[i] - low) / (high - low) : 0;
    const [red, green, blue] = colourAt(map.signed === true, map.root === true ? Math.sqrt(Math.max(part, 0)) : part);
    const alpha = map.overPhoto === true ? 0.74 : 1;
    pen.fillStyle = map.dimmed?.[i] === 1 ? '#6b7178' : `rgb(${red} ${green} ${blue} / ${alpha})`;
    pen.fillRect((i % width) * cell, Math.floor(i / width) * cell, cell, cell);
  }
  const line = Math.max(1, Math.round(canvas.width / 150));
  if (map.outline !== undefined) strokeMask(pen, map.outline, width, height, cell, line);
  for (const [at, colour] of /** @type {[number | undefined, string][]} */ ([
    [map.mark, '#3ddcff'],
    [cursor, '#ffffff'],
  ])) {
    if (at === undefined) continue;
    pen.lineWidth = line;
    const [x, y] = [(at % width) * cell, Math.floor(at / width) * cell];
    pen.strokeStyle = '#000';
    pen.strokeRect(x - line / 2, y - line / 2, cell + line, cell + line);
    pen.strokeStyle = colour;
    pen.strokeRect(x + line / 2, y + line / 2, cell - line, cell - line);
  }
}

/**
 * Strokes the edge of a mask.
 * @param {CanvasRenderingContext2D} pen
 * @param {ArrayLike<number>} mask
 * @param {number} width
 * @param {number} height
 * @param {number} cell
 * @param {number} line
 */
function strokeMask(pen, mask, width, height, cell, line) {
  const inside = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] !== 0;
  pen.fillStyle = '#3ddcff';
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y)) continue;
      if (!inside(x - 1, y)) pen.fillRect(x * cell, y * cell, line, cell);
      if (!inside(x + 1, y)) pen.fillRect((x + 1) * cell - line, y * cell, line, cell);
      if (!inside(x, y - 1)) pen.fillRect(x * cell, y * cell, cell, line);
      if (!inside(x, y + 1)) pen.fillRect(x * cell, (y + 1) * cell - line, cell, line);
    }
  }
}

/**
 * What the colours of a map mean.
 * @param {HeatMap} map
 */
export function colourKey(map) {
  const canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { width: 128, height: 1, 'aria-hidden': 'true' }));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  for (let x = 0; x < 128; x++) {
    const place = map.root === true ? Math.sqrt(x / 127) : x / 127;
    pen.fillStyle = `rgb(${colourAt(map.signed === true, place).join(' ')})`;
    pen.fillRect(x, 0, 1, 1);
  }
  const { low, high } = rangeOf(map);
  return element('span', { class: 'key' }, number(low), canvas, number(high));
}
