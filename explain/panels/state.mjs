// @ts-check

/**
 * What all panels share.
 * @typedef {object} Context
 * @property {import('../explanation.ts').Explanation} data
 * @property {CanvasImageSource} photo at the network's size
 * @property {number} point the one that is looked at
 * @property {(show: () => void) => void} onPoint calls `show` now, and whenever another point is chosen
 * @property {(index: number) => void} choosePoint
 */

/**
 * @param {import('../explanation.ts').Explanation} data
 * @param {CanvasImageSource} photo
 * @returns {Context}
 */
export function makeContext(data, photo) {
  /** @type {(() => void)[]} */
  const listeners = [];
  const context = {
    data,
    photo,
    point: 0,
    onPoint: (/** @type {() => void} */ show) => {
      listeners.push(show);
      show();
    },
    choosePoint: (/** @type {number} */ index) => {
      context.point = index;
      for (const show of listeners) show();
    },
  };
  return context;
}
