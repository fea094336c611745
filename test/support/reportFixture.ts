import { countPixels, emptyConfusion, type Confusion } from '../../datasets/confusion.ts';
import { type EvaluationResult, makeResult, type ResultParts } from '../../evaluation/results/result.ts';
import { evaluationSettings } from '../../datasets/publishedSettings.ts';
import { findMethod } from '../../rfclip/methods/index.ts';

/** Names that a page must show as they are. The last ones hold what HTML cannot: see `shownName`. */
export const HOSTILE_NAMES = [
  '<script>alert(1)</script>',
  '"quoted" \'names\' & more',
  '👩‍👩‍👧 emoji 😀',
  'قطة',
  'חתול \u202e turned',
  'a'.repeat(120),
  '</script><img src=x onerror=alert(2)>',
  '<!--<script>',
  '\0bell\x07',
  '\ud800 half',
];

/** How a page shows a name: what HTML cannot hold becomes U+FFFD. */
export function shownName(name: string): string {
  return name.replace(/[\0\x07]|\ud800/g, '\ufffd');
}

/** Counts of K classes; of more than two, every fifth is never labelled, and the last one not even predicted. */
export function confusionOf(K: number): Confusion {
  const confusion = emptyConfusion(K);
  for (let label = 0; label < K; label++) {
    if (K > 2 && (label % 5 === 1 || label === K - 1)) continue;
    const right = 100 + 37 * label;
    const predictions = [
      ...Array<number>(right).fill(label),
      ...Array.from({ length: 60 }, (_, i) => (label + ((i * i) % 7)) % Math.max(2, K - 1)),
    ];
    countPixels(
      confusion,
      predictions,
      predictions.map(() => label),
    );
  }
  return confusion;
}

/** A result with classes of these names. */
export function reportResult(names: readonly string[], changes: Partial<ResultParts> = {}): EvaluationResult {
  return makeResult({
    evaluation: {
      format: 1,
      version: '1.2.3',
      configuration: { dataSet: 'sample', method: 'rfclip', settings: evaluationSettings(findMethod('rfclip')) },
      classes: { count: names.length, sha256: 'a'.repeat(64) },
      model: { checkpoint: 'b'.repeat(64), activation: 'gelu', distractionDimensions: [1, 2], dino: null },
      images: { count: 7, sha256: 'c'.repeat(64) },
    },
    title: 'samples',
    shards: { count: 1, indices: [1] },
    images: { selected: 7, counted: 7 },
    failures: [],
    confusion: confusionOf(names.length),
    classes: names.map((name) => ({ name, words: [name] })),
    timings: { network: 61_000, waited: 900 },
    adapters: ['an adapter'],
    versions: { rfclip: '1.2.3', node: '20.0.0' },
    ...changes,
  });
}
