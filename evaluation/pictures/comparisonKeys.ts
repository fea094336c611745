import type { LabelMap } from '../../clip/image/types.ts';
import { IGNORED_LABEL } from '../../datasets/confusion.ts';
import { asPercent } from '../../datasets/metrics.ts';
import type { Colour } from '../../pictures/canvas.ts';
import type { ComparisonKey } from './comparisonLegend.ts';
import { WRONG } from './comparisonPanels.ts';

/**
 * What the legend of a comparison explains: the classes that are labelled or predicted anywhere, by their pixels in
 * both together, with their IoU in percent; then, where they occur, wrong and ignored pixels.
 *
 * @param palette RGB triples, one for every label that occurs
 * @param mostClasses the others are counted in one line
 * @returns the keys, at least one, and the share of wrong pixels among those not ignored, null where all are
 */
export function comparisonKeys(
  { truth, prediction, iou }: { truth: LabelMap; prediction: LabelMap; iou: readonly (number | null)[] },
  classNames: readonly string[],
  palette: Uint8Array,
  mostClasses: number,
): { keys: ComparisonKey[]; wrong: number | null } {
  const areas = new Uint32Array(palette.length / 3);
  let [ignored, wrong] = [0, 0];
  truth.data.forEach((label, pixel) => {
    const predicted = prediction.data[pixel];
    areas[predicted]++;
    if (label === IGNORED_LABEL) ignored++;
    else areas[label]++;
    if (label !== IGNORED_LABEL && label !== predicted) wrong++;
  });
  const labels = [...areas.keys()].filter((label) => areas[label] > 0).sort((a, b) => areas[b] - areas[a] || a - b);
  const keys: ComparisonKey[] = labels.slice(0, mostClasses).map((label) => ({
    name: classNames[label] ?? `label ${label}, no class`,
    value: asPercent(iou[label] ?? null),
    colour: [palette[label * 3], palette[label * 3 + 1], palette[label * 3 + 2]] satisfies Colour,
  }));
  if (labels.length > mostClasses) keys.push({ name: `and ${labels.length - mostClasses} more` });
  if (wrong > 0) keys.push({ name: 'wrong', colour: WRONG });
  if (ignored > 0) keys.push({ name: 'ignored', colour: 'hatched' });
  const counted = truth.data.length - ignored;
  return { keys, wrong: counted === 0 ? null : wrong / counted };
}
