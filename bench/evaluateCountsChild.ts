import { predictAndCount } from '../evaluation/prediction.ts';
import { Device } from '../engine/device.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import { ARCHITECTURES } from './randomCheckpoint.ts';
import { type Mode, MODES, randomPipelines } from './randomPipeline.ts';
import { median } from './statistics.ts';

/** What an image costs besides the device's time. */
export interface ImageCosts {
  model: string;
  mode: Mode;
  /** Images that share a program. */
  together: number;
  /**
   * Of the main thread: recording, submitting, reading back, from the pixels to the labels and their counts. It is CPU
   * time, so that nothing else that runs on the machine is in it.
   */
  mainThreadMs: number;
  dispatches: number;
  submits: number;
  passes: number;
  /** Between buffers, those that bring results back included. */
  copies: number;
}

/** Before the first that is timed: an evaluation has thousands, nearly all of them after its code was compiled. */
const WARM_UP = 60;
/** The test looks at the counts only, and asks for two images. */
const ROUNDS = process.argv[2] === undefined ? undefined : Number(process.argv[2]);
const TIMED = 40;
const [height, width] = [336, 448];

/** Images that go alone before others wait for the device. */
const ALONE = 2;
/** Programs of several images that are counted, and timed, at once. */
const PROGRAMS = 2;

const device = await Device.create({ backend: 'null' });
let copies = 0;
const copy = device.recorder.copy.bind(device.recorder);
device.recorder.copy = (...operands) => {
  copies++;
  copy(...operands);
};
const costs: ImageCosts[] = [];
for (const [model, config] of Object.entries(ARCHITECTURES)) {
  // The null device has 512 MB. A narrow network of as many layers records the same.
  const narrow = { ...config, vision: { ...config.vision, heads: 4, width: 64 } };
  const { result: pipelineOf, tensors } = device.collect(() => randomPipelines(device, narrow));
  for (const mode of Object.keys(MODES) as Mode[]) {
    const alone = await measure(pipelineOf(mode), 1, WARM_UP);
    costs.push({ model, mode, together: 1, ...alone });
    for (const together of [2, 4]) {
      const images = PROGRAMS * together;
      const all = await measure(pipelineOf(mode, together), ALONE + images, WARM_UP / 3);
      const perImage = (cost: keyof Costs) => (all[cost] - ALONE * alone[cost]) / images;
      costs.push({
        model,
        mode,
        together,
        mainThreadMs: perImage('mainThreadMs'),
        dispatches: perImage('dispatches'),
        submits: perImage('submits'),
        passes: perImage('passes'),
        copies: perImage('copies'),
      });
    }
  }
  for (const tensor of tensors) tensor.dispose();
  device.pool.trim(0);
}
process.stdout.write(JSON.stringify(costs));
device.destroy();

type Costs = Omit<ImageCosts, 'model' | 'mode' | 'together'>;

/** What some images cost that are there at once, all of them together. */
async function measure(pipeline: SegmentationPipeline, images: number, warmUp: number): Promise<Costs> {
  const times: number[] = [];
  let before = counts();
  for (let round = 0; round < (ROUNDS ?? warmUp + TIMED); round++) {
    before = counts();
    const inputs = Array.from({ length: images }, () => ({
      image: { height, width, data: new Uint8Array(3 * height * width).fill(round) },
      truth: new Uint8Array(height * width).fill(round % 21),
    }));
    const started = process.cpuUsage();
    await Promise.all(inputs.map(({ image, truth }) => predictAndCount(pipeline, image, { height, width }, truth)));
    const { user, system } = process.cpuUsage(started);
    if (round >= warmUp) times.push((user + system) / 1000);
  }
  const after = counts();
  pipeline.dispose();
  device.pool.trim(0);
  return {
    mainThreadMs: median(times),
    dispatches: after.dispatches - before.dispatches,
    submits: after.submits - before.submits,
    passes: after.passes - before.passes,
    copies: after.copies - before.copies,
  };
}

function counts(): Record<Exclude<keyof Costs, 'mainThreadMs'>, number> {
  const { dispatches, submits, passes } = device.recorder;
  return { dispatches, submits, passes, copies };
}
