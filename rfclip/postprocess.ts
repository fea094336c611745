import { RfclipError, ShapeError } from '../engine/errors.ts';

/** What happens to labels after the argmax. Pixels are counted row-major, P = height * width; K classes. */
export type LabelMap = Uint8Array | Uint16Array | Int32Array | Uint32Array;

/**
 * The area every class covers in a label map.
 *
 * @param labels [P], every value below `classCount` (65535 and the like are not expected here).
 * @returns uint32 [K].
 * @throws ShapeError if a label is not below `classCount`.
 */
export function countLabels(labels: LabelMap, classCount: number): Uint32Array {
  const areas = new Uint32Array(classCount);
  for (const label of labels) {
    if (label >= classCount)
      throw new ShapeError(`A label map contains ${label}, expected labels below ${classCount}.`, 'countLabels');
    areas[label] += 1;
  }
  return areas;
}

/**
 * Which classes keep their probabilities under SCLIP's area threshold: class 0 (background) always; another class if
 * its argmax area is ABOVE `areaThreshold` times the area of all classes but 0. Source: SCLIP, `clip_segmentor.py`,
 * `postprocess_result`. There the comparison is in float32; so is it here, as equality is common (areas are whole
 * numbers).
 *
 * @param areas [K], areas of the argmax BEFORE the probability threshold, from `countLabels`.
 * @param areaThreshold the published `area_thd`, a share from 0 to 1.
 * @returns uint8 [K]: 1 keep, 0 zero.
 * @throws RfclipError (`RFCLIP-AREA`) if the threshold is not from 0 to 1.
 */
export function classesAboveArea(areas: ArrayLike<number>, areaThreshold: number): Uint8Array {
  if (!(areaThreshold >= 0 && areaThreshold <= 1)) {
    throw new RfclipError(`The area threshold is ${areaThreshold}, expected a share from 0 to 1.`, {
      code: 'RFCLIP-AREA',
      where: 'areaThreshold',
    });
  }
  let foreground = 0;
  for (let label = 1; label < areas.length; label++) foreground += areas[label];
  const smallest = Math.fround(Math.fround(areaThreshold) * Math.fround(foreground));
  return Uint8Array.from({ length: areas.length }, (_, label) => (label === 0 || areas[label] > smallest ? 1 : 0));
}

/**
 * SCLIP's area threshold as a whole: takes the classes that are too small out of the race, so their pixels go to the
 * best class that is LEFT at that pixel (which need not be background); then the probability threshold.
 *
 * A label map alone is not enough for that. Where probabilities stay on the device, do the same in three steps there:
 * argmax without thresholds, `classesAboveArea(countLabels(...))` here, argmax again with the kept classes only.
 *
 * @param probabilities [K, P], one plane per class, not negative; the planes of dropped classes are set to 0.
 * @param labels [P], the argmax of `probabilities`; overwritten by the new labels.
 * @param areaThreshold the published `area_thd`, a share from 0 to 1.
 * @param probabilityThreshold pixels whose largest kept probability is below it become class 0.
 * @returns uint8 [K]: which classes were kept.
 * @throws ShapeError if there is not one plane of P values per class; RfclipError (`RFCLIP-AREA`) for the threshold.
 */
export function zeroSmallClasses(
  probabilities: Float32Array | Float64Array,
  labels: LabelMap,
  classCount: number,
  areaThreshold: number,
  probabilityThreshold: number,
): Uint8Array {
  const pixels = labels.length;
  if (probabilities.length !== classCount * pixels) {
    throw new ShapeError(
      `There are ${probabilities.length} probabilities for ${classCount} classes and ${pixels} pixels, expected ` +
        `${classCount * pixels}.`,
      'zeroSmallClasses',
    );
  }
  const kept = classesAboveArea(countLabels(labels, classCount), areaThreshold);
  for (let label = 0; label < classCount; label++) {
    if (kept[label] === 0) probabilities.fill(0, label * pixels, (label + 1) * pixels);
  }
  for (let pixel = 0; pixel < pixels; pixel++) {
    let best = 0;
    for (let label = 1; label < classCount; label++) {
      if (probabilities[label * pixels + pixel] > probabilities[best * pixels + pixel]) best = label;
    }
    labels[pixel] = probabilities[best * pixels + pixel] < probabilityThreshold ? 0 : best;
  }
  return kept;
}
