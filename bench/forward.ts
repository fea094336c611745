import { ImageEncoder } from '../clip/imageEncoder.ts';
import { openDevice, type OpenDeviceOptions } from '../engine/openDevice.ts';
import type { Precision } from '../engine/precision.ts';
import { formatKernelTimes } from '../engine/profiler.ts';
import { findMethod, makeMethod, type Method, METHODS } from '../rfclip/methods/index.ts';
import { settingsOf } from '../rfclip/settings.ts';
import { publishedDistractionDimensions } from '../rfclip/distractionDimensions.ts';
import { ARCHITECTURES, randomCheckpoint } from './randomCheckpoint.ts';
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
}

/**
 * Times forward passes of an image tower the size of ViT-B/16 at 224x224 with random weights: plain CLIP and RF-CLIP,
 * one window and several. Prints time, rate, peak buffer memory and submits.
 */
export async function benchForward(options: ForwardOptions, print: (line: string) => void): Promise<void> {
  const device = await openDevice(deviceOptions(options));
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
    for (const windows of options.allMethods === true ? [1] : [...new Set([1, options.windows])]) {
      for (const method of methods) print(await timeMethod(encoder, method, windows, options.repetitions));
    }
  } finally {
    device.destroy();
  }
  if (options.kernels === true) await printKernels(options, print);
}

function deviceOptions({ adapter, profile, precision }: ForwardOptions): OpenDeviceOptions {
  return { adapter, profile, precision };
}

async function timeMethod(
  encoder: ImageEncoder,
  method: Method,
  windows: number,
  repetitions: number,
): Promise<string> {
  const { device, config } = encoder;
  const { width, layers, patch } = config.vision;
  const dense = makeMethod(method, {
    distractionDimensions: publishedDistractionDimensions(width, layers, patch) ?? [],
    dino: undefined,
    settings: settingsOf(method),
  });
  const images = device.tensor(
    Float32Array.from({ length: windows * 3 * 224 * 224 }, (_, i) => Math.sin(i * 0.37)),
    [windows, 3, 224, 224],
  );
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
  const T = (224 / patch) ** 2 + 1;
  const flops =
    windows * (layers * (24 * T * width * width + 4 * T * T * width) + 2 * (T - 1) * width * 3 * patch * patch);
  const ms = median(times);
  return (
    `${method.name.padEnd(14)} ${String(windows).padStart(7)} ${ms.toFixed(1).padStart(8)} ` +
    `${(ms / windows).toFixed(1).padStart(11)} ${(flops / ms / 1e6).toFixed(1).padStart(8)} ` +
    `${(peak / 2 ** 20).toFixed(1).padStart(9)} ${(weights / 2 ** 20).toFixed(1).padStart(12)} ` +
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
