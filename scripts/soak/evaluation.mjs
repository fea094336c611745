import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rfclipWell } from './command.mjs';
import { assertNoLeftover, assertSame, snapshot } from './snapshot.mjs';

/** Files that hold times; the first two are compared without them. */
const WITH_TIMES = /^(result\.json|journal\.ndjson|manifest\.json|result\.md|report\.html)$/;

/** Arguments of an evaluation into a folder. */
export function evaluationArguments({ options }, out, more = ['--resume']) {
  const limit = options.small ? 3 : 12;
  const predictions = ['--save-predictions', join(out, 'predictions')];
  const quick = ['--method', 'naclip', '--resize', options.small ? '64' : '112', '--whole'];
  return ['eval', 'sample', '--limit', `${limit}`, ...quick, '--out', out, ...predictions, ...more];
}

/** The environment of all evaluations, which share a cache of text features. */
export function evaluationEnvironment(context) {
  return { RFCLIP_CACHE_DIR: join(sharedCache(context), 'cache') };
}

/** What an undisturbed run gives, and how long it takes; run once. */
export async function undisturbedEvaluation(context) {
  const { memo } = context;
  if (!memo.has('evaluation')) {
    const run = async (name) => {
      const out = join(sharedCache(context), name);
      const environment = evaluationEnvironment(context);
      const { milliseconds } = await rfclipWell(evaluationArguments(context, out), { environment });
      return { out, milliseconds };
    };
    // The first encodes the words.
    const first = await run('first');
    const milliseconds = context.options.small ? first.milliseconds / 2 : (await run('second')).milliseconds;
    memo.set('evaluation', { milliseconds, ...resultOf(first.out) });
  }
  return memo.get('evaluation');
}

/** @throws an Error where a run's result is not that of the undisturbed one, or something temporary is left */
export async function assertEvaluation(context, out, what) {
  const expected = await undisturbedEvaluation(context);
  const found = resultOf(out);
  assertNoLeftover(out);
  if (found.result !== expected.result) throw new Error(`${what}: result.json differs from the undisturbed run's`);
  if (found.journal !== expected.journal) throw new Error(`${what}: the journal's counts differ`);
  assertSame(found.files, expected.files, what);
}

/** @throws an Error where a sum of shards is not the undisturbed result, or their label maps are not its */
export async function assertMerged(context, out, predictions) {
  const expected = await undisturbedEvaluation(context);
  const counts = ({ confusion, metrics, classes, images, failures, evaluation }) =>
    JSON.stringify({ confusion, metrics, classes, images, failures, evaluation });
  const merged = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  if (counts(merged) !== counts(JSON.parse(expected.result))) throw new Error('the sum of two shards differs');
  const maps = [...expected.files].filter(([name]) => name.startsWith('predictions/'));
  assertSame(snapshot(predictions), new Map(maps.map(([name, bytes]) => [name.slice(12), bytes])), 'two shards');
}

/** Bytes that a run writes. */
export function sizeOf({ files }) {
  return [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
}

/** The folder of the soak, in which every round has one. */
function sharedCache({ folder }) {
  return join(folder, '..');
}

function resultOf(out) {
  const { timings: _, ...result } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  const journal = readFileSync(join(out, 'journal.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).entry)
    .map(({ id, confusion }) => JSON.stringify({ id, confusion }))
    .sort();
  return { result: JSON.stringify(result), journal: journal.join('\n'), files: snapshot(out, WITH_TIMES) };
}
