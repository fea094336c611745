import { createHash } from 'node:crypto';
import { DATA_SOURCES, type DataSource } from '../../../datasets/pull/sources.ts';
import { encodeGreyPng, encodeRgbPng } from '../../../pictures/encodePng.ts';
import { randomIntegers } from '../../support/random.ts';
import { noiseJpeg, noiseLabels } from '../miniatures.ts';
import { encodeMask } from '../runLengthEncoder.ts';
import { makeTar, makeZip } from './makeArchives.ts';

const [WIDTH, HEIGHT] = [24, 18];

/** The ids of the validation split in the miniature archives, by benchmark. */
export const PULLED_IDS: Readonly<Record<string, readonly string[]>> = {
  voc21: ['2007_000033', '2007_000042'],
  voc20: ['2007_000033', '2007_000042'],
  context60: ['2008_000002', '2010_006086'],
  context59: ['2008_000002', '2010_006086'],
  'coco-object': ['000000000139', '000000000285'],
  'coco-stuff': ['000000000139', '000000000285'],
  cityscapes: ['frankfurt/frankfurt_000000_000294', 'lindau/lindau_000000_000019'],
  ade20k: ['ADE_val_00000001', 'ADE_val_00000002'],
};

/** The image of an id as it is in every miniature archive. */
export function imageOf(id: string): Buffer {
  const seed = id.split('').reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65536, 7);
  return Buffer.from(
    id.includes('/')
      ? encodeRgbPng(Uint8Array.from(randomIntegers(seed, WIDTH * HEIGHT * 3, 256)), WIDTH, HEIGHT)
      : noiseJpeg(seed),
  );
}

const labels = (seed: number, classes: number) => Buffer.from(noiseLabels(seed, classes));
const greyLabels = (seed: number, classes: number) =>
  encodeGreyPng(Uint8Array.from(randomIntegers(seed, WIDTH * HEIGHT, classes)), WIDTH, HEIGHT);

let made: Map<string, Buffer> | undefined;

/** Small archives in the layout of the published ones, with files beside those that are wanted. */
export function miniatureArchives(): Map<string, Buffer> {
  made ??= new Map<string, Buffer>([
    ['VOCtrainval_11-May-2012.tar', voc2012()],
    ['VOCtrainval_03-May-2010.tar', voc2010()],
    ['trainval_merged.json', contextAnnotations()],
    ['ADEChallengeData2016.zip', ade()],
    ['val2017.zip', cocoImages()],
    ['stuffthingmaps_trainval2017.zip', cocoLabels()],
    ...cityscapes(),
  ]);
  return new Map([...made].map(([file, content]) => [file, Buffer.from(content)]));
}

/** The table with sizes and checksums of these archives in the place of the published ones. */
export function miniatureSources(archives: ReadonlyMap<string, Buffer>): Record<string, DataSource> {
  return Object.fromEntries(
    Object.entries(DATA_SOURCES).map(([name, source]) => [
      name,
      {
        ...source,
        steps: source.steps.map((step) => {
          if (!('archive' in step)) return step;
          const { archive } = step;
          const content = archives.get(archive.file)!;
          const hashOf = (algorithm: string) => createHash(algorithm).update(content).digest('hex');
          return {
            archive: {
              ...archive,
              bytes: archive.bytes === undefined ? undefined : content.length,
              sha256: archive.sha256 === undefined ? undefined : hashOf('sha256'),
              digest: archive.digest && { ...archive.digest, value: hashOf(archive.digest.algorithm) },
              about: archive.about && content.length,
              unpacked: 100_000,
            },
          };
        }),
      },
    ]),
  );
}

