import type { MaskConversion } from '../convert/labelTables.ts';

/** What is taken out of an archive. Paths have `/` on every system. */
export interface TakenFiles {
  /** Entries whose names begin so... */
  from: string;
  /** ... and end so... */
  suffix: string;
  /** ... go to this folder below the benchmark's, under the rest of their names. */
  to: string;
  /** A split file below the benchmark's folder; entries that it does not name are left. */
  listedIn?: string;
}

/** An archive as its publisher offers it. */
export interface Archive {
  /** The name of its file. */
  file: string;
  url: string;
  format: 'tar' | 'zip' | 'file';
  /** Size, where it is on record to the byte. */
  bytes?: number;
  /** Size as its publisher or its users name it, where it is not. For the check of the disk and for sentences. */
  about?: number;
  sha256?: string;
  /** Where no SHA-256 is on record. */
  digest?: { algorithm: 'md5' | 'sha1'; value: string };
  /** What is taken out needs about so much of the disk. */
  unpacked: number;
  takes: readonly TakenFiles[];
}

/** One thing to do, in order. */
export type PullStep =
  | { archive: Archive }
  | { convert: MaskConversion; folder: string }
  | { convert: 'pascal-context'; annotations: string };

/** How the files of a benchmark are got. */
export interface DataSource {
  /** The folder below the data folder, one of the roots of its layout. */
  root: string;
  steps: readonly PullStep[];
  /** Where only people who registered get the archives: what they do. Nothing is downloaded then. */
  registration?: readonly string[];
}

const MB = 1e6;

const VOC_2012: Archive = {
  file: 'VOCtrainval_11-May-2012.tar',
  url: 'http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar',
  format: 'tar',
  bytes: 1_999_639_040,
  digest: { algorithm: 'md5', value: '6cd6e144f989b92b3379bac3b3de84fd' },
  unpacked: 250 * MB,
  takes: [
    { from: 'VOCdevkit/VOC2012/ImageSets/Segmentation/', suffix: '.txt', to: 'ImageSets/Segmentation/' },
    {
      from: 'VOCdevkit/VOC2012/JPEGImages/',
      suffix: '.jpg',
      to: 'JPEGImages/',
      listedIn: 'ImageSets/Segmentation/val.txt',
    },
    { from: 'VOCdevkit/VOC2012/SegmentationClass/', suffix: '.png', to: 'SegmentationClass/' },
  ],
};

const CONTEXT_ANNOTATIONS: Archive = {
  file: 'trainval_merged.json',
  url: 'https://codalabuser.blob.core.windows.net/public/trainval_merged.json',
  format: 'file',
  digest: { algorithm: 'sha1', value: '169325d9f7e9047537fedca7b04de4dddf10b881' },
  unpacked: 0,
  takes: [{ from: 'trainval_merged.json', suffix: '', to: 'trainval_merged.json' }],
};

const VOC_2010: Archive = {
  file: 'VOCtrainval_03-May-2010.tar',
  url: 'http://host.robots.ox.ac.uk/pascal/VOC/voc2010/VOCtrainval_03-May-2010.tar',
  format: 'tar',
  about: 1350 * MB,
  digest: { algorithm: 'md5', value: 'da459979d0c395079b5c75ee67908abb' },
  unpacked: 650 * MB,
  takes: [
    {
      from: 'VOCdevkit/VOC2010/JPEGImages/',
      suffix: '.jpg',
      to: 'JPEGImages/',
      listedIn: 'ImageSets/SegmentationContext/val.txt',
    },
  ],
};

const ADE: Archive = {
  file: 'ADEChallengeData2016.zip',
  url: 'http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip',
  format: 'zip',
  bytes: 967_382_037,
  sha256: '7ff1be44964418441f542a7cc1e1a650e7dc0fc275f5d23252bc9bbdbc977b29',
  unpacked: 150 * MB,
  takes: [
    { from: 'ADEChallengeData2016/images/validation/', suffix: '.jpg', to: 'images/validation/' },
    { from: 'ADEChallengeData2016/annotations/validation/', suffix: '.png', to: 'annotations/validation/' },
  ],
};

const COCO_IMAGES: Archive = {
  file: 'val2017.zip',
  url: 'http://images.cocodataset.org/zips/val2017.zip',
  format: 'zip',
  bytes: 815_585_330,
  sha256: '4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05',
  unpacked: 820 * MB,
  takes: [{ from: 'val2017/', suffix: '.jpg', to: 'images/val2017/' }],
};

