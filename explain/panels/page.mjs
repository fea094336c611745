// @ts-check
import { showExplanation } from './showExplanation.mjs';

const stored = /** @type {HTMLElement} */ (document.getElementById('data'));
const shown = /** @type {HTMLImageElement} */ (document.getElementById('photo'));
const place = /** @type {HTMLElement} */ (document.getElementById('explanation'));
// Not `decode`, which may wait for an image to be in sight.
const start = () => showExplanation(place, JSON.parse(stored.textContent ?? ''), shown);
if (shown.complete) start();
else shown.addEventListener('load', start);
