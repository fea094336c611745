import { findBenchmark, type PublishedFigures } from '../../datasets/benchmarks/index.ts';
import type { MethodName } from '../../rfclip/methods/index.ts';
import { findKnownCheckpoint } from '../../weights/knownCheckpoints.ts';
import type { EvaluationResult } from './result.ts';

/** The checkpoint that published figures are of. */
export const PAPER_CHECKPOINT = 'ViT-B/16';

/** A result and what was published of the same method, in percent. */
export interface PaperFigure {
  dataSet: string;
  method: MethodName;
  pamr: boolean;
  /** Undefined where none is on record. */
  published: number | undefined;
  /** mIoU of the result; null where no class was counted. */
  here: number | null;
  /** Whether the result is of the published checkpoint. */
  sameCheckpoint: boolean;
}

/** Figures by method, without and with PAMR. The paper's are those of the methods that follow it or its release. */
const FIGURES: Partial<Record<MethodName, readonly [plain?: keyof PublishedFigures, pamr?: keyof PublishedFigures]>> = {
  rfclip: ['rfclip', 'rfclipPamr'],
  'rfclip-refocus': ['rfclip', 'rfclipPamr'],
  'rfclip-paper': ['rfclip', 'rfclipPamr'],
  naclip: [undefined, 'naclipPamr'],
  sclip: ['sclip'],
};

/** Looks up what was published of a result's method on its benchmark. */
export function paperFigureOf(result: EvaluationResult): PaperFigure {
  const { configuration, model } = result.evaluation;
  const { dataSet, method, settings } = configuration;
  const pamr = settings.pamrSteps > 0;
  const key = FIGURES[method]?.[pamr ? 1 : 0];
  const { mIoU } = result.metrics;
  return {
    dataSet,
    method,
    pamr,
    published: key === undefined ? undefined : findBenchmark(dataSet)?.published?.[key],
    here: mIoU === null ? null : 100 * mIoU,
    sameCheckpoint: model.checkpoint === findKnownCheckpoint(PAPER_CHECKPOINT)!.sha256,
  };
}

/** The figure in a sentence. */
export function describePaperFigure(figure: PaperFigure): string {
  const { dataSet, method, pamr, published, here, sameCheckpoint } = figure;
  const what = `${dataSet}, ${method}${pamr ? ' with PAMR' : ''}`;
  const own = here === null ? '-' : here.toFixed(2);
  if (published === undefined) return `${what}: ${own} mIoU; no published figure of it is on record`;
  const distance = here === null ? '' : ` (${here < published ? '' : '+'}${(here - published).toFixed(2)})`;
  const other = sameCheckpoint ? '' : `, which is of ${PAPER_CHECKPOINT}; this run had another checkpoint`;
  return `${what}: ${own} mIoU here, ${published} published${distance}${other}`;
}
