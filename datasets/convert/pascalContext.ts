import * as z from 'zod';
import { DatasetError } from '../datasetError.ts';
import { type EncodedMask, paintMask } from './runLengths.ts';
import { readJsonArrays } from './jsonArrays.ts';

/**
 * The 59 categories of PASCAL Context that are evaluated, by their ids among all 459; label k+1 is the k-th. Everything
 * else is label 0.
 * Source: MMSegmentation, `tools/dataset_converters/pascal_context.py`.
 */
export const CONTEXT_CATEGORIES: readonly number[] = [
  2, 9, 18, 19, 22, 23, 25, 31, 33, 34, 44, 45, 46, 59, 65, 68, 72, 80, 85, 98, 104, 105, 113, 115, 144, 158, 159, 162,
  187, 189, 207, 220, 232, 258, 259, 260, 284, 295, 296, 308, 324, 326, 347, 349, 354, 355, 360, 366, 368, 397, 415,
  416, 420, 424, 427, 440, 445, 454, 458,
];

/** One region of an image. */
export interface ContextRegion {
  category: number;
  mask: EncodedMask;
}

/** An image of the annotation file with its regions in the order of the file, later ones over earlier ones. */
export interface ContextImage {
  /** Name of the JPEG file without its suffix. */
  id: string;
  split: 'train' | 'val';
  width: number;
  height: number;
  regions: ContextRegion[];
}

const imageSchema = z.object({
  image_id: z.int(),
  file_name: z.string().regex(/^[^/\\]+\.jpg$/),
  width: z.int().min(1).max(65535),
  height: z.int().min(1).max(65535),
  phase: z.string(),
});
const regionSchema = z.object({
  id: z.int(),
  image_id: z.int(),
  category_id: z.int().min(0).max(65535),
  segmentation: z.object({ size: z.tuple([z.int(), z.int()]), counts: z.string() }),
});

/**
 * Reads `trainval_merged.json`, the annotations of PASCAL in Detail that the usual 59-class label maps are made from.
 * Source: `Detail.getImgs` and `Detail.getMask` of the detail API, as MMSegmentation's `pascal_context.py` calls them:
 * images of the splits `train` and `val`; all regions of an image, crowds included.
 *
 * @returns images in the order of the file
 * @throws DatasetError if the file is missing, no JSON, or not of this form; names the file and the element
 */
export async function readContextAnnotations(
  path: string,
  onBytes?: (read: number, total: number) => void,
): Promise<ContextImage[]> {
  const images = new Map<number, ContextImage>();
  const regions = new Map<number, z.infer<typeof regionSchema>>();
  const use =
    <Element>(schema: z.ZodType<Element>, what: string, take: (element: Element) => void) =>
    (element: unknown, index: number) => {
      const checked = schema.safeParse(element);
      if (!checked.success) {
        const [issue] = checked.error.issues;
        throw new DatasetError(`${path}, ${what}[${index}].${issue.path.join('.')}: ${issue.message}`, path);
      }
      take(checked.data);
    };
  await readJsonArrays(
    path,
    {
      images: use(imageSchema, 'images', ({ image_id, file_name, width, height, phase }) => {
        if (phase === 'train' || phase === 'val')
          images.set(image_id, { id: file_name.slice(0, -'.jpg'.length), split: phase, width, height, regions: [] });
      }),
      // A region whose id occurs again replaces the earlier one in its place, as in a Python dict.
      annos_segmentation: use(regionSchema, 'annos_segmentation', (region) => void regions.set(region.id, region)),
    },
    onBytes,
  );
  for (const { image_id, category_id, segmentation } of regions.values())
    images.get(image_id)?.regions.push({ category: category_id, mask: segmentation });
  if (images.size === 0)
    throw new DatasetError(
      `${path} has no image of the splits train and val, expected the annotations of PASCAL in Detail`,
      path,
    );
  return [...images.values()];
}

/**
 * The label map of an image: 0 for background, 1 to 59.
 *
 * @returns uint8 row-major [height, width]
 * @throws DatasetError if a mask is damaged or of another size, or a visible region is of no evaluated category (the
 *   annotations are not the merged ones then); `source` names the annotation file
 */
export function drawContextLabels({ id, width, height, regions }: ContextImage, source: string): Uint8Array {
  const categories = new Uint16Array(width * height);
  regions.forEach(({ category, mask }, index) => {
    try {
      if (mask.size[0] !== height || mask.size[1] !== width)
        throw new RangeError(`it has ${mask.size[1]} x ${mask.size[0]} pixels, the image ${width} x ${height}`);
      paintMask(mask, category, categories);
    } catch (cause) {
      throw new DatasetError(
        `${source}: region ${index + 1} of ${id} cannot be drawn: ${(cause as Error).message}`,
        source,
        { cause },
      );
    }
  });
  return Uint8Array.from(categories, (category) => {
    if (category === 0) return 0;
    const label = LABEL_OF_CATEGORY.get(category);
    if (label === undefined)
      throw new DatasetError(
        `${source}: ${id} has a region of category ${category}, which is none of the 59; expected merged annotations`,
        source,
      );
    return label;
  });
}

const LABEL_OF_CATEGORY = new Map(CONTEXT_CATEGORIES.map((category, index) => [category, index + 1]));
