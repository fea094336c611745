import { findBenchmark, type PublishedFigures } from '../../datasets/benchmarks/index.ts';
import { findKnownCheckpoint } from '../../weights/knownCheckpoints.ts';
import type { EvaluationResult } from './result.ts';

/** The checkpoint that published figures are of. */
export const PAPER_CHECKPOINT = 'ViT-B/16';

/** A result and what was published of the same method, in percent. */
export interface PaperFigure {
  dataSet: string;
  method: string;
  pamr: boolean;
  /** Undefined where none is on record. */
  published: number | undefined;
  /** mIoU of the result; null where no class was counted. */
  here: number | null;
  /** Whether the result is of the published checkpoint. */
  sameCheckpoint: boolean;
  /** Images of the result, and of the published figure. */
  images: number;
  publishedImages: number | undefined;
}

/** Figures by method, without and with PAMR. The paper's are those of the methods that follow it or its release. */
const FIGURES: Partial<Record<string, readonly [plain?: keyof PublishedFigures, pamr?: keyof PublishedFigures]>> = {
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
  const benchmark = findBenchmark(dataSet);
  const { mIoU } = result.metrics;
  return {
    dataSet,
    method,
    pamr,
    published: key === undefined ? undefined : benchmark?.published?.[key],
    here: mIoU === null ? null : 100 * mIoU,
    sameCheckpoint: model.checkpoint === findKnownCheckpoint(PAPER_CHECKPOINT)!.sha256,
    images: result.images.counted,
    publishedImages: benchmark?.expectedPairs,
  };
}

/** The figure in a sentence, with what makes the two not comparable. */
export function describePaperFigure(figure: PaperFigure): string {
  const { dataSet, method, pamr, published, here, sameCheckpoint, images, publishedImages } = figure;
  const what = `${dataSet}, ${method}${pamr ? ' with PAMR' : ''}`;
  const own = here === null ? '-' : here.toFixed(2);
  if (published === undefined) return `${what}: ${own} mIoU; no published figure of it is on record`;
  const distance = here === null ? '' : ` (${here < published ? '' : '+'}${(here - published).toFixed(2)})`;
  const others = [
    ...(sameCheckpoint ? [] : [`another checkpoint than ${PAPER_CHECKPOINT}`]),
    ...(publishedImages === undefined || images === publishedImages ? [] : [`${images} of ${publishedImages} images`]),
  ];
  const apart = others.length === 0 ? '' : `, but with ${others.join(' and ')}`;
  return `${what}: ${own} mIoU here, ${published} published${distance}${apart}`;
}
