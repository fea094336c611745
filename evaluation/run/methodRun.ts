import type { ImageLimits } from '../../clip/image/limits.ts';
import { addConfusion, restoreConfusion } from '../../datasets/confusion.ts';
import type { DataSet } from '../../datasets/dataSet.ts';
import type { GroundTruth } from '../../datasets/labels.ts';
import type { EffectiveConfiguration } from '../configuration.ts';
import { evaluateImages } from './evaluateImages.ts';
import { EvaluationError } from '../evaluationError.ts';
import { type EvaluationIdentity, identityOf } from './manifest.ts';
import type { PairLoader } from '../loading/preparePair.ts';
import { moduleOf } from '../methodChoice.ts';
import { ownMetrics } from '../results/imageScore.ts';
import { type EvaluationResult, makeResult, sumEntries } from '../results/result.ts';
import { openRunFolder, type RunFolder } from './runFolder.ts';
import type { RunPlaces } from './places.ts';
import type { ImageFailure, Selection } from './selection.ts';
import type { Shard } from './shard.ts';
import { areasOf, asPercent, metricsOf } from '../../datasets/metrics.ts';
import { byCodeUnits } from '../../datasets/pairs.ts';
import type { ClipModel } from '../../rfclip/clipModel.ts';
import { imagesInFlight } from '../../rfclip/imagesInFlight.ts';
import type { Method } from '../../rfclip/methods/index.ts';
import type { MethodModule } from '../../rfclip/methods/methodModule.ts';
import type { Reporter } from '../../system/reporter.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { openGallery } from '../pictures/gallery.ts';
import { checkImagePlaces, countLackingPictures, imageWriter, removeStalePictures } from '../pictures/imageFiles.ts';
import { writeResultFiles } from '../results/resultFiles.ts';
import type { AbortSignalLike } from '../../system/abortSignal.ts';

/** What all methods of a command share. */
export interface RunContext {
  dataSet: DataSet;
  selection: Selection;
  shard: Shard;
  model: ClipModel;
  /** Where the method comes from a module of the user's. */
  methodModule?: MethodModule;
  /** Everything of the identity but the configuration. */
  identity: Omit<EvaluationIdentity, 'configuration'>;
  versions: Record<string, string>;
  /** Gets every label map that was counted. */
  onTruth?: (truth: GroundTruth) => void;
  /** Text features of the class words, encoded when first asked for. */
  textFeatures: () => Promise<Float32Array>;
  resume: boolean;
  /** How large images and label maps may be. */
  limits: ImageLimits;
  /** Decodes and resizes, and how many images ahead of the device. */
  load: PairLoader;
  ahead: number;
  signal: AbortSignalLike;
  reporter: Reporter;
}

/** A method and what it runs with. */
interface ConfiguredMethod {
  method: Method;
  configuration: EffectiveConfiguration;
}

/**
 * Evaluates one method: goes on where the journal ends, writes a line per image, and the result files at the end. On
 * the way there are label maps and pictures if asked for, and thumbnails of the worst and the best images so far.
 *
 * @returns undefined if it was interrupted; the journal then holds what was done
 * @throws RequestError as `checkImagePlaces`; EvaluationError as `openRunFolder`; OutputError; DeviceError when the
 *   device failed
 */
export async function runMethod(
  context: RunContext,
  { method, configuration }: ConfiguredMethod,
  places: RunPlaces,
): Promise<EvaluationResult | undefined> {
  const { model, reporter, shard } = context;
  const adapter = model.device.name;
  // A method that lacks something should leave no folder behind that looks like a run.
  model.denseEncoder(method, configuration.settings);
  checkImagePlaces(places);
  makeOutputFolder(places.out);
  const evaluation = identityOf({ ...context.identity, configuration });
  const run = await openRunFolder(
    places.out,
    { ...evaluation, shard, adapter },
    { resume: context.resume, write: atomicWrite, note: (line) => reporter.note(line), signal: context.signal },
  ).catch((error: unknown) => {
    if (!context.signal.aborted || !(error instanceof EvaluationError)) throw error;
    reporter.failure(error.message);
  });
  if (run === undefined) return undefined;
  try {
    if (run.manifest.adapter !== adapter)
      reporter.note(
        `note: the run was started on ${run.manifest.adapter} and goes on on ${adapter}; labels may differ in rounding`,
      );
    const outcome = await countImages(context, { method, configuration }, places, run);
    if (outcome === undefined) return undefined;
    const { confusion, network, waited, counted, failures, extremes, adapters } = outcome;
    const result = makeResult({
      evaluation,
      title: context.dataSet.title,
      shards: { count: shard.count, indices: [shard.index] },
      images: { selected: context.selection.count, counted },
      failures: failures.sort((a, b) => byCodeUnits(a.id, b.id)),
      confusion,
      classes: context.dataSet.classes.classes,
      timings: { network, waited },
      extremes,
      adapters: adapters.length === 0 ? [adapter] : adapters,
      versions: context.versions,
      methodModule: moduleOf(context.methodModule),
    });
    await writeResultFiles(places.out, result);
    return result;
  } catch (error) {
    reporter.note('what was done is kept; the same command with --resume goes on');
    throw error;
  } finally {
    run.close();
  }
}

