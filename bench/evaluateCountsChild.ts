import { predictAndCount } from '../evaluation/prediction.ts';
import { Device } from '../engine/device.ts';
import { ARCHITECTURES } from './randomCheckpoint.ts';
import { type Mode, MODES, randomPipelines } from './randomPipeline.ts';
import { median } from './statistics.ts';

/** What an image costs besides the device's time. */
export interface ImageCosts {
  model: string;
  mode: Mode;
  /**
   * Of the main thread: recording, submitting, reading back, from the pixels to the labels and their counts. It is CPU
   * time, so that nothing else that runs on the machine is in it.
   */
  mainThreadMs: number;
  dispatches: number;
  submits: number;
  passes: number;
}

/** Before the first that is timed: an evaluation has thousands, nearly all of them after its code was compiled. */
const WARM_UP = 60;
/** The test looks at the counts only, and asks for two. */
const IMAGES = process.argv[2] === undefined ? WARM_UP + 40 : Number(process.argv[2]);
const [height, width] = [336, 448];

const device = await Device.create({ backend: 'null' });
const costs: ImageCosts[] = [];
for (const [model, config] of Object.entries(ARCHITECTURES)) {
  // The null device has 512 MB. A narrow network of as many layers and heads records the same.
  const narrow = { ...config, vision: { ...config.vision, width: config.vision.heads * 16 } };
  const { result: pipelineOf, tensors } = device.collect(() => randomPipelines(device, narrow));
  for (const mode of Object.keys(MODES) as Mode[]) {
    const pipeline = pipelineOf(mode);
    const times: number[] = [];
    let before = counts();
    for (let image = 0; image < IMAGES; image++) {
      before = counts();
      const input = { height, width, data: new Uint8Array(3 * height * width).fill(image) };
      const truth = new Uint8Array(height * width).fill(image % 21);
      const started = process.cpuUsage();
      await predictAndCount(pipeline, input, { height, width }, truth);
      const { user, system } = process.cpuUsage(started);
      if (image >= WARM_UP) times.push((user + system) / 1000);
    }
    const after = counts();
    costs.push({
      model,
      mode,
      mainThreadMs: median(times),
      dispatches: after.dispatches - before.dispatches,
      submits: after.submits - before.submits,
      passes: after.passes - before.passes,
    });
    pipeline.dispose();
    device.pool.trim(0);
  }
  for (const tensor of tensors) tensor.dispose();
  device.pool.trim(0);
}
process.stdout.write(JSON.stringify(costs));
device.destroy();

function counts(): { dispatches: number; submits: number; passes: number } {
  const { dispatches, submits, passes } = device.recorder;
  return { dispatches, submits, passes };
}
