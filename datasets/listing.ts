import { join, posix } from 'node:path';
import { type Benchmark, type BenchmarkLayout, describeFetch } from './benchmarks/benchmark.ts';
import { DatasetError } from './datasetError.ts';
import { isFile, isFolder } from '../system/fileKinds.ts';
import { findFiles } from './findFiles.ts';
import { byCodeUnits, type Listing } from './pairs.ts';
import { alternativeSuffixes, type PictureFinder, pictureFinder, withoutSuffix } from './pictureFinder.ts';
import { readSplitFile } from './splitFile.ts';

/** A benchmark as it lies on disk. */
export interface BenchmarkListing extends Listing {
  imageFolder: string;
  labelFolder: string;
}

/**
 * Finds the image and label pairs of a benchmark's validation split.
 *
 * @param folder the data folder; the files lie in it or in one of the layout's roots below it: the first that has
 *   images and labels of this benchmark, or else the first that has images
 * @param options.allowNone return a listing, which says what is missing, even where no pair is complete
 * @returns complete pairs sorted by id, and what is missing: of the split file's images, or of the labels to the images
 *   found
 * @throws DatasetError if a folder or the split file is missing, or no pair is complete; its `fix` says how to get the
 *   files
 */
export function listBenchmark(
  benchmark: Benchmark,
  folder: string,
  options: { allowNone?: boolean } = {},
): BenchmarkListing {
  const { layout } = benchmark;
  const root = findRoot(benchmark, folder);
  const imageFolder = join(root, layout.imageFolder);
  const labelFolder = findLabelFolder(layout, root);
  if (labelFolder === undefined) {
    throw incomplete(
      benchmark,
      `${root} has no label folder for ${benchmark.title}; expected ${layout.labelFolders.join(' or ')} in it`,
      root,
    );
  }
  const findImage = pictureFinder(imageFolder, alternativeSuffixes(layout.imageSuffix));
  const ids =
    layout.splitFile === undefined
      ? findImages(benchmark, imageFolder)
      : readSplit(benchmark, join(root, layout.splitFile), findImage);
  const found = pairUp(ids, { findImage, imageFolder, labelFolder, layout });
  if (found.pairs.length === 0 && options.allowNone !== true)
    throw nonePaired(benchmark, root, ids.length, found.missing);
  return { root, imageFolder, labelFolder, ...found };
}

function findRoot(benchmark: Benchmark, folder: string): string {
  if (!isFolder(folder))
    throw incomplete(benchmark, `the data folder ${folder} does not exist or is not a folder`, folder);
  const { roots, imageFolder } = benchmark.layout;
  // COCO lies in two folders of which each has all images, but the labels of one benchmark only.
  const candidates = roots
    .map((name) => join(folder, name))
    .filter((candidate) => isFolder(join(candidate, imageFolder)));
  const withLabels =
    candidates.length < 2
      ? undefined
      : candidates.find((candidate) => hasLabels(findLabelFolder(benchmark.layout, candidate), benchmark.layout));
  if (candidates.length > 0) return withLabels ?? candidates[0];
  const places = roots.map((name) => (name === '' ? imageFolder : `${name}/${imageFolder}`));
  throw incomplete(
    benchmark,
    `${folder} does not hold ${benchmark.title}: it has none of the folders ${places.join(', ')}`,
    folder,
  );
}

function findLabelFolder({ labelFolders }: BenchmarkLayout, root: string): string | undefined {
  return labelFolders.map((name) => join(root, name)).find(isFolder);
}

function hasLabels(labelFolder: string | undefined, { labelSuffix }: BenchmarkLayout): boolean {
  return (
    labelFolder !== undefined &&
    findFiles(labelFolder, (name) => withoutSuffix(name, [labelSuffix]) !== undefined).length > 0
  );
}

function nonePaired(benchmark: Benchmark, root: string, expected: number, missing: Listing['missing']): DatasetError {
  const there = (wanted: 'image' | 'label') => expected - missing.filter(({ kind }) => kind === wanted).length;
  const counts = `${there('image')} of ${expected} images and ${there('label')} of ${expected} label maps are there`;
  return incomplete(
    benchmark,
    `${root} has no image of ${benchmark.title} with its label map: ${counts}, and ${missing[0].path} is the first ` +
      `that is missing`,
    root,
  );
}

function readSplit(benchmark: Benchmark, path: string, findImage: PictureFinder): string[] {
  if (!isFile(path)) throw incomplete(benchmark, `the split file ${path} does not exist`, path);
  const imageFolder = posix.basename(benchmark.layout.imageFolder);
  const { imageSuffix } = benchmark.layout;
  return readSplitFile(path, {
    isImage: (id) => findImage(id) !== undefined,
    suffixes: alternativeSuffixes(imageSuffix),
    imageFolder,
  });
}

function incomplete(benchmark: Benchmark, message: string, where: string): DatasetError {
  return new DatasetError(message, where, { fix: describeFetch(benchmark, 'FOLDER') });
}

/** Where pairs are looked for. */
interface PairPlaces {
  findImage: PictureFinder;
  imageFolder: string;
  labelFolder: string;
  layout: BenchmarkLayout;
}

function pairUp(
  ids: readonly string[],
  { findImage, imageFolder, labelFolder, layout }: PairPlaces,
): Pick<Listing, 'pairs' | 'missing'> {
  const findLabel = pictureFinder(labelFolder, [layout.labelSuffix]);
  const found: Pick<Listing, 'pairs' | 'missing'> = { pairs: [], missing: [] };
  for (const id of ids) {
    const image = findImage(id);
    const label = findLabel(id);
    if (image !== undefined && label !== undefined) found.pairs.push({ id, image, label });
    if (image === undefined)
      found.missing.push({ id, kind: 'image', path: join(imageFolder, id + layout.imageSuffix) });
    if (label === undefined)
      found.missing.push({ id, kind: 'label', path: join(labelFolder, id + layout.labelSuffix) });
  }
  return found;
}

/** Ids of all images below a folder: their paths without the suffix, with `/` on every system, sorted. */
function findImages(benchmark: Benchmark, imageFolder: string): string[] {
  const { imageSuffix } = benchmark.layout;
  const suffixes = alternativeSuffixes(imageSuffix);
  const paths = findFiles(imageFolder, (name) => withoutSuffix(name, suffixes) !== undefined);
  const ids = [...new Set(paths.map((path) => withoutSuffix(path, suffixes)!))].sort(byCodeUnits);
  if (ids.length === 0)
    throw incomplete(benchmark, `${imageFolder} has no image; expected names that end in ${imageSuffix}`, imageFolder);
  return ids;
}
