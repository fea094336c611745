// @ts-check

/** @typedef {[number, number, number]} Colour */

/** From nothing to the largest, even in brightness. @type {readonly Colour[]} */
const RISING = [
  [0, 0, 4],
  [40, 11, 84],
  [101, 21, 110],
  [159, 42, 99],
  [212, 72, 66],
  [245, 125, 21],
  [250, 193, 39],
  [252, 255, 164],
];

/** From the most negative through nothing to the most positive. @type {readonly Colour[]} */
const SIGNED = [
  [23, 78, 140],
  [92, 156, 206],
  [236, 236, 236],
  [244, 160, 88],
  [176, 66, 16],
];

/**
 * The colour of a place from 0 to 1 on a ramp.
 * @param {boolean} signed
 * @param {number} place
 * @returns {Colour}
 */
export function colourAt(signed, place) {
  const ramp = signed ? SIGNED : RISING;
  const position = Math.min(Math.max(place, 0), 1) * (ramp.length - 1);
  const below = Math.min(Math.floor(position), ramp.length - 2);
  const part = position - below;
  const [one, other] = [ramp[below], ramp[below + 1]];
  const mix = (/** @type {0 | 1 | 2} */ k) => Math.round(one[k] + (other[k] - one[k]) * part);
  return [mix(0), mix(1), mix(2)];
}
