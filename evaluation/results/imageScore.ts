import { type Confusion, restoreConfusion } from '../../datasets/confusion.ts';
import { areasOf, metricsOf } from '../../datasets/metrics.ts';
import type { JournalEntry } from '../run/journal.ts';

/** How well one image went, by its own pixels alone. */
export interface ImageMetrics {
  id: string;
  /**
   * Mean of `iou` over the classes that have one; null where no pixel is labelled as a class, because then nothing can
   * be right.
   */
  mIoU: number | null;
  /** Ratio from 0 to 1 per class [K]; null for a class that was neither labelled nor predicted. */
  iou: (number | null)[];
}

/** The score of an evaluated image. @throws RfclipError if the entry holds no counts */
export function scoreImage({ id, confusion }: Pick<JournalEntry, 'id' | 'confusion'>): ImageMetrics {
  return { id, ...ownMetrics(restoreConfusion(confusion, id)) };
}

/** The score of an image whose pixels were counted. */
export function ownMetrics(confusion: Confusion): Omit<ImageMetrics, 'id'> {
  const areas = areasOf(confusion);
  const { mIoU, iou } = metricsOf(areas);
  return { mIoU: areas.label.some((pixels) => pixels > 0) ? mIoU : null, iou };
}
