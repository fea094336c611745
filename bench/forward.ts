import { ImageEncoder } from '../clip/imageEncoder.ts';
import { openDevice, type OpenDeviceOptions } from '../engine/openDevice.ts';
import type { Precision } from '../engine/precision.ts';
import { formatKernelTimes } from '../engine/profiler.ts';
import { findMethod, makeMethod, type Method, METHODS } from '../rfclip/methods/index.ts';
import { settingsOf } from '../rfclip/settings.ts';
import { publishedDistractionDimensions } from '../rfclip/distractionDimensions.ts';
import { type PeerRow, timePeers } from './forwardPeers.ts';
import { IMAGE_SIDE } from './onnxImageTower.ts';
import { ARCHITECTURES, randomCheckpoint } from './randomCheckpoint.ts';
import { randomImages } from './randomImages.ts';
import { median } from './statistics.ts';

/** What to time. */
export interface ForwardOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  repetitions: number;
  windows: number;
  precision: Precision;
  /** Every method that needs no second checkpoint, one window each, instead of CLIP and RF-CLIP. */
  allMethods?: boolean;
  /** Print the time of every kernel too. */
  kernels?: boolean;
  /** Time ONNX Runtime's providers beside it, where `bench/peers` is installed. */
  peers?: boolean;
}

/** A row of the table. */
export interface ForwardRow {
  method: string;
  windows: number;
  precision: 'f32' | 'f16';
  /** Median. */
  milliseconds: number;
  gflops: number;
  /** Of buffers besides the weights, and of these. */
  peakBytes: number;
  weightBytes: number;
  submits: number;
  dispatches: number;
}

/**
 * Times forward passes of an image tower the size of ViT-B/16 at 224x224 with random weights: plain CLIP and RF-CLIP,
 * one window and several: time, rate, peak buffer memory and submits.
 * @throws as `timePeers`
 */
export async function benchForward(
  options: ForwardOptions,
  print: (line: string) => void,
): Promise<{ adapter: string; profile: string; rows: ForwardRow[]; peers?: PeerRow[] }> {
  const device = await openDevice(deviceOptions(options));
  let figures: Awaited<ReturnType<typeof benchForward>>;
  try {
    const config = ARCHITECTURES['ViT-B/16'];
    const encoder = ImageEncoder.load(device, randomCheckpoint(config), config);
    print(
      `ViT-B/16 (random weights), 224x224, ${device.products.precision}, adapter ${device.name}, ` +
        `Dawn profile ${options.profile ?? 'default'}, median of ${options.repetitions}`,
    );
    print('method         windows       ms   ms/window  GFLOP/s  peak MiB  weights MiB  submits  dispatches');
    const methods: readonly Method[] =
      options.allMethods === true
        ? METHODS.filter(({ needs }: Method) => needs.dino !== true)
        : [findMethod('clip'), findMethod('rfclip')];
    const rows: ForwardRow[] = [];
    const batches = options.allMethods === true ? [1] : [...new Set([1, options.windows])];
    for (const windows of batches) {
      for (const method of methods) {
        rows.push(await timeMethod(encoder, method, windows, options.repetitions));
        print(formatRow(rows.at(-1)!));
      }
    }
    const { repetitions, profile = 'default' } = options;
    const peers = options.peers === true ? await timePeers(encoder, { batches, repetitions }, print) : undefined;
    figures = { adapter: device.name, profile, rows, ...(peers === undefined ? {} : { peers }) };
  } finally {
    device.destroy();
  }
  if (options.kernels === true) await printKernels(options, print);
  return figures;
}

function deviceOptions({ adapter, profile, precision }: ForwardOptions): OpenDeviceOptions {
  return { adapter, profile, precision };
}

async function timeMethod(
  encoder: ImageEncoder,
  method: Method,
  windows: number,
  repetitions: number,
): Promise<ForwardRow> {
  const { device, config } = encoder;
  const { width, layers, patch } = config.vision;
  const dense = makeMethod(method, {
    distractionDimensions: publishedDistractionDimensions(width, layers, patch) ?? [],
    dino: undefined,
    settings: settingsOf(method),
  });
  const images = device.tensor(randomImages(windows, IMAGE_SIDE), [windows, 3, IMAGE_SIDE, IMAGE_SIDE]);
  const weights = device.pool.statistics.liveBytes;
  const times: number[] = [];
  let submits = 0;
  let dispatches = 0;
  device.pool.resetPeak();
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const before = { submits: device.recorder.submits, dispatches: device.recorder.dispatches };
    const started = performance.now();
    const { patches, cls } = device.scope(() => dense.encode(encoder, images));
    await device.readAll([patches, cls]);
    // The first run also compiles the kernels.
    if (repetition > 0) times.push(performance.now() - started);
    submits = device.recorder.submits - before.submits;
    dispatches = device.recorder.dispatches - before.dispatches;
    patches.dispose();
    cls.dispose();
  }
  const peak = device.pool.statistics.peakBytes - weights;
  images.dispose();
  const T = (IMAGE_SIDE / patch) ** 2 + 1;
  const flops =
    windows * (layers * (24 * T * width * width + 4 * T * T * width) + 2 * (T - 1) * width * 3 * patch * patch);
  const milliseconds = median(times);
  return {
    method: method.name,
    windows,
    precision: device.products.precision,
    milliseconds,
    gflops: flops / milliseconds / 1e6,
    peakBytes: peak,
    weightBytes: weights,
    submits,
    dispatches,
  };
}

function formatRow(row: ForwardRow): string {
  const { method, windows, milliseconds, gflops, peakBytes, weightBytes, submits, dispatches } = row;
  return (
    `${method.padEnd(14)} ${String(windows).padStart(7)} ${milliseconds.toFixed(1).padStart(8)} ` +
    `${(milliseconds / windows).toFixed(1).padStart(11)} ${gflops.toFixed(1).padStart(8)} ` +
    `${(peakBytes / 2 ** 20).toFixed(1).padStart(9)} ${(weightBytes / 2 ** 20).toFixed(1).padStart(12)} ` +
    `${String(submits).padStart(8)} ${String(dispatches).padStart(11)}`
  );
}

async function printKernels(options: ForwardOptions, print: (line: string) => void): Promise<void> {
  const device = await openDevice({ ...deviceOptions(options), profileKernels: true });
  try {
    const config = ARCHITECTURES['ViT-B/16'];
    const encoder = ImageEncoder.load(device, randomCheckpoint(config), config);
    await timeMethod(encoder, findMethod('rfclip'), 1, 1);
    device.profiler?.reset();
    await timeMethod(encoder, findMethod('rfclip'), options.windows, 1);
    if (device.profiler !== undefined)
      print(
        `\nRF-CLIP, ${options.windows} windows, two passes, by kernel\n${formatKernelTimes(device.profiler.times)}`,
      );
  } finally {
    device.destroy();
  }
}