/** VOC 2012's; `listLast` puts the split behind the images, and `more` bytes follow that nobody wants. */
export function voc2012({ listLast = false, more = 0 } = {}): Buffer {
  const place = 'VOCdevkit/VOC2012';
  const ids = [...PULLED_IDS.voc21, '2007_000032', '2011_003276'];
  const lists = [
    { name: `${place}/ImageSets/Segmentation/val.txt`, content: `${PULLED_IDS.voc21.join('\n')}\n` },
    { name: `${place}/ImageSets/Segmentation/train.txt`, content: '2007_000032\n' },
    { name: `${place}/ImageSets/Main/cat_val.txt`, content: '2007_000033 -1\n' },
  ];
  const files = [
    { name: `${place}/JPEGImages/`, type: '5' },
    ...ids.map((id) => ({ name: `${place}/JPEGImages/${id}.jpg`, content: imageOf(id) })),
    ...ids.slice(0, 3).flatMap((id, k) => [
      { name: `${place}/SegmentationClass/${id}.png`, content: labels(k, 21) },
      { name: `${place}/SegmentationObject/${id}.png`, content: labels(k, 5) },
      { name: `${place}/Annotations/${id}.xml`, content: '<annotation/>' },
    ]),
    { name: `${place}/JPEGImages/link.jpg`, type: '2', linkName: '/etc/passwd' },
  ];
  const rest = { name: `${place}/rest`, content: Buffer.alloc(more) };
  return makeTar([...(listLast ? [...files, ...lists] : [...lists, ...files]), rest]);
}

function voc2010(): Buffer {
  const place = 'VOCdevkit/VOC2010';
  return makeTar([
    ...[...PULLED_IDS.context60, '2008_000003'].map((id) => ({
      name: `${place}/JPEGImages/${id}.jpg`,
      content: imageOf(id),
    })),
    { name: `${place}/ImageSets/Segmentation/val.txt`, content: '2008_000002\n' },
  ]);
}

function contextAnnotations(): Buffer {
  const images = [...PULLED_IDS.context60, '2008_000003'].map((id, k) => ({
    image_id: k + 1,
    file_name: `${id}.jpg`,
    width: WIDTH,
    height: HEIGHT,
    phase: k < PULLED_IDS.context60.length ? 'val' : 'train',
  }));
  const annos_segmentation = images.map(({ image_id }) => ({
    id: image_id,
    image_id,
    category_id: 458,
    segmentation: encodeMask([...randomIntegers(image_id, WIDTH * HEIGHT, 2)], HEIGHT, WIDTH),
  }));
  return Buffer.from(JSON.stringify({ images, annos_segmentation }));
}

function ade(): Buffer {
  const place = 'ADEChallengeData2016';
  return makeZip([
    { name: `${place}/`, stored: true },
    { name: `${place}/images/training/ADE_train_00000001.jpg`, content: imageOf('train') },
    ...PULLED_IDS.ade20k.flatMap((id, k) => [
      { name: `${place}/annotations/validation/${id}.png`, content: labels(k, 151) },
      { name: `${place}/images/validation/${id}.jpg`, content: imageOf(id) },
    ]),
    { name: `${place}/objectInfo150.txt`, content: 'Idx\tRatio\n' },
  ]);
}

function cocoImages(): Buffer {
  return makeZip([
    { name: 'val2017/', stored: true },
    ...PULLED_IDS['coco-stuff'].map((id) => ({ name: `val2017/${id}.jpg`, content: imageOf(id), stored: true })),
    { name: '__MACOSX/val2017/._000000000139.jpg', content: 'x' },
    { name: 'val2017/._000000000139.jpg', content: 'x' },
  ]);
}

function cocoLabels(): Buffer {
  return makeZip([
    { name: 'train2017/000000000009.png', content: greyLabels(9, 92), descriptor: 'signed' },
    ...PULLED_IDS['coco-stuff'].map((id, k) => ({
      name: `val2017/${id}.png`,
      content: greyLabels(k, 92),
      descriptor: 'signed' as const,
    })),
  ]);
}

function cityscapes(): [string, Buffer][] {
  const ids = [...PULLED_IDS.cityscapes];
  return [
    [
      'leftImg8bit_trainvaltest.zip',
      makeZip([
        { name: 'README', content: 'read me' },
        { name: 'leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png', content: 'x' },
        ...ids.map((id) => ({ name: `leftImg8bit/val/${id}_leftImg8bit.png`, content: imageOf(id) })),
      ]),
    ],
    [
      'gtFine_trainvaltest.zip',
      makeZip(
        ids.flatMap((id, k) => [
          { name: `gtFine/val/${id}_gtFine_color.png`, content: 'x' },
          { name: `gtFine/val/${id}_gtFine_labelIds.png`, content: greyLabels(k, 34), large: true },
        ]),
      ),
    ],
  ];
}
