import { BENCHMARK_NAMES, findBenchmark, type PublishedFigures } from '../benchmarks/index.ts';
import { byCodeUnits } from '../pairs.ts';
import { differences } from './manifest.ts';
import type { EvaluationResult } from './result.ts';

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
 * Puts results beside each other and beside published figures. Columns are methods where that tells all results of a data
 * set apart, else the names the user gave.
 */
export function compareResults(results: readonly ComparedResult[]): Comparison {
  const labels = labelsOf(results);
  const columns = [...new Set(labels)];
  const methods = new Set(results.map(({ result }) => result.evaluation.configuration.method as string));
  const dataSets = [...new Set(results.map(({ result }) => dataSetOf(result)))].sort((a, b) => rank(a) - rank(b) || byCodeUnits(a, b));
  const anyBenchmark = dataSets.some((dataSet) => findBenchmark(dataSet) !== undefined);
  const published = PUBLISHED.filter(({ onlyBeside }) => anyBenchmark && (onlyBeside === undefined || methods.has(onlyBeside)));
  const rows = dataSets.map((dataSet) => {
    const own = columns.map((column) => results.find(({ result }, index) => labels[index] === column && dataSetOf(result) === dataSet)?.result);
    const figures = findBenchmark(dataSet)?.published;
    return { dataSet, title: own.find((result) => result !== undefined)!.title, results: own, published: published.map(({ key }) => figures?.[key]) };
  });
  return { columns, publishedColumns: published.map(({ column }) => column), rows, remarks: rows.flatMap((row) => remarksOn(row, columns)) };
}

function labelsOf(results: readonly ComparedResult[]): string[] {
  const method = ({ result }: ComparedResult): string => result.evaluation.configuration.method;
  const rules: ((result: ComparedResult) => string)[] = [method, ({ name }) => name, (result) => `${result.name} ${method(result)}`];
  const tellsApart = (rule: (result: ComparedResult) => string) => new Set(results.map((result) => JSON.stringify([dataSetOf(result.result), rule(result)]))).size === results.length;
  return results.map(rules.find(tellsApart) ?? (({ path }) => path));
}

/** Data sets without a fixed name are told apart by what they consist of. */
function dataSetOf({ evaluation, title }: EvaluationResult): string {
  const { dataSet } = evaluation.configuration;
  return dataSet === 'folder' ? title : dataSet;
}

function rank(dataSet: string): number {
  const index = BENCHMARK_NAMES.indexOf(dataSet);
  return index < 0 ? BENCHMARK_NAMES.length : index;
}

function remarksOn({ dataSet, results }: ComparisonRow, columns: readonly string[]): string[] {
  const remarks: string[] = [];
  const there = results.flatMap((result, k) => (result === undefined ? [] : [{ column: columns[k], result }]));
  const complete = findBenchmark(dataSet)?.expectedPairs;
  for (const { column, result } of there) {
    const { images, shards, evaluation } = result;
    if (shards.indices.length < shards.count) remarks.push(`${dataSet}, ${column}: only ${shards.indices.length} of ${shards.count} shards`);
    else if (images.counted < images.selected) remarks.push(`${dataSet}, ${column}: ${images.selected - images.counted} of ${images.selected} images could not be evaluated`);
    if (complete !== undefined && evaluation.images.count !== complete) remarks.push(`${dataSet}, ${column}: ${evaluation.images.count} images, while published figures are of ${complete}`);
  }
  const [first, ...others] = there;
  for (const { column, result } of others) {
    const differing = differences(comparable(result, first.result), comparable(first.result, result));
    if (differing.length > 0) remarks.push(`${dataSet}, ${column} against ${first.column}: ${differing.join('; ').replaceAll(', it was ', ', not ')}`);
  }
  return remarks;
}

/** What should be equal for a fair comparison. Methods have settings of their own, so those count within a method only. */
function comparable({ evaluation }: EvaluationResult, other: EvaluationResult): object {
  const { configuration, classes, images, model, version } = evaluation;
  const sameMethod = configuration.method === other.evaluation.configuration.method;
  const { checkpoint, activation } = model;
  return { version, classes, images, model: sameMethod ? model : { checkpoint, activation }, configuration: sameMethod ? { settings: configuration.settings } : {} };
}
