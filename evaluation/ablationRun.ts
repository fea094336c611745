import type { DataSet } from '../datasets/dataSet.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import type { Settings } from '../rfclip/settings.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import type { Reporter } from '../system/reporter.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import { type AblationEntry, type AblationOutcome, checkAblation, runAblation } from './ablation.ts';
import { ablationFiles, type AblationResult, writeAblationFiles } from './results/ablationFiles.ts';
import type { ImageFailure } from './forEachImage.ts';
import { chosenMethods, type MethodChoice, moduleOf } from './methodChoice.ts';
import { identifyModel } from './run/identity.ts';
import { classListSha256, identityOf } from './run/manifest.ts';
import { openRunFolder } from './run/runFolder.ts';
import type { Selection } from './run/selection.ts';
import { WHOLE } from './run/shard.ts';

/** An ablation with its data, as somebody asks for it. */
export interface AblationPlan {
  dataSet: Pick<DataSet, 'name' | 'title' | 'classes' | 'reduceZeroLabel' | 'labelMap'>;
  selection: Selection;
  /** Of all rows. */
  settings: Settings;
  /** A method that is compared with the rows. */
  compared?: Exclude<MethodChoice, 'all'>;
  ignoreExif?: boolean;
  /** Folder of the journal and the files; default: nothing is kept. */
  out?: string;
  /** Go on with the ablation in that folder. */
  resume?: boolean;
  limits?: ImageLimits;
}

/** What came out. */
export interface AblationRunOutcome {
  rows: AblationOutcome[];
  /** Images of which nothing was counted. */
  failures: ImageFailure[];
  counted: number;
  /** Paths of the files that were written. */
  files: string[];
}

/**
 * Runs an ablation. With a folder for it, every image is in the journal as soon as all rows have counted it, so that it
 * can go on after any end, and counts stay exact.
 *
 * @throws EvaluationError as `openRunFolder`; OutputError; what `runAblation` throws
 */
export async function runAblationPlan(
  plan: AblationPlan,
  { model, reporter }: { model: ClipModel; reporter: Reporter },
): Promise<AblationRunOutcome> {
  const { dataSet, selection, settings, compared, ignoreExif, out, limits } = plan;
  const method = compared === undefined ? undefined : chosenMethods(compared)[0];
  const methodModule = moduleOf(compared);
  const { reduceZeroLabel, labelMap, classes } = dataSet;
  for (const { id, problem } of selection.missing) reporter.failure(`${id}: ${problem}`);
  const job = { model, classes, pairs: selection.pairs, settings, method, limits, reporter };
  const labels = { reduceZeroLabel, labelMap, ignoreExif };
  const absent = selection.missing.map(({ id, problem }) => ({ image: id, error: problem, code: 'RFCLIP-DATASET' }));
  const withMissing = (ran: Awaited<ReturnType<typeof runAblation>>) => ({
    ...ran,
    failures: [...absent, ...ran.failures],
  });
  if (out === undefined) return { ...withMissing(await runAblation({ ...job, labels })), files: [] };

  checkAblation(job);
  const { identity, versions } = identifyModel(model, undefined);
  const evaluation = identityOf({
    ...identity,
    configuration: {
      dataSet: dataSet.name,
      method: method === undefined ? 'ablation' : `ablation and ${method.name}`,
      settings,
      ...(methodModule === undefined ? {} : { methodSha256: methodModule.sha256 }),
      ...(labelMap === undefined ? {} : { labelMap }),
      ...(ignoreExif === true ? { ignoreExif } : {}),
    },
    classes: { count: classes.classes.length, sha256: classListSha256(classes) },
    images: selection.images,
  });
  makeOutputFolder(out);
  const adapter = model.device.name;
  const run = await openRunFolder<AblationEntry>(
    out,
    { ...evaluation, shard: WHOLE, adapter },
    { resume: plan.resume === true, write: atomicWrite, note: (line) => reporter.note(line) },
  );
  try {
    const outcome = withMissing(await runAblation({ ...job, labels, journal: run.journal }));
    const result: AblationResult = {
      evaluation,
      ...(methodModule === undefined ? {} : { methodModule }),
      title: dataSet.title,
      images: { selected: selection.count, counted: outcome.counted },
      classes: classes.classes,
      rows: outcome.rows,
      failures: outcome.failures.map(({ image, error }) => ({ id: image, problem: error })),
      adapter,
      versions,
    };
    await writeAblationFiles(out, result);
    return { ...outcome, files: ablationFiles(out) };
  } finally {
    run.close();
  }
}
