import {
  EMBEDDED_CHECKPOINT_SHA256,
  PLANTED_CHECKPOINT_SHA256,
  PLANTED_REMARK,
} from '../../rfclip/embeddedCheckpoint.ts';
import {
  type Benchmark,
  BENCHMARK_NAMES,
  findBenchmark,
  type PublishedFigures,
} from '../../datasets/benchmarks/index.ts';
import { byCodeUnits } from '../../datasets/pairs.ts';
import { baselineColumn } from './baseline.ts';
import { differences } from '../run/manifest.ts';
import type { EvaluationResult } from './result.ts';
import { counted } from '../../system/counted.ts';

/** A result and the names it may go by in a table. */
export interface ComparedResult {
  /** As the user named it: a file, a folder, or a folder above. */
  name: string;
  /** Of the file. */
  path: string;
  result: EvaluationResult;
}

/** Results of one data set. */
export interface ComparisonRow {
  /** Its name, or the title of one that has none; with fingerprints where two that differ have the same title. */
  dataSet: string;
  title: string;
  /** One per column; undefined where that run has no result for this data set. */
  results: (EvaluationResult | undefined)[];
  /** One per published column, mIoU in percent; undefined where nothing was published. */
  published: (number | undefined)[];
}

/** Results beside each other: data sets in rows, runs in columns. */
export interface Comparison {
  columns: string[];
  publishedColumns: string[];
  /** The column that the others are held against, where somebody chose it. */
  baseline?: string;
  /** Benchmarks in the order papers print them, then the others. */
  rows: ComparisonRow[];
  /** Sentences about what makes figures of a row not comparable. */
  remarks: string[];
}

const PUBLISHED: readonly { column: string; key: keyof PublishedFigures; onlyBeside?: string }[] = [
  { column: 'RF-CLIP, published', key: 'rfclip' },
  { column: 'with PAMR', key: 'rfclipPamr' },
  { column: 'NACLIP with PAMR, published', key: 'naclipPamr', onlyBeside: 'naclip' },
  { column: 'SCLIP, published', key: 'sclip', onlyBeside: 'sclip' },
];

/**
 * Puts results beside each other and beside published figures. Columns are methods where that tells all results of a
 * data set apart, else the names the user gave.
 *
 * @param options.baseline the run that the others are held against, as `baselineColumn` finds it; default: the first of
 *   each data set
 * @throws RequestError as `baselineColumn`
 */
export function compareResults(results: readonly ComparedResult[], options: { baseline?: string } = {}): Comparison {
  const labels = labelsOf(results);
  const baseline = options.baseline === undefined ? undefined : baselineColumn(options.baseline, results, labels);
  const columns = [...new Set(labels)];
  const methods = new Set(results.map(({ result }) => result.evaluation.configuration.method as string));
  const rows = rowsOf(results, labels, columns);
  const anyBenchmark = rows.some(({ benchmark }) => benchmark !== undefined);
  const published = PUBLISHED.filter(
    ({ onlyBeside }) => anyBenchmark && (onlyBeside === undefined || methods.has(onlyBeside)),
  );
  return {
    columns,
    publishedColumns: published.map(({ column }) => column),
    ...(baseline === undefined ? {} : { baseline }),
    rows: rows.map(({ benchmark, row }) => ({
      ...row,
      published: published.map(({ key }) => benchmark?.published?.[key]),
    })),
    remarks: rows.flatMap(({ benchmark, row }) => remarksOn(row, benchmark, { columns, baseline })),
  };
}

type Row = Omit<ComparisonRow, 'published'>;

function rowsOf(
  results: readonly ComparedResult[],
  labels: readonly string[],
  columns: readonly string[],
): { benchmark?: Benchmark; row: Row }[] {
  const firsts = new Map(results.map(({ result }) => [dataSetOf(result), result] as const).reverse());
  const titles = [...firsts.values()].map(shownName);
  const rows = [...firsts].map(([dataSet, first]) => {
    const { configuration, images, classes } = first.evaluation;
    const name = shownName(first);
    const ambiguous = titles.filter((title) => title === name).length > 1;
    const row: Row = {
      dataSet:
        ambiguous && isFolderSet(first)
          ? `${name} (images ${images.sha256.slice(0, 8)}, classes ${classes.sha256.slice(0, 8)})`
          : name,
      title: first.title,
      results: columns.map(
        (column) =>
          results.find(({ result }, index) => labels[index] === column && dataSetOf(result) === dataSet)?.result,
      ),
    };
    return { benchmark: findBenchmark(configuration.dataSet), row };
  });
  return rows.sort((a, b) => rank(a.benchmark) - rank(b.benchmark) || byCodeUnits(a.row.dataSet, b.row.dataSet));
}

