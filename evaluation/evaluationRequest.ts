import type { FolderLayout } from '../datasets/folderLayout.ts';
import type { MethodChoice } from './methodChoice.ts';
import type { ConfigurationFile, SettingsOverride } from './configuration.ts';
import type { Shard } from './run/shard.ts';

/** What somebody wants evaluated, and where its files go. */
export interface EvaluationRequest {
  /** A name of `DATA_SET_NAMES`, or `all` for the eight benchmarks. */
  name: string;
  /** Where the data set lies, or all eight do; the sample needs none. */
  data?: string;
  /** Where the parts of a data set of one's own lie; of a benchmark, other class words and values of label files. */
  layout?: FolderLayout;
  /** Leave pictures as they are stored, whatever their Exif orientation says. Absent: turn them upright. */
  ignoreExif?: boolean;
  method: MethodChoice;
  /** Path of a configuration file, of which settings and folders of data sets count here. */
  config?: string;
  /** The same, where it was read before. */
  configuration?: ConfigurationFile;
  /** Changes of settings, which win over those of the configuration file; undefined counts as not given. */
  settings?: SettingsOverride;
  /** File that names the images, one id per line; absent: all. */
  images?: string;
  /** How many images, from the start of the sorted ids; absent: all. */
  limit?: number;
  shard: Shard;
  /** Folder of journal and results. */
  out: string;
  /** How large images and label maps may be; absent: 150 megapixels. */
  maxMegapixels?: number;
  /** Folder of label maps; absent: none are written. */
  savePredictions?: string;
  /** Folder of comparison pictures; absent: none are written. */
  visualize?: string;
  /** Of every how many images `visualize` shows one; absent: 1. */
  every?: number;
  /** Also replace files that rfclip did not make, and files of the data set; absent: refuse to. */
  overwrite?: boolean;
}
