/**
 * Run in a process of its own by `test/engine/imageCosts.test.ts`, since Dawn is created once in each: what an image
 * of every benchmark costs a ViT-B/16 of full width, on a device that runs nothing. Prints a list of `BenchmarkCosts`.
 */
import { ARCHITECTURES, randomCheckpoint } from '../../bench/randomCheckpoint.ts';
import { ImageEncoder } from '../../clip/imageEncoder.ts';
import { type Benchmark, BENCHMARKS, benchmarkClassList } from '../../datasets/benchmarks/index.ts';
import { evaluationSettings } from '../../datasets/publishedSettings.ts';
import type { AdapterClass } from '../../engine/adapter.ts';
import { Device } from '../../engine/device.ts';
import { FLOPS_PER_SUBMIT } from '../../engine/flopsPerSubmit.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { predictAndCount } from '../../evaluation/prediction.ts';
import { findMethod, makeMethod } from '../../rfclip/methods/index.ts';
import { networkSize } from '../../rfclip/prepareImage.ts';
import { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';

/** What one image costs. */
export interface BenchmarkCosts {
  benchmark: string;
  adapterClass: AdapterClass;
  submits: number;
  passes: number;
  dispatches: number;
  copies: number;
  /** Of all buffers but those of weights and class list. */
  peakBytes: number;
}

/** Height and width of the files: the commonest of each data set. */
const SIZES: Record<string, readonly [number, number]> = {
  cityscapes: [1024, 2048],
  ade20k: [512, 683],
  'coco-object': [480, 640],
  'coco-stuff': [480, 640],
};
const OF_VOC = [375, 500] as const;

const config = ARCHITECTURES['ViT-B/16'];
const rfclip = findMethod('rfclip');
const device = await Device.create({ backend: 'null', debug: '' });
let copies = 0;
const copy = device.recorder.copy.bind(device.recorder);
device.recorder.copy = (...operands) => {
  copies++;
  copy(...operands);
};
const encoder = loadEncoder();

/** The null device has 512 MB, so weights of one shape are one tensor. */
function loadEncoder(): ImageEncoder {
  const upload = device.tensor.bind(device);
  const weights = new Map<string, Tensor>();
  device.tensor = (values, shape, dtype) => {
    const key = shape.join();
    const weight = weights.get(key) ?? upload(values, shape, dtype);
    weights.set(key, weight);
    return weight;
  };
  const file = randomCheckpoint(config);
  const read = (name: string) =>
    weights.has(file.tensors.get(name)!.shape.join()) ? new Float32Array() : file.read(name);
  const loaded = ImageEncoder.load(device, { ...file, read }, config);
  device.tensor = upload;
  return loaded;
}

async function measure(benchmark: Benchmark, adapterClass: AdapterClass): Promise<BenchmarkCosts> {
  Object.assign(device, { adapterClass, maxFlopsPerSubmit: FLOPS_PER_SUBMIT[adapterClass] });
  const settings = evaluationSettings(rfclip, benchmark.settings);
  const classes = benchmarkClassList(benchmark);
  const pipeline = new SegmentationPipeline({
    encoder,
    method: makeMethod(rfclip, { distractionDimensions: [1, 3, 5, 7], dino: undefined, settings }),
    classes,
    textFeatures: new Float32Array(classes.queries.length * config.embedding).fill(config.embedding ** -0.5),
    settings,
    // Arithmetic is the same in smaller batches.
    workingBytes: adapterClass === 'integrated' || benchmark.name === 'cityscapes' ? 2 ** 25 : undefined,
  });
  const [height, width] = SIZES[benchmark.name] ?? OF_VOC;
  const size = networkSize(width, height, settings.resize);
  const image = { ...size, data: new Uint8Array(3 * size.height * size.width) };
  const truth = new Uint8Array(height * width);
  const counts = () => ({ ...countsOf(device.recorder), copies });
  let before = counts();
  let live = 0;
  // The first image also uploads what all images share.
  for (let round = 0; round < 2; round++) {
    before = counts();
    live = device.pool.statistics.liveBytes;
    device.pool.resetPeak();
    await predictAndCount(pipeline, image, { height, width }, truth);
  }
  const after = counts();
  const peakBytes = device.pool.statistics.peakBytes - live;
  pipeline.dispose();
  device.pool.trim(0);
  return {
    benchmark: benchmark.name,
    adapterClass,
    submits: after.submits - before.submits,
    passes: after.passes - before.passes,
    dispatches: after.dispatches - before.dispatches,
    copies: after.copies - before.copies,
    peakBytes,
  };
}

function countsOf({ submits, passes, dispatches }: Record<'submits' | 'passes' | 'dispatches', number>) {
  return { submits, passes, dispatches };
}

const costs: BenchmarkCosts[] = [];
for (const benchmark of BENCHMARKS) {
  costs.push(await measure(benchmark, 'integrated'));
  if (['voc21', 'context60', 'cityscapes'].includes(benchmark.name)) costs.push(await measure(benchmark, 'discrete'));
}
process.stdout.write(JSON.stringify(costs));
device.destroy();
