import { DARK_PAPER, PAPER, RIGHT, WRONG } from './colours.ts';

const [RIGHT_RGB, WRONG_RGB, PAPER_RGB, DARK_PAPER_RGB] = [RIGHT, WRONG, PAPER, DARK_PAPER].map(
  (colour) => `rgb(${colour.join(' ')})`,
);

/** The page's style sheet: one column, system fonts, figures of equal width, no boxes. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff; --ink: #1b1e22; --muted: #5b626b; --line: #e2e4e7; --paper: ${PAPER_RGB}; --link: #1a5aa8;
  --iou: ${RIGHT_RGB}; --acc: #a9c8ea; --wrong: ${WRONG_RGB}; --warning: #fdf3dc; --warning-line: #d9a227;
    --black: #000;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --ink: #e4e7ea; --muted: #9ba3ac; --line: #2b3036; --paper: ${DARK_PAPER_RGB}; --link: #7db4f0;
    --iou: #5a9ae0; --acc: #2c4a6b; --wrong: #e07a3f; --warning: #2c2514; --warning-line: #a67c1c; --black: #fff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 65rem; background: var(--page); color: var(--ink);
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
    font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1, h2, h3 { font-weight: 600; line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 1.75rem; }
h2 { font-size: 1.25rem; margin-bottom: 0.75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.5rem; }
section { margin-top: 3.5rem; }
p { margin: 0; }
a { color: var(--link); text-underline-offset: 0.15em; }
small { font-size: 0.5em; color: var(--muted); font-weight: 400; }
code { font: 0.875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }

.method { color: var(--muted); margin-top: 0.25rem; }
.figures { display: flex; flex-wrap: wrap; gap: 1.25rem 3.5rem; margin: 2rem 0 1.5rem; align-items: end;
  align-items: last baseline; }
.figures dt { color: var(--muted); }
.figures dd { margin: 0; font-size: 2rem; line-height: 1.1; letter-spacing: -0.01em; }
.figures div:first-child dd { font-size: 3.25rem; font-weight: 600; letter-spacing: -0.02em; }
.figures small { letter-spacing: 0; }
.published { color: var(--muted); }
.warnings { list-style: none; margin: 1rem 0 0; padding: 0.75rem 1rem; background: var(--warning);
  border-left: 3px solid var(--warning-line); }
nav { margin-top: 1.5rem; padding: 0.6rem 0; border: solid var(--line); border-width: 1px 0; display: flex;
  flex-wrap: wrap; gap: 0.25rem 1.5rem; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }

table { border-collapse: collapse; width: 100%; }
caption, figcaption, .caption { text-align: left; color: var(--muted); margin-bottom: 0.75rem; max-width: 46rem; }
caption { padding-bottom: 0.75rem; margin: 0; }
th, td { padding: 0.2rem 0.75rem 0.2rem 0; text-align: right; font-weight: 400; vertical-align: baseline;
  white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
th[scope="row"], .confusions td:nth-child(2), .failures td, .failures th, th[data-column="1"] { text-align: left;
  white-space: normal; }
.confusions th:nth-child(-n+2) { text-align: left; }
thead th, thead td { color: var(--muted); border-bottom: 1px solid var(--line); padding-bottom: 0.4rem;
  vertical-align: bottom; }
tbody tr:first-child > * { padding-top: 0.45rem; }
tfoot > tr > * { border-top: 1px solid var(--line); padding-top: 0.4rem; font-weight: 600; }
.absent > * { color: var(--muted); }
.index { color: var(--muted); width: 2.75rem; font-weight: 400; }
.wide { overflow-x: auto; }
.first, #methods th:first-child { text-align: left; }
.classes tbody tr:hover > *, .confusions tbody tr:hover > * { background: var(--paper); }
.bars { width: 34%; }
.bar { display: inline-block; width: 100%; height: 10px; overflow: hidden; vertical-align: 0;
  background: var(--paper); }
.key { width: 1.75em; height: 0.625em; }
.iou { fill: var(--iou); } .acc { fill: var(--acc); } .wrong { fill: var(--wrong); } .right { fill: var(--iou); }
th button { all: unset; cursor: pointer; }
th button:hover { color: var(--ink); }
th button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
th[aria-sort] { color: var(--ink); }
th[aria-sort="ascending"] button::after { content: " \\2191";
  } th[aria-sort="descending"] button::after { content: " \\2193"; }

figure { margin: 0; max-width: 100%; }
.confusion { position: relative; }
.legend { display: block; margin-top: 0.25rem; }
.legend .right { fill: ${RIGHT_RGB}; } .legend .wrong { fill: ${WRONG_RGB}; }
.scripted { display: none; }
.script .scripted { display: inline; }
.map { overflow-x: auto; }
.map svg { display: block; }
.map image { image-rendering: pixelated; }
.paper { fill: var(--paper); }
.lines { stroke: var(--page); fill: none; shape-rendering: crispEdges; }
.labels { font-size: 11px; fill: var(--muted); text-anchor: end; dominant-baseline: central; }
.labels .column { text-anchor: start; }
.digits { font-size: 11px; text-anchor: middle; dominant-baseline: central; }
.black { fill: var(--black); } .white { fill: #fff; }
.cross { visibility: hidden; pointer-events: none; }
.band { fill: none; stroke: var(--ink); }
.tip { position: absolute; left: 0; top: 0; max-width: 100%; padding: 0.3rem 0.6rem; background: var(--ink);
  color: var(--page); border-radius: 3px; pointer-events: none; font-size: 0.875rem; }
.tip:empty { display: none; }

.gallery { list-style: none; padding: 0; margin: 0; display: grid; gap: 1.5rem; }
.gallery figure { width: fit-content; max-width: 100%; }
.gallery figcaption { display: flex; justify-content: space-between; gap: 1rem; margin-bottom: 0.35rem;
  color: inherit; max-width: none; }
.gallery img { display: block; max-width: 100%; height: auto; }
.facts { margin: 0; }
.facts div { display: grid; grid-template-columns: 15rem 1fr; gap: 0 1rem; padding: 0.15rem 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; }
.settings { columns: 2; column-gap: 2rem; }
.settings div { grid-template-columns: 12rem 1fr; break-inside: avoid; }
footer { margin-top: 3.5rem; padding-top: 0.75rem; border-top: 1px solid var(--line); color: var(--muted); }

@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; font-size: 0.875rem; }
  section { margin-top: 2.5rem; }
  h1 { font-size: 1.5rem; }
  .figures { gap: 1rem 2rem; }
  .figures div:first-child { flex-basis: 100%; }
  .figures dd { font-size: 1.5rem; }
  .index { display: none; }
  .bars { width: 15%; }
  .confusions .bars { display: none; }
  .confusions th[scope="row"], .confusions td:nth-child(2), .classes th[scope="row"] { min-width: 5.5rem; }
  th, td { padding-right: 0.4rem; }
  .facts div { grid-template-columns: 1fr; padding: 0.3rem 0; }
  .settings { columns: 1; }
  .settings div { grid-template-columns: 1fr 1fr; }
}
@media print {
  :root { color-scheme: light; }
  body { padding: 0; max-width: none; font-size: 9.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav, .tip, .script .scripted { display: none; }
  h2, h3, caption, figcaption { break-after: avoid; }
  tr, .gallery li, .facts div { break-inside: avoid; }
  .map { overflow: visible; }
  .map svg { max-width: 100%; height: auto; }
}
`;
