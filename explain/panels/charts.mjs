// @ts-check
import { roundedText } from './values.mjs';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 220, 56, 28, 12];

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
function svg(tag, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * The frame of a chart.
 * @param {string} name
 * @param {number} high the end of the axis
 * @param {readonly [number, string][]} ticks of the other axis: place from 0 to 1, and text
 */
function frame(name, high, ticks) {
  const chart = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': name, class: 'chart' });
  for (const part of [0, 0.5, 1]) {
    const y = yOf(part);
    chart.append(
      svg('line', { x1: LEFT, x2: WIDTH, y1: y, y2: y, class: 'grid' }),
      svg('text', { x: LEFT - 8, y: y + 4, 'text-anchor': 'end' }, roundedText(part * high)),
    );
  }
  for (const [part, text] of ticks)
    chart.append(svg('text', { x: xOf(part), y: HEIGHT - 8, 'text-anchor': 'middle' }, text));
  return chart;
}

const xOf = (/** @type {number} */ part) => LEFT + 10 + part * (WIDTH - LEFT - 20);
const yOf = (/** @type {number} */ part) => HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP);

/**
 * A chart of values by layer.
 * @param {string} name
 * @param {readonly { name: string, values: readonly number[], class: string }[]} lines
 */
export function layerChart(name, lines) {
  const count = lines[0].values.length;
  const high = Math.max(...lines.flatMap(({ values }) => values)) * 1.05 || 1;
  const place = (/** @type {number} */ layer) => (count > 1 ? layer / (count - 1) : 0.5);
  const chart = frame(
    name,
    high,
    Array.from({ length: count }, (_, layer) => [place(layer), String(layer)]),
  );
  for (const line of lines) {
    const points = line.values.map((value, layer) => `${xOf(place(layer))},${yOf(value / high)}`);
    chart.append(svg('polyline', { points: points.join(' '), class: `line ${line.class}` }));
    if (line.class === 'threshold') continue;
    line.values.forEach((value, layer) => {
      const dot = { cx: xOf(place(layer)), cy: yOf(value / high), r: 3.5, class: `dot ${line.class}` };
      chart.append(svg('circle', dot, svg('title', {}, `${line.name}, layer ${layer}: ${roundedText(value)}`)));
    });
  }
  return chart;
}

/**
 * A bar for every channel.
 * @param {string} name
 * @param {ArrayLike<number>} values
 * @param {readonly number[]} marked channels
 * @param {number} level of a line across
 */
export function channelChart(name, values, marked, level) {
  const count = values.length;
  const high = Math.max(level, ...Array.from(values)) * 1.05;
  const step = (WIDTH - LEFT - 20) / count;
  const x = (/** @type {number} */ channel) => LEFT + 10 + channel * step;
  const ticks = [0, 0.25, 0.5, 0.75].map((part) => /** @type {[number, string]} */ ([part, String(part * count)]));
  const chart = frame(name, high, [...ticks, [1, String(count - 1)]]);
  const bar = (/** @type {number} */ channel) =>
    `M${x(channel)} ${yOf(0)}V${yOf(values[channel] / high)}h${step}V${yOf(0)}z`;
  const plain = Array.from({ length: count }, (_, channel) => channel).filter((channel) => !marked.includes(channel));
  chart.append(svg('path', { d: plain.map(bar).join(''), class: 'bar' }));
  for (const channel of marked) {
    const wide = Math.max(step, 2.5);
    const top = yOf(values[channel] / high);
    const shape = { x: x(channel) + step / 2 - wide / 2, y: top, width: wide, height: Math.max(yOf(0) - top, 0) };
    const title = svg('title', {}, `dimension ${channel}: ${roundedText(values[channel])}`);
    chart.append(svg('rect', { ...shape, class: 'bar marked' }, title));
  }
  const y = yOf(level / high);
  chart.append(svg('line', { x1: LEFT, x2: WIDTH, y1: y, y2: y, class: 'line threshold' }));
  return chart;
}
