/** How a conversion of label maps renames labels. */
export interface LabelTable {
  /** New label by old label, uint8 [256]. Labels that are not known keep their value. */
  lookup: Uint8Array;
  /** 1 for old labels that the data set uses, uint8 [256]. */
  known: Uint8Array;
  /** What a label that is not known means: the published code kept it, or the file is no input of this conversion. */
  unknown: 'keep' | 'refuse';
}

/** Conversions that rename labels pixel by pixel. */
export type MaskConversion = 'coco-object' | 'coco-stuff' | 'cityscapes';

/**
 * COCO's category ids less 1: 0 to 90 are things and 91 to 181 stuff, as the pixel maps of COCO-Stuff 164k store them;
 * these 11 were never used.
 * Source: label list of COCO-Stuff; MMSegmentation, `tools/dataset_converters/coco_stuff164k.py`.
 */
const UNUSED_COCO_IDS = [11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90];
const LAST_THING = 90;
const LAST_COCO_ID = 181;
const UNLABELLED = 255;

/** Ids that occur, ascending: 80 things, then 91 kinds of stuff. */
const COCO_IDS = Array.from({ length: LAST_COCO_ID + 1 }, (_, id) => id).filter((id) => !UNUSED_COCO_IDS.includes(id));

/**
 * Train ids of Cityscapes by id; the other ids up to 33 are not evaluated.
 * Source: cityscapesScripts, `helpers/labels.py`. A map of train ids is drawn from the same polygons in the same order
 * as one of ids, and what has no id is drawn in neither, so renaming pixels gives the same as drawing again.
 */
const CITYSCAPES_IDS = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];
const LAST_CITYSCAPES_ID = 33;

/** The table of a conversion. */
export function labelTable(conversion: MaskConversion): LabelTable {
  return TABLES[conversion];
}

const TABLES: Record<MaskConversion, LabelTable> = {
  /**
   * Things become 1 to 80; stuff and also unlabelled pixels become 0, background.
   * Source: `convert_coco_object.py` of the published protocol, whose loop sets every id above 90 to 0, 255 included.
   */
  'coco-object': makeTable(
    [...COCO_IDS.map((id, rank) => [id, id <= LAST_THING ? rank + 1 : 0] as const), [UNLABELLED, 0]],
    'keep',
  ),
  /** Ids that occur become 0 to 170 in their order. Source: MMSegmentation, `coco_stuff164k.py`. */
  'coco-stuff': makeTable([...COCO_IDS.map((id, rank) => [id, rank] as const), [UNLABELLED, UNLABELLED]], 'keep'),
  cityscapes: makeTable(
    Array.from(
      { length: LAST_CITYSCAPES_ID + 1 },
      (_, id) => [id, CITYSCAPES_IDS.includes(id) ? CITYSCAPES_IDS.indexOf(id) : UNLABELLED] as const,
    ),
    'refuse',
  ),
};

function makeTable(pairs: readonly (readonly [number, number])[], unknown: LabelTable['unknown']): LabelTable {
  const table: LabelTable = {
    lookup: Uint8Array.from({ length: 256 }, (_, id) => id),
    known: new Uint8Array(256),
    unknown,
  };
  for (const [from, to] of pairs) {
    table.lookup[from] = to;
    table.known[from] = 1;
  }
  return table;
}