const COCO_LABELS: Archive = {
  file: 'stuffthingmaps_trainval2017.zip',
  url: 'http://calvin.inf.ed.ac.uk/wp-content/uploads/data/cocostuffdataset/stuffthingmaps_trainval2017.zip',
  format: 'zip',
  about: 659 * MB,
  unpacked: 100 * MB,
  takes: [{ from: 'val2017/', suffix: '.png', to: 'annotations/val2017/' }],
};

const CITYSCAPES = 'https://www.cityscapes-dataset.com/downloads/';

const CITYSCAPES_IMAGES: Archive = {
  file: 'leftImg8bit_trainvaltest.zip',
  url: CITYSCAPES,
  format: 'zip',
  unpacked: 1200 * MB,
  takes: [{ from: 'leftImg8bit/val/', suffix: '_leftImg8bit.png', to: 'leftImg8bit/val/' }],
};

const CITYSCAPES_LABELS: Archive = {
  file: 'gtFine_trainvaltest.zip',
  url: CITYSCAPES,
  format: 'zip',
  unpacked: 50 * MB,
  takes: [{ from: 'gtFine/val/', suffix: '_gtFine_labelIds.png', to: 'gtFine/val/' }],
};

const VOC: DataSource = { root: 'VOCdevkit/VOC2012', steps: [{ archive: VOC_2012 }] };

/** The images are named by the split file, which comes out of the annotations. */
const CONTEXT: DataSource = {
  root: 'VOCdevkit/VOC2010',
  steps: [
    { archive: CONTEXT_ANNOTATIONS },
    { convert: 'pascal-context', annotations: 'trainval_merged.json' },
    { archive: VOC_2010 },
  ],
};

const coco = (convert: MaskConversion): DataSource => ({
  root: 'coco_stuff164k',
  steps: [{ archive: COCO_IMAGES }, { archive: COCO_LABELS }, { convert, folder: 'annotations/val2017' }],
});

/**
 * Where the files of the eight benchmarks come from, and what is taken of them.
 *
 * | archive | address | size and checksum |
 * | --- | --- | --- |
 * | VOC 2012 | its page | size: TensorFlow Datasets (`url_checksums/voc.txt`); MD5: torchvision (`voc.py`) |
 * | VOC 2010 | its page | MD5: torchvision (`voc.py`); size about: scripts that fetch it |
 * | PASCAL Context | MMSegmentation's guide | SHA-1: PyTorch-Encoding (`prepare_pcontext.py`); no size on record |
 * | ADE20K | its page | TensorFlow Datasets (`url_checksums/ade20k.txt`) |
 * | COCO val2017 | its page | TensorFlow Datasets (`url_checksums/coco.txt`) |
 * | COCO-Stuff 164k | its README | size about: its README; no checksum on record |
 * | Cityscapes | its page, behind a login | no checksum on record |
 *
 * Publishers themselves give no checksums; these are what the named projects recorded. Where there is none, the length,
 * the archive's own checks and the CRC-32 of each entry are all that is checked, and the SHA-256 of what came is noted
 * down, so that a later pull notices a change. Sizes of what is unpacked are estimates, for the check of the disk.
 */
export const DATA_SOURCES: Readonly<Record<string, DataSource>> = {
  voc21: VOC,
  voc20: VOC,
  context60: CONTEXT,
  context59: CONTEXT,
  'coco-object': coco('coco-object'),
  'coco-stuff': coco('coco-stuff'),
  ade20k: { root: 'ADEChallengeData2016', steps: [{ archive: ADE }] },
  cityscapes: {
    root: 'cityscapes',
    steps: [
      { archive: CITYSCAPES_IMAGES },
      { archive: CITYSCAPES_LABELS },
      { convert: 'cityscapes', folder: 'gtFine/val' },
    ],
    registration: [
      'register at https://www.cityscapes-dataset.com',
      'download leftImg8bit_trainvaltest.zip (11 GB) and gtFine_trainvaltest.zip (241 MB) into one folder',
    ],
  },
};

/** Its size in bytes, as far as it is known beforehand. */
export function knownSize({ bytes, about }: Archive): number | undefined {
  return bytes ?? about;
}
