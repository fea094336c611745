import type { Confusion } from './confusion.ts';

/** Pixels per class, each float64 [K] holding integers. */
export interface Areas {
  /** Label and prediction are the class. */
  intersection: Float64Array;
  /** Label or prediction is the class. */
  union: Float64Array;
  /** Predicted as the class, ignored pixels left out. */
  prediction: Float64Array;
  /** Labelled as the class. */
  label: Float64Array;
}

/** Ratios from 0 to 1. `null` stands for 0/0: MMSegmentation's NaN, left out of means. */
export interface Metrics {
  /** Share of labelled pixels that were predicted right, over all classes. */
  aAcc: number | null;
  /** Mean of `iou` over the classes that have one. */
  mIoU: number | null;
  /** Mean of `accuracy` over the classes that have one. */
  mAcc: number | null;
  /** Intersection over union per class [K]; `null` for a class that was neither labelled nor predicted. */
  iou: (number | null)[];
  /** Share of a class's pixels that were predicted right [K]; `null` for a class that was not labelled. */
  accuracy: (number | null)[];
}

/**
 * Areas per class, as MMSegmentation's `IoUMetric.intersect_and_union` sums them over images.
 *
 * A label that is no class counts in `prediction` and `union` of what was predicted there, not in `label`; a prediction
 * that is no class counts in `label` and `union` only.
 */
export function areasOf({ classes, counts }: Confusion): Areas {
  const columns = classes + 1;
  const areas: Areas = {
    intersection: new Float64Array(classes),
    union: new Float64Array(classes),
    prediction: new Float64Array(classes),
    label: new Float64Array(classes),
  };
  for (let row = 0; row < columns; row++) {
    for (let column = 0; column < columns; column++) {
      const count = counts[row * columns + column];
      if (row < classes) areas.label[row] += count;
      if (column < classes) areas.prediction[column] += count;
      if (row === column && row < classes) areas.intersection[row] = count;
    }
  }
  for (let k = 0; k < classes; k++) areas.union[k] = areas.prediction[k] + areas.label[k] - areas.intersection[k];
  return areas;
}

/**
 * aAcc, mIoU and mAcc from areas, as MMSegmentation's `IoUMetric.total_area_to_metrics` computes them: areas are summed
 * over images first, then divided. Sums are exact here, where MMSegmentation adds float32 histograms; its ratios can
 * differ from these by about 1e-7.
 */
export function metricsOf({ intersection, union, label }: Areas): Metrics {
  const iou = Array.from(intersection, (area, k) => ratio(area, union[k]));
  const accuracy = Array.from(intersection, (area, k) => ratio(area, label[k]));
  return {
    aAcc: ratio(sum(intersection), sum(label)),
    mIoU: meanOfKnown(iou),
    mAcc: meanOfKnown(accuracy),
    iou,
    accuracy,
  };
}

/** A ratio as papers print it: percent with two decimals, or `-` where there is none. */
export function asPercent(value: number | null): string {
  return value === null ? '-' : (Math.round(value * 1e4) / 100).toFixed(2);
}

/**
 * Pixels whose label is neither a class nor ignored: more than none means that labels and class list do not belong
 * together.
 */
export function labelsOutOfRange({ classes, counts }: Confusion): number {
  return sum(counts.subarray(classes * (classes + 1)));
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0) / known.length;
}
