import { openDevice } from '../engine/openDevice.ts';
import type { Precision } from '../engine/precision.ts';
import { makeClassList } from '../rfclip/classes.ts';
import { findMethod } from '../rfclip/methods/index.ts';
import { ClipModel } from '../rfclip/clipModel.ts';
import { prepareImage } from '../rfclip/prepareImage.ts';
import { PAMR_STEPS, type Settings, settingsOf } from '../rfclip/settings.ts';
import { median } from './statistics.ts';

/** What to time. */
export interface SegmentOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  repetitions: number;
  precision: Precision;
}

const CLASSES = [
  'dog',
  'cat',
  'car',
  'tree',
  'person',
  'grass',
  'sky',
  'water',
  'road',
  'wood floor',
  'brick wall',
  'sand',
];

/**
 * Times the full segmentation of one 336x500 image (12 classes) with the embedded checkpoint: windows 224/112, the
 * whole image, and windows with PAMR.
 */
export async function benchSegment(options: SegmentOptions, print: (line: string) => void): Promise<void> {
  const { adapter, profile, precision } = options;
  const device = await openDevice({ adapter, profile, precision });
  try {
    const model = ClipModel.open({ device, cacheText: false });
    print(
      `embedded checkpoint, 500x336 image, ${CLASSES.length} classes, ${device.products.precision}, ` +
        `adapter ${device.name}, Dawn profile ${options.profile ?? 'default'}, median of ${options.repetitions}`,
    );
    print('configuration             ms  peak MiB  submits  dispatches');
    const [width, height] = [500, 336];
    const image = {
      width,
      height,
      data: Uint8Array.from(
        { length: width * height * 3 },
        (_, i) => 128 + 100 * Math.sin(i * 0.013) * Math.cos(i * 0.00071),
      ),
    };
    const method = findMethod('rfclip');
    const configurations: Record<string, Partial<Settings>> = {
      'windows 224/112': {},
      'whole image': { window: 0 },
      'windows and PAMR': { pamrSteps: PAMR_STEPS },
    };
    for (const [name, changes] of Object.entries(configurations)) {
      const segmenter = await model.segmenter(
        makeClassList(
          CLASSES.map((word) => [word]),
          'bench',
        ),
        method,
        settingsOf(method, changes),
      );
      const times: number[] = [];
      const live = device.pool.statistics.liveBytes;
      let before = { submits: 0, dispatches: 0 };
      for (let repetition = 0; repetition <= options.repetitions; repetition++) {
        device.pool.resetPeak();
        before = { submits: device.recorder.submits, dispatches: device.recorder.dispatches };
        const started = performance.now();
        await segmenter.segment(prepareImage(image, segmenter.settings.resize), height, width);
        if (repetition > 0) times.push(performance.now() - started);
      }
      const peak = (device.pool.statistics.peakBytes - live) / 2 ** 20;
      print(
        `${name.padEnd(18)} ${median(times).toFixed(1).padStart(9)} ${peak.toFixed(1).padStart(9)} ` +
          `${String(device.recorder.submits - before.submits).padStart(8)} ` +
          `${String(device.recorder.dispatches - before.dispatches).padStart(11)}`,
      );
      segmenter.dispose();
    }
    model.close();
  } finally {
    device.destroy();
  }
}
