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
