/**
 * Labelled images: the eight benchmarks and folders of one's own, found and checked on disk, label maps made from
 * original annotations, and pixels counted against labels.
 */
export {
  type Benchmark,
  BENCHMARK_NAMES,
  benchmarkClassList,
  benchmarkPalette,
  findBenchmark,
  type PublishedFigures,
} from './benchmarks/index.ts';
export { checkDataSet, type DataSetCheck } from './checkDataSet.ts';
export { checkPair } from './checkPair.ts';
export {
  addConfusion,
  type Confusion,
  countPixels,
  emptyConfusion,
  IGNORED_LABEL,
  restoreConfusion,
  storeConfusion,
  type StoredConfusion,
} from './confusion.ts';
export { convertContext } from './convert/convertContext.ts';
export { convertMasks } from './convert/convertMasks.ts';
export type { MaskConversion } from './convert/labelTables.ts';
export type { ConversionOptions, ConversionSummary } from './convert/runTasks.ts';
export { DATA_SET_NAMES, type DataSet, dataSetName, openDataSet } from './dataSet.ts';
export { DatasetError } from './datasetError.ts';
export type { FolderLayout } from './folderLayout.ts';
export { type GroundTruth, readGroundTruth } from './labels.ts';
export { compareWithMask } from './maskBeside.ts';
export { type Areas, areasOf, type Metrics, metricsOf } from './metrics.ts';
export type { ImagePair, Listing, MissingFile } from './pairs.ts';
export { ArchiveError } from './pull/archiveError.ts';
export { dataFolder } from './pull/dataFolder.ts';
export { pullDataSet, type PulledDataSet } from './pull/pullDataSet.ts';
export { PullError } from './pull/pullError.ts';
export type { DataPullOptions } from './pull/pullOptions.ts';
export { evaluationSettings } from './publishedSettings.ts';
export { SAMPLE_FOLDER } from './sampleFolder.ts';
export { listVocFolder, type VocFolder } from './vocFolder.ts';
export { type Progress, type Reporter, SILENT } from '../system/reporter.ts';
