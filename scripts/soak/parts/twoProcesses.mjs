import { join } from 'node:path';
import { assertFailed, rfclip, rfclipWell } from '../command.mjs';
import { assertConversion, conversionArguments, undisturbedConversion } from '../conversion.mjs';
import {
  assertEvaluation,
  assertMerged,
  evaluationArguments,
  evaluationEnvironment,
  undisturbedEvaluation,
} from '../evaluation.mjs';
import { assertPulled, PULL, pullEnvironment, serverOf } from '../pull.mjs';

/** Two processes on one output folder: what is left is what one of them alone would have left. */
export const twoProcesses = {
  name: 'two',
  async round(context) {
    const cases = [evaluations, shards, conversions, pulls];
    const chosen = context.options.small ? [conversions] : cases;
    for (const one of chosen) await one(context);
  },
};

/** Both at once, or the second a little later. */
async function both({ random }, first, second, usual) {
  const later = random() < 0.3 ? 0 : random() * usual;
  return Promise.all([first(), new Promise((resolve) => setTimeout(resolve, later)).then(second)]);
}

async function evaluations(context) {
  const { milliseconds } = await undisturbedEvaluation(context);
  const out = join(context.folder, 'evaluation');
  const environment = evaluationEnvironment(context);
  const run = () => rfclip(evaluationArguments(context, out), { environment });
  const results = await both(context, run, run, milliseconds);
  const lost = results.filter(({ code }) => code !== 0);
  for (const result of lost) assertFailed(result, /in use by another run/);
  if (lost.length === 2) throw new Error(`both evaluations gave way: ${lost.map(({ stderr }) => stderr).join('\n')}`);
  context.figures.add('two', lost.length === 1 ? 'eval: one gave way' : 'eval: one after the other');
  await assertEvaluation(context, out, 'two evaluations');
}

async function shards(context) {
  const { milliseconds } = await undisturbedEvaluation(context);
  const out = join(context.folder, 'shards');
  const environment = evaluationEnvironment(context);
  const shard = (k) => () =>
    rfclipWell(evaluationArguments(context, out, ['--resume', '--shard', `${k}/2`]), { environment });
  await both(context, shard(1), shard(2), milliseconds / 2);
  const parts = [1, 2].map((k) => join(out, `shard-${k}-of-2`));
  await rfclipWell(['merge', ...parts, '--out', join(context.folder, 'merged')], { environment });
  await assertMerged(context, join(context.folder, 'merged'), join(out, 'predictions'));
  context.figures.add('two', 'shards: both');
}

async function conversions(context) {
  const { milliseconds } = await undisturbedConversion(context);
  const out = join(context.folder, 'conversion');
  const run = () => rfclipWell(conversionArguments(context, out));
  await both(context, run, run, milliseconds);
  await assertConversion(context, out, 'two conversions');
  context.figures.add('two', 'convert: both');
}

async function pulls(context) {
  const server = await serverOf(context);
  const cache = join(context.folder, 'cache');
  const environment = pullEnvironment(server, cache);
  server.pace({ milliseconds: 3 });
  const results = await both(
    context,
    () => rfclip(PULL, { environment }),
    () => rfclip(PULL, { environment }),
    700,
  );
  server.pace({});
  const lost = results.filter(({ code }) => code !== 0);
  for (const result of lost) assertFailed(result, /another download of it is running/);
  if (lost.length === 2) throw new Error(`both downloads gave way: ${lost.map(({ stderr }) => stderr).join('\n')}`);
  context.figures.add('two', lost.length === 1 ? 'pull: one gave way' : 'pull: one after the other');
  assertPulled(server, cache);
}