async function countImages(
  context: RunContext,
  { method, configuration }: ConfiguredMethod,
  places: RunPlaces,
  run: RunFolder,
) {
  const { dataSet, selection, model, reporter, signal } = context;
  const expected = new Set([...selection.pairs, ...selection.missing].map(({ id }) => id));
  const sums = sumEntries(run.journal.entries, dataSet.classes, expected, run.journalPath);
  const done = new Set(run.journal.entries.map(({ id }) => id));
  const adapters = new Set(run.journal.entries.map(({ adapter }) => adapter ?? run.manifest.adapter));
  const pending = selection.pairs.filter(({ id }) => !done.has(id));
  const failures: ImageFailure[] = selection.missing.filter(({ id }) => !done.has(id));
  for (const { id, problem } of failures) reporter.failure(`${id}: ${problem}`);
  if (done.size > 0) reporter.note(`${done.size} of ${selection.count} images were done before`);
  const lacking = countLackingPictures(places, selection, done);
  if (lacking > 0)
    reporter.note(
      `note: ${lacking} of them have no picture and get none, because their predictions are gone; start over in ` +
        `another folder to see them`,
    );
  removeStalePictures(
    places,
    selection.pairs.map(({ id }) => id),
  );
  const gallery = openGallery(places.out, run.journal.entries);
  if (pending.length === 0)
    return { ...sums, counted: done.size, failures, extremes: gallery.extremes(), adapters: [...adapters] };
  const { settings } = configuration;
  const segmenter = await model.segmenter(dataSet.classes, method, settings, await context.textFeatures());
  const progress = reporter.progress(configuration.method, pending.length, { titled: true });
  const { ignoreExif } = configuration;
  const write = imageWriter(places, gallery, dataSet, selection, { ...context.limits, ignoreExif });
  const started = performance.now();
  const left = { images: pending.length };
  const label = (id: string, word: string) => {
    left.images--;
    const perImage = (performance.now() - started) / (pending.length - left.images);
    progress.step(`${id}: ${word}, ${(1000 / perImage).toFixed(2)} images/s, ${clock(perImage * left.images)} left`);
  };
  try {
    const finished = await evaluateImages({
      segmenter,
      pairs: pending,
      settings: {
        resize: configuration.settings.resize,
        reduceZeroLabel: dataSet.reduceZeroLabel,
        labelMap: configuration.labelMap,
        ignoreExif: configuration.ignoreExif,
        leastSide: model.leastSide,
        ...context.limits,
      },
      load: context.load,
      ahead: context.ahead,
      inFlight: imagesInFlight(model.device),
      together: (input) => segmenter.imagesTogether(input),
      signal,
      onCounted: async (image) => {
        context.onTruth?.(image.truth);
        await write(image);
      },
      onNotice: (notice) => reporter.note(`note: ${notice}`),
      onDone: (counted) => {
        const entry = model.device.name === run.manifest.adapter ? counted : { ...counted, adapter: model.device.name };
        run.journal.append(entry);
        adapters.add(model.device.name);
        gallery.settle();
        done.add(entry.id);
        const confusion = restoreConfusion(entry.confusion, entry.id);
        addConfusion(sums.confusion, confusion);
        sums.network += entry.milliseconds;
        sums.waited += entry.waited;
        const soFar = metricsOf(areasOf(sums.confusion)).mIoU;
        label(entry.id, `mIoU ${asPercent(ownMetrics(confusion).mIoU)}, so far ${asPercent(soFar)}`);
      },
      onFailure: (failure) => {
        failures.push(failure);
        label(failure.id, 'failed');
        reporter.failure(`${failure.id}: ${failure.problem}`);
      },
    });
    return finished
      ? { ...sums, counted: done.size, failures, extremes: gallery.extremes(), adapters: [...adapters] }
      : undefined;
  } finally {
    progress.stop();
    segmenter.dispose();
  }
}

function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
