import { PLANTED_CHECKPOINT_SHA256, PLANTED_REMARK } from '../../rfclip/embeddedCheckpoint.ts';
import type { EvaluationResult } from '../results/result.ts';
import { type Content, html, type Markup, name } from './escape.ts';
import { counted, duration } from './numbers.ts';

/** A run without its data set has as many failures as images; result.json has them all. */
const FAILURES_SHOWN = 200;

/** The images that were not evaluated; nothing if there are none. */
export function failuresSection({ failures }: EvaluationResult): Markup {
  if (failures.length === 0) return html``;
  const rows = failures.slice(0, FAILURES_SHOWN).map(
    ({ id, problem }) => html`<tr><th scope="row">${name(id)}</th><td>${name(problem)}</td></tr>
`,
  );
  return html`<section id="failures" aria-labelledby="failures-title">
<h2 id="failures-title">Images that were not evaluated</h2>
<table class="failures">
<caption>${counted(failures.length, 'image')}${
    failures.length > FAILURES_SHOWN &&
    `, of which these are the first ` + `${FAILURES_SHOWN}; result.json has them all`
  }.</caption>
<thead><tr><th scope="col">Image</th><th scope="col">Problem</th></tr></thead>
<tbody>
${rows}</tbody>
</table>
</section>
`;
}

/** What was run, with what, on what. */
export function runSection({
  evaluation,
  methodModule,
  shards,
  timings,
  adapters,
  versions,
}: EvaluationResult): Markup {
  const { configuration, model, classes, images } = evaluation;
  const hash = (value: string) => html`<code>${value}</code>`;
  const facts: [string, Content][] = [
    [
      'Data set',
      `${configuration.dataSet}: ${counted(images.count, 'image')}, ${counted(classes.count, 'class', 'classes')}`,
    ],
    ['Method', configuration.method],
    ['Method module', methodModule !== undefined && name(methodModule.path)],
    ['Method module (sha256)', methodModule !== undefined && hash(methodModule.sha256)],
    ['Shards', shards.count > 1 && `${shards.indices.join(', ')} of ${shards.count}`],
    ['Checkpoint (sha256)', hash(model.checkpoint)],
    ['Note', model.checkpoint === PLANTED_CHECKPOINT_SHA256 && PLANTED_REMARK],
    ['DINO checkpoint (sha256)', model.dino !== null && hash(model.dino)],
    ['Activation', model.activation],
    ['Distraction dimensions', model.distractionDimensions?.join(', ')],
    ['Adapter', adapters.join(', ')],
    ['Precision', model.precision ?? 'f32'],
    [
      'Versions',
      Object.entries(versions)
        .map(([part, version]) => `${part} ${version}`)
        .join(', '),
    ],
    ['Speed', timings.imagesPerSecond !== null && `${timings.imagesPerSecond.toFixed(2)} images/s`],
    ['Time', `network ${duration(timings.network)}, waiting for images ${duration(timings.waited)}`],
  ];
  const settings = Object.entries(configuration.settings).map(([key, value]): [string, Content] => [
    key,
    JSON.stringify(value),
  ]);
  return html`<section id="run" aria-labelledby="run-title">
<h2 id="run-title">Run</h2>
${list(facts)}<h3>Settings</h3>
${list(settings, 'settings')}</section>
`;
}

function list(entries: readonly [string, Content][], className = ''): Markup {
  const items = entries
    .filter(([, value]) => value !== false && value !== undefined && value !== '')
    .map(
      ([key, value]) => html`<div><dt>${key}</dt><dd>${value}</dd></div>
`,
    );
  return html`<dl class="${`facts ${className}`.trim()}">
${items}</dl>
`;
}
