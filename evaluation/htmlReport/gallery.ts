import { asPercent } from '../../datasets/metrics.ts';
import type { ImageScore } from '../results/extremes.ts';
import type { EvaluationResult } from '../results/result.ts';
import { html, type Markup, name } from './escape.ts';

/** The worst and the best images, with their pictures where there are some; nothing if the result names none. */
export function gallerySections(
  { extremes: { worst, best } }: EvaluationResult,
  thumbnails: ReadonlyMap<string, Uint8Array>,
): Markup {
  return html`${list('worst', 'Worst images', worst, thumbnails)}${list('best', 'Best images', best, thumbnails)}`;
}

function list(
  id: string,
  title: string,
  scores: readonly ImageScore[],
  thumbnails: ReadonlyMap<string, Uint8Array>,
): Markup {
  if (scores.length === 0) return html``;
  const items = scores.map(
    (score) => html`<li>${item(score, thumbnails)}</li>
`,
  );
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<p class="caption">Image, ground truth, prediction and errors from left to right. An image’s mIoU is over the classes that its own labels or prediction have.</p>
<ol class="gallery">
${items}</ol>
</section>
`;
}

function item({ id, mIoU, thumbnail }: ImageScore, thumbnails: ReadonlyMap<string, Uint8Array>): Markup {
  const picture = thumbnail === null ? undefined : thumbnails.get(thumbnail);
  const caption = html`${name(id)} <b>${asPercent(mIoU)} %</b>`;
  if (picture === undefined) return html`<p>${caption}</p>`;
  return html`<figure><figcaption>${caption}</figcaption><img alt="Image, ground truth, prediction and errors of ${id}" src="data:image/jpeg;base64,${Buffer.from(picture).toString('base64')}"></figure>`;
}
