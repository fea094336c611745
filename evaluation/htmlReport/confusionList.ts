import { bar } from './bars.ts';
import { type ConfusionTable, mostFrequent } from './confusions.ts';
import { html, type Markup, name } from './escape.ts';
import { sharePercent } from './numbers.ts';

const LIMIT = 20;

/** The confusions that cover the most pixels, most first. */
export function confusionListSection(table: ConfusionTable, classes: number): Markup {
  const { names, labelled } = table;
  const all = labelled.subarray(0, classes).reduce((total, pixels) => total + pixels, 0);
  const rows = mostFrequent(table, classes, LIMIT).map(
    ({
      label,
      prediction,
      pixels,
    }) => html`<tr><th scope="row">${name(names[label])}</th><td>${name(names[prediction])}</td><td class="bars">${bar(['wrong', pixels / labelled[label]])}</td><td>${sharePercent(pixels, labelled[label])}</td><td>${sharePercent(pixels, all)}</td></tr>
`,
  );
  return html`<section id="confusions" aria-labelledby="confusions-title">
<h2 id="confusions-title">Most frequent confusions</h2>
${
  rows.length === 0
    ? html`<p>No pixel of a class was predicted as something else.</p>`
    : html`<table class="confusions">
<caption>Pixels labelled as one class and predicted as another, most pixels first: their share of the label’s pixels, and of all labelled pixels.</caption>
<thead><tr><th scope="col">Label</th><th scope="col">Predicted as</th><td class="bars"></td><th scope="col">Of the label</th><th scope="col">Of all</th></tr></thead>
<tbody>
${rows}</tbody>
</table>`
}
</section>
`;
}
