import { restoreConfusion } from '../../datasets/confusion.ts';
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
  const areas = areasOf(restoreConfusion(confusion, id));
  const { mIoU, iou } = metricsOf(areas);
  return { id, mIoU: areas.label.some((pixels) => pixels > 0) ? mIoU : null, iou };
}
