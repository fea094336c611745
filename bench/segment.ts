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

/** A row of the table. */
interface SegmentRow {
  configuration: string;
  milliseconds: number;
  peakBytes: number;
  submits: number;
  dispatches: number;
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
export async function benchSegment(
  options: SegmentOptions,
  print: (line: string) => void,
): Promise<{ adapter: string; profile: string; precision: 'f32' | 'f16'; rows: SegmentRow[] }> {
  const { adapter, profile = 'default', precision } = options;
  const rows: SegmentRow[] = [];
  const device = await openDevice({ adapter, profile, precision });
  try {
    const model = ClipModel.open({ device, cacheText: false });
    print(
      `embedded checkpoint, 500x336 image, ${CLASSES.length} classes, ${device.products.precision}, ` +
        `adapter ${device.name}, Dawn profile ${profile}, median of ${options.repetitions}`,
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
      const row = {
        configuration: name,
        milliseconds: median(times),
        peakBytes: device.pool.statistics.peakBytes - live,
        submits: device.recorder.submits - before.submits,
        dispatches: device.recorder.dispatches - before.dispatches,
      };
      rows.push(row);
      print(
        `${name.padEnd(18)} ${row.milliseconds.toFixed(1).padStart(9)} ` +
          `${(row.peakBytes / 2 ** 20).toFixed(1).padStart(9)} ${String(row.submits).padStart(8)} ` +
          `${String(row.dispatches).padStart(11)}`,
      );
      segmenter.dispose();
    }
    model.close();
    return { adapter: device.name, profile, precision: device.products.precision, rows };
  } finally {
    device.destroy();
  }
}
