import * as z from 'zod';
import { addConfusion, type Confusion, countPixels, emptyConfusion } from '../../datasets/confusion.ts';
import { renameLabels } from '../../datasets/convert/renameLabels.ts';
import { reduceZeroLabel } from '../../datasets/reduceZeroLabel.ts';
import { areasOf, metricsOf } from '../../datasets/metrics.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { EXACT, type Tolerance } from '../comparison/compare.ts';
import { parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import { type CasePart, wholeCase } from './casePart.ts';

/** Ratios of integers, recorded as float32. */
const RATIO: Tolerance = { kind: 'absolute', value: 1e-6 };

/**
 * Cases of the folder `metrics`: MMSegmentation's IoUMetric and label conversions. They need no device.
 * @returns undefined for a kind it does not know.
 */
export function metricsCase(reference: ReferenceCase): CasePart[] | undefined {
  const [kind] = reference.name.split('/');
  if (kind === 'iou') return wholeCase(reference, runMetric);
  if (kind === 'coco_object') return wholeCase(reference, runCocoObject);
  if (kind === 'reduce_zero_label') return wholeCase(reference, runReduceZeroLabel);
  return undefined;
}

const metricParameters = z.object({
  num_classes: z.number().int().min(1).max(65535),
  n_images: z.number().int().min(1),
  reduce_zero_label: z.boolean(),
});

function runMetric(checks: CaseChecks): void {
  const {
    num_classes: classes,
    n_images: images,
    reduce_zero_label: reduce,
  } = parametersOf(checks.reference, metricParameters);
  const total = emptyConfusion(classes);
  for (let image = 0; image < images; image++) {
    const labels = Uint8Array.from(checks.input(`label${image}`).values);
    if (reduce) {
      reduceZeroLabel(labels);
      checks.compare(`label${image}_reduced`, labels, EXACT);
    }
    const one = emptyConfusion(classes);
    countPixels(one, checks.input(`pred${image}`).values, labels);
    compareAreas(checks, one, (name) => `${name}${image}`);
    addConfusion(total, one);
  }
  compareAreas(checks, total, (name) => `total_${name}`);
  const { iou, accuracy } = metricsOf(areasOf(total));
  const recorded = (ratios: (number | null)[]) => ratios.map((ratio) => ratio ?? -1);
  checks.compare('iou_nan_as_minus1', recorded(iou), RATIO);
  checks.compare('acc_nan_as_minus1', recorded(accuracy), RATIO);
}

function compareAreas(checks: CaseChecks, confusion: Confusion, nameOf: (name: string) => string): void {
  const areas = areasOf(confusion);
  checks.compare(nameOf('intersect'), areas.intersection, EXACT);
  checks.compare(nameOf('union'), areas.union, EXACT);
  checks.compare(nameOf('pred_hist'), areas.prediction, EXACT);
  checks.compare(nameOf('label_hist'), areas.label, EXACT);
}

function runCocoObject(checks: CaseChecks): void {
  const { values, shape } = checks.input('mask');
  const map = { height: shape[0], width: shape[1], data: Uint8Array.from(values) };
  checks.compare('converted', renameLabels(map, 'coco-object', checks.reference.name).labels, EXACT);
}

function runReduceZeroLabel(checks: CaseChecks): void {
  const labels = Uint8Array.from(checks.input('label').values);
  reduceZeroLabel(labels);
  checks.compare('reduced', labels, EXACT);
}