function labelsOf(results: readonly ComparedResult[]): string[] {
  const method = ({ result }: ComparedResult): string => result.evaluation.configuration.method;
  const rules: ((result: ComparedResult) => string)[] = [
    method,
    ({ name }) => name,
    (result) => `${result.name} ${method(result)}`,
  ];
  const tellsApart = (rule: (result: ComparedResult) => string) =>
    new Set(results.map((result) => JSON.stringify([dataSetOf(result.result), rule(result)]))).size === results.length;
  return results.map(rules.find(tellsApart) ?? (({ path }) => path));
}

/**
 * Data sets without a fixed name are told apart by their images and classes: their titles are folders as somebody typed
 * them.
 */
function dataSetOf(result: EvaluationResult): string {
  const { configuration, images, classes } = result.evaluation;
  return JSON.stringify(
    isFolderSet(result) ? [configuration.dataSet, images.sha256, classes.sha256] : [configuration.dataSet],
  );
}

function isFolderSet({ evaluation }: EvaluationResult): boolean {
  return evaluation.configuration.dataSet === 'folder';
}

function shownName(result: EvaluationResult): string {
  return isFolderSet(result) ? result.title : result.evaluation.configuration.dataSet;
}

function rank(benchmark: Benchmark | undefined): number {
  return benchmark === undefined ? BENCHMARK_NAMES.length : BENCHMARK_NAMES.indexOf(benchmark.name);
}

function remarksOn(
  { dataSet, results }: Row,
  benchmark: Benchmark | undefined,
  { columns, baseline }: Pick<Comparison, 'columns' | 'baseline'>,
): string[] {
  const remarks: string[] = [];
  const there = results.flatMap((result, k) => (result === undefined ? [] : [{ column: columns[k], result }]));
  const complete = benchmark?.expectedPairs;
  for (const { column, result } of there) {
    const { images, shards, evaluation } = result;
    if (shards.indices.length < shards.count)
      remarks.push(`${dataSet}, ${column}: only ${shards.indices.length} of ${shards.count} shards`);
    else if (images.counted < images.selected)
      remarks.push(
        `${dataSet}, ${column}: ${images.selected - images.counted} of ${images.selected} images could not be ` +
          `evaluated`,
      );
    if (complete !== undefined && evaluation.images.count !== complete)
      remarks.push(
        `${dataSet}, ${column}: ${counted(evaluation.images.count, 'image')}, while published figures are of ` +
          `${complete}`,
      );
    if (benchmark !== undefined && evaluation.model.checkpoint === EMBEDDED_CHECKPOINT_SHA256)
      remarks.push(
        `${dataSet}, ${column}: made with the embedded checkpoint, whose figures say nothing beside published ones`,
      );
    if (evaluation.model.checkpoint === PLANTED_CHECKPOINT_SHA256)
      remarks.push(`${dataSet}, ${column}: ${PLANTED_REMARK}`);
  }
  const first = there.find(({ column }) => baseline === undefined || column === baseline);
  for (const { column, result } of there) {
    if (first === undefined || result === first.result) continue;
    const differing = differences(comparable(result, first.result), comparable(first.result, result));
    if (differing.length > 0)
      remarks.push(
        `${dataSet}, ${column} against ${first.column}: ${differing.join('; ').replaceAll(', it was ', ', not ')}`,
      );
  }
  return remarks;
}

/**
 * What should be equal for a fair comparison. Methods have settings of their own, so those count within a method only.
 */
function comparable({ evaluation }: EvaluationResult, other: EvaluationResult): object {
  const { configuration, classes, images, model, version } = evaluation;
  const sameMethod = configuration.method === other.evaluation.configuration.method;
  const { checkpoint, activation } = model;
  return {
    version,
    classes,
    images,
    model: sameMethod ? model : { checkpoint, activation },
    configuration: sameMethod ? { settings: configuration.settings, methodSha256: configuration.methodSha256 } : {},
  };
}
