// @ts-check
import { element, number, swatch, table } from './elements.mjs';
import { colourKey, heatMap } from './heatMap.mjs';
import { labelled } from './methods.mjs';
import { floatsOf, mostOf } from './values.mjs';

/**
 * Similarity, difference and probability of every class.
 * @param {import('./state.mjs').Context} context
 */
export function classesPanel(context) {
  const { data } = context;
  const { similarities, classes, labels } = data;
  const readout = element('output', { class: 'readout' }, 'Point at a map to read its values.');
  const rows = similarities.shown.map((label, index) => {
    const [before, after] = [floatsOf(similarities.before[index]), floatsOf(similarities.after[index])];
    const difference = after.map((value, i) => value - before[i]);
    const both = [...before, ...after];
    const range = { low: -mostOf(both.map((value) => -value)), high: mostOf(both) };
    const { name } = classes[label];
    const most = Math.max(mostOf(difference.map(Math.abs)), 1e-6);
    const map = { before: { name: `${name}, before`, values: before, ...range } };
    return element(
      'section',
      { class: 'class', 'aria-label': name },
      element('h3', {}, swatch(classes[label].colour), name),
      element(
        'div',
        { class: 'maps five' },
        heatMap(
          context,
          { ...map.before, caption: ['similarity before', colourKey(map.before)] },
          { readout, small: true },
        ),
        heatMap(
          context,
          { name: `${name}, after`, values: after, ...range, caption: ['similarity after'] },
          { readout, small: true },
        ),
        heatMap(
          context,
          {
            name: `${name}, after − before`,
            values: difference,
            signed: true,
            high: most,
            caption: ['after − before, at most ', number(mostOf(difference.map(Math.abs)))],
          },
          { readout, small: true },
        ),
        ...['before', 'after'].map((when) => {
          const packed = when === 'before' ? similarities.probabilityBefore : similarities.probabilityAfter;
          const values = floatsOf(packed[index]);
          const caption = [`probability ${when}`];
          return heatMap(
            context,
            { name: `${name}, probability ${when}`, values, high: 1, caption },
            { readout, small: true },
          );
        }),
      ),
    );
  });
  const hidden = classes.length - similarities.shown.length;
  return element(
    'div',
    {},
    element('div', { class: 'maps two' }, labelled(context, labels.before), labelled(context, labels.after)),
    table(
      ['class', 'share before', 'share after'],
      similarities.shown.map((label) => [
        classes[label].name,
        number(100 * labels.before.shares[label], ' %'),
        number(100 * labels.after.shares[label], ' %'),
      ]),
      'Shares of the image',
    ),
    ...rows,
    readout,
    ...(hidden > 0
      ? [element('p', { class: 'muted' }, `${hidden} more classes with smaller shares have no maps.`)]
      : []),
  );
}
