// @ts-check
import { exactText, roundedText } from './values.mjs';

let made = 0;

/**
 * An element. Values are set as attributes.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | undefined>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * A number, rounded to look at; the element's value is exact.
 * @param {number} value
 * @param {string} [unit] behind it
 */
export function number(value, unit = '') {
  const exact = exactText(value);
  return element('data', { value: exact, title: exact }, roundedText(value) + unit);
}

/**
 * A table; the first cell of a row is its head.
 * @param {readonly string[]} heads
 * @param {readonly (readonly (Node | string)[])[]} rows
 * @param {string} [caption]
 */
export function table(heads, rows, caption) {
  const body = rows.map(([head, ...cells]) =>
    element('tr', {}, element('th', { scope: 'row' }, head), ...cells.map((cell) => element('td', {}, cell))),
  );
  const top = heads.map((head) => (head === '' ? element('td') : element('th', { scope: 'col' }, head)));
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption ?? heads.join(', ') },
    element(
      'table',
      {},
      ...(caption === undefined ? [] : [element('caption', {}, caption)]),
      element('thead', {}, element('tr', {}, ...top)),
      element('tbody', {}, ...body),
    ),
  );
}

/**
 * Radio buttons in a row.
 * @param {string} legend
 * @param {readonly string[]} options
 * @param {number} chosen
 * @param {(index: number) => void} onChoice
 */
export function choice(legend, options, chosen, onChoice) {
  const group = `choice${++made}`;
  const labels = options.map((option, index) => {
    const input = element('input', { type: 'radio', name: group, value: index, checked: index === chosen });
    input.addEventListener('change', () => onChoice(index));
    return element('label', {}, input, element('span', {}, option));
  });
  return element('fieldset', { class: 'choice' }, element('legend', {}, legend), ...labels);
}

/**
 * A list to choose from.
 * @param {string} title
 * @param {readonly string[]} options
 * @param {number} chosen
 * @param {(index: number) => void} onChoice
 * @returns {{ label: HTMLElement, set: (index: number) => void }}
 */
export function list(title, options, chosen, onChoice) {
  const select = /** @type {HTMLSelectElement} */ (
    element('select', {}, ...options.map((option, index) => element('option', { value: index }, option)))
  );
  select.value = String(chosen);
  select.addEventListener('change', () => onChoice(Number(select.value)));
  return {
    label: element('label', { class: 'list' }, `${title} `, select),
    set: (index) => void (select.value = String(index)),
  };
}

/**
 * A colour, as in the label map.
 * @param {readonly number[]} colour
 */
export function swatch(colour) {
  const made = element('span', { class: 'swatch', 'aria-hidden': 'true' });
  made.style.background = `rgb(${colour.join(' ')})`;
  return made;
}
