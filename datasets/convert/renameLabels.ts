import type { LabelMap } from '../../clip/image/types.ts';
import { DatasetError } from '../datasetError.ts';
import { labelTable, type MaskConversion } from './labelTables.ts';

/** A converted label map. */
export interface RenamedLabels {
  /** uint8 [H,W]. */
  labels: Uint8Array;
  /** Labels of the input that its data set does not use, ascending; they kept their value. */
  unknown: number[];
}

/**
 * Renames the labels of a label map.
 *
 * @param name how errors call the file
 * @throws DatasetError if a label is above 255, or is unknown to a conversion that does not keep such labels
 */
export function renameLabels({ data, width }: LabelMap, conversion: MaskConversion, name: string): RenamedLabels {
  const { lookup, known, unknown } = labelTable(conversion);
  const labels = new Uint8Array(data.length);
  const seen = new Uint8Array(256);
  for (let i = 0; i < data.length; i++) {
    const label = data[i];
    if (label > 255 || (unknown === 'refuse' && known[label] === 0)) {
      throw new DatasetError(
        `${name} has the label ${label} at column ${i % width}, row ${Math.floor(i / width)}, which ${conversion} ` +
          `does not use; expected its original label maps`,
        name,
      );
    }
    seen[label] = 1;
    labels[i] = lookup[label];
  }
  return { labels, unknown: Array.from(seen.keys()).filter((label) => seen[label] === 1 && known[label] === 0) };
}
