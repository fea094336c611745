import type { Device } from '../engine/device.ts';
import { openDevice } from '../engine/openDevice.ts';
import type { Precision } from '../engine/precision.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Qkv } from '../clip/attention.ts';
import {
  ATTENTION_JOBS,
  ATTENTION_SHAPES,
  type AttentionJob,
  type AttentionShape,
  chosenWay,
  errorOf,
  HEAD_WIDTH,
} from './attentionShapes.ts';
import { operand } from './matmulOperands.ts';
import { median } from './statistics.ts';

/** What to time. */
export interface AttentionOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  precision: Precision;
  repetitions: number;
  /** Default: those of ViT-B/16 and ViT-L/14. */
  shapes?: readonly AttentionShape[];
}

const WAYS = ['fused', 'composed'] as const;
type Way = (typeof WAYS)[number];

/** What it found. */
interface AttentionFigures {
  adapter: string;
  class: string;
  profile: string;
  precision: 'f32' | 'f16';
  rows: AttentionRow[];
}

/** One way through one shape. */
interface AttentionRow extends AttentionShape {
  job: AttentionJob['name'];
  way: Way;
  milliseconds: number;
  /** As `errorOf`. */
  error: number;
  right: boolean;
}

/** A timed submit is about so long: the wait for it costs less than a tenth. */
const SUBMIT_MILLISECONDS = 10;
const MOST_TIMES = 200;

/**
 * In units of 2^-24: a logit of 64 products of numbers below 1/2 is off by at most 64 * 4, a weight by as much of
 * itself and what exp is off, which WGSL allows 3 + 2 |x| ULP with |x| below 4; the sum of weights by one rounding a
 * tile. Factors that matrix units round to f16 add 2^13.
 */
const TOLERANCE = { f32: 512, f16: 512 + 2 ** 13 } as const;

/**
 * Times attention in one launch (`flash_attention`, `softmax_scores`) and as the ops that it replaces, on the shapes of
 * CLIP's networks, checks both against float64, and says which is faster and which the engine takes on this adapter
 * (`prefersAttentionTiles`).
 * @throws DeviceError as `openDevice`
 */
export async function benchAttention(
  options: AttentionOptions,
  print: (line: string) => void,
): Promise<AttentionFigures> {
  const { adapter, profile, precision, shapes = ATTENTION_SHAPES } = options;
  const device = await openDevice({ adapter, profile, precision });
  try {
    print(
      `attention, ${device.products.precision}, adapter ${device.name} (${device.adapterClass}), Dawn profile ` +
        `${profile ?? 'default'}, wall time of many in one submit, median of ${options.repetitions}`,
    );
    print('shape                    what         fused us  composed us    ratio     errors / 2^-24');
    const rows: AttentionRow[] = [];
    for (const shape of shapes) rows.push(...(await timeShape(device, shape, options.repetitions, print)));
    const ratios = ATTENTION_JOBS.map(({ name }) => `${geometricMean(rows, name).toFixed(2)} for ${name}`);
    print(`\ncomposed / fused, geometric mean: ${ratios.join(', ')}`);
    print(`the engine takes here: ${chosenWay(device)} (prefersAttentionTiles in engine/ops/attentionTiles.ts)`);
    const { name, adapterClass, products } = device;
    return { adapter: name, class: adapterClass, profile: profile ?? 'default', precision: products.precision, rows };
  } finally {
    device.destroy();
  }
}

async function timeShape(
  device: Device,
  shape: AttentionShape,
  repetitions: number,
  print: (line: string) => void,
): Promise<AttentionRow[]> {
  const { batch, heads, tokens } = shape;
  const values = operand(batch * tokens * 3 * heads * HEAD_WIDTH, 1);
  const sums = operand(batch * heads * tokens * tokens, 2);
  const { precision } = device.products;
  const qkv = {
    tensor: device.tensor(values, [batch, tokens, 3 * heads * HEAD_WIDTH]),
    heads,
    mayRound: precision === 'f16',
  };
  const addend = device.tensor(sums, [batch, heads, tokens, tokens]);
  const rows: AttentionRow[] = [];
  for (const job of ATTENTION_JOBS) {
    const [fused, composed] = await timeJob(device, job, { qkv, addend }, repetitions);
    const errors = [fused, composed].map(({ result }) => errorOf(job.name, shape, result, values, sums));
    const right = errors.map((error) => error <= TOLERANCE[precision]);
    for (const [i, way] of WAYS.entries()) {
      const { milliseconds } = [fused, composed][i];
      rows.push({ ...shape, job: job.name, way, milliseconds, error: errors[i], right: right[i] });
    }
    print(
      `${shape.name.padEnd(24)} ${job.name.padEnd(8)} ${microseconds(fused)} ${microseconds(composed)} ` +
        `${(composed.milliseconds / fused.milliseconds).toFixed(2).padStart(8)} ` +
        `${errors.map((error, i) => `${error.toFixed(1)}${right[i] ? '' : ' WRONG'}`.padStart(9)).join(' ')}`,
    );
  }
  for (const tensor of [qkv.tensor, addend]) tensor.dispose();
  return rows;
}

const microseconds = ({ milliseconds }: { milliseconds: number }) => (1000 * milliseconds).toFixed(1).padStart(12);

/** Both ways by turns, so that what else the machine does meets both. */
async function timeJob(
  device: Device,
  job: AttentionJob,
  { qkv, addend }: { qkv: Qkv; addend: Tensor },
  repetitions: number,
): Promise<{ milliseconds: number; result: ArrayLike<number> }[]> {
  const results: ArrayLike<number>[] = [];
  const counts: number[] = [];
  for (const way of WAYS) {
    const out = device.scope(() => job[way](qkv, addend));
    results.push((await device.readAll([out]))[0]);
    out.dispose();
    const once = await submitted(device, () => job[way](qkv, addend), 1);
    counts.push(Math.max(1, Math.min(MOST_TIMES, Math.ceil(SUBMIT_MILLISECONDS / once))));
  }
  const times = WAYS.map((): number[] => []);
  // The first round only brings the GPU to its clock.
  for (let round = -1; round < repetitions; round++) {
    for (const [i, way] of WAYS.entries()) {
      const run = () => job[way](qkv, addend);
      const milliseconds = (await submitted(device, run, counts[i])) / counts[i];
      if (round >= 0) times[i].push(milliseconds);
    }
  }
  return results.map((result, i) => ({ milliseconds: median(times[i]), result }));
}

/** Milliseconds from a submit of `count` runs until the device is done with them; recording comes before. */
async function submitted(device: Device, run: () => Tensor, count: number): Promise<number> {
  for (let i = 0; i < count; i++) device.scope(() => void run());
  const started = performance.now();
  await device.synchronize();
  return performance.now() - started;
}

function geometricMean(rows: readonly AttentionRow[], job: AttentionJob['name']): number {
  const times = (way: Way) => rows.filter((row) => row.job === job && row.way === way);
  const fused = times('fused');
  const logs = times('composed').map(({ milliseconds }, i) => Math.log(milliseconds / fused[i].milliseconds));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}
