import { Device } from '../engine/device.ts';
import { floatsToHalves, halvesToFloats } from '../engine/dtype.ts';
import { kernelParamsLayout, packKernelParams } from '../engine/kernelParams.ts';
import { pipelineLabel } from '../engine/pipeline.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type HalfCandidate, halfCandidates } from './halfCandidates.ts';
import { type MatmulShape, operand } from './matmulOperands.ts';
import { median } from './statistics.ts';

/** What to time. */
export interface HalfOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  repetitions: number;
}

/** Rows: one 224x224 window, a 336x448 image, 8 windows; products of a ViT-B/16 block. */
const ROWS = [197, 589, 1584];
const WEIGHTS = [
  { n: 2304, k: 768 },
  { n: 768, k: 768 },
  { n: 3072, k: 768 },
  { n: 768, k: 3072 },
];

/** Weights used in turn, as a network of 12 blocks does, so that a cache does not hold them. */
const LAYERS = 12;

/**
 * Times products A B^T with f16 weights and f32 sums on subgroup matrices, for every tile that may win, against the
 * f32 kernel: TFLOP/s between two timestamps around a pass of many dispatches, and the largest error against float64
 * on sampled entries, relative to sum |a||b|. A and B are random and exact in f16.
 */
export async function benchHalf(
  options: HalfOptions,
  print: (line: string) => void,
): Promise<{ adapter: string; profile: string; rows: (MatmulShape & Timed)[] }> {
  const device = await Device.create({ ...options, subgroupMatrices: 'of any adapter' });
  try {
    const candidates = halfCandidates(device);
    const refused = await compile(device, candidates);
    print(
      `products with f16 weights, adapter ${device.name}, Dawn profile ${options.profile ?? 'default'}, ` +
        `median of ${options.repetitions} passes`,
    );
    for (const [name, message] of refused) print(`refused: ${name}: ${message}`);
    const running = candidates.filter(({ name }) => !refused.has(name));
    const rates = new Map<string, number[]>();
    const rows: (MatmulShape & Timed)[] = [];
    // A CPU driver only rehearses it.
    const rehearsal = device.adapterClass === 'software';
    for (const weights of rehearsal ? WEIGHTS.slice(1, 2) : WEIGHTS) {
      const layers = uploadLayers(device, weights);
      for (const m of rehearsal ? ROWS.slice(0, 1) : ROWS) {
        const shape = { m, ...weights };
        const found = await timeShape(device, running, shape, layers, options.repetitions);
        rows.push(...found.map((timed) => ({ ...shape, ...timed })));
        const best = Math.max(...found.map(({ tflops }) => tflops));
        print(`\n[${m}, ${shape.k}] x [${shape.k}, ${shape.n}]`);
        for (const { name, tflops, microseconds, error } of found.sort((x, y) => y.tflops - x.tflops)) {
          rates.set(name, [...(rates.get(name) ?? []), tflops / best]);
          print(
            `${name.padEnd(52)} ${tflops.toFixed(2).padStart(8)} TFLOP/s ${microseconds.toFixed(1).padStart(8)} us  ` +
              `error ${error.toExponential(1)}`,
          );
        }
      }
      for (const tensor of [...layers.f32, ...layers.f16]) tensor.dispose();
    }
    print('\nmean share of the best, over all shapes');
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    for (const [name, list] of [...rates].sort((x, y) => mean(y[1]) - mean(x[1])))
      print(`${name.padEnd(52)} ${(100 * mean(list)).toFixed(1).padStart(6)} %`);
    return { adapter: device.name, profile: options.profile ?? 'default', rows };
  } finally {
    device.destroy();
  }
}

async function compile(device: Device, candidates: readonly HalfCandidate[]): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  await Promise.all(
    candidates.map(async ({ name, kernel, constants }) => {
      try {
        await device.pipelines.get(kernel, constants);
      } catch (error) {
        refused.set(
          name,
          String(error instanceof Error ? error.message : error)
            .split('\n')
            .slice(0, 3)
            .join(' | '),
        );
      }
    }),
  );
  return refused;
}

interface Timed {
  name: string;
  tflops: number;
  microseconds: number;
  error: number;
}

/** The same weights on the device once for every layer. */
interface Layers {
  values: Float32Array;
  f32: Tensor[];
  f16: Tensor[];
}

/** Random values below 1/2 that are exact in f16: as bits, and as numbers. */
function exactOperand(count: number, seed: number): { bits: Uint16Array; values: Float32Array } {
  const bits = floatsToHalves(operand(count, seed));
  return { bits, values: halvesToFloats(bits) };
}

function uploadLayers(device: Device, { n, k }: { n: number; k: number }): Layers {
  const { bits, values } = exactOperand(n * k, 2);
  const layers = Array.from({ length: LAYERS });
  return {
    values,
    f32: layers.map(() => device.tensor(values, [n, k])),
    f16: layers.map(() => device.tensor(bits, [n, k], 'f16')),
  };
}

async function timeShape(
  device: Device,
  candidates: readonly HalfCandidate[],
  shape: MatmulShape,
  layers: Layers,
  repetitions: number,
): Promise<Timed[]> {
  const { m, n, k } = shape;
  const left = exactOperand(m * k, 1);
  const a = { f32: device.tensor(left.values, [m, k]), f16: device.tensor(left.bits, [m, k], 'f16') };
  const out = device.empty([m, n]);
  const timed: Timed[] = [];
  for (const candidate of candidates) {
    const operands = {
      a: candidate.aHalf ? a.f16 : a.f32,
      layers: candidate.bHalf ? layers.f16 : layers.f32,
      out,
    };
    try {
      const microseconds = await timeCandidate(device, candidate, shape, operands, repetitions);
      const error = largestError((await device.readAll([out]))[0], left.values, layers.values, shape);
      timed.push({ name: candidate.name, tflops: (2 * m * n * k) / microseconds / 1e6, microseconds, error });
    } catch (error) {
      throw new Error(`${pipelineLabel(candidate.kernel, candidate.constants)}: ${String(error)}`, { cause: error });
    }
  }
  for (const tensor of [a.f32, a.f16, out]) tensor.dispose();
  return timed;
}

/** Microseconds of one dispatch. */
async function timeCandidate(
  device: Device,
  { kernel, constants, tileM, tileN }: HalfCandidate,
  { m, n, k }: MatmulShape,
  { a, layers, out }: { a: Tensor; layers: Tensor[]; out: Tensor },
  repetitions: number,
): Promise<number> {
  await device.synchronize();
  const { gpu } = device;
  const pipeline = await device.pipelines.get(kernel, constants);
  const views = { inner: 1, aInner: 0, aOuter: 0, bInner: 0, bOuter: 0, outInner: 0, outOuter: 0, scale: 1 };
  const offsets = { aOffset: 0, bOffset: 0, outOffset: 0, aRow: k, bRow: k, outRow: n };
  const block = packKernelParams(kernelParamsLayout(kernel)!, { m, n, k, ...views, ...offsets })!;
  const uniform = gpu.createBuffer({ size: block.byteLength, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  gpu.queue.writeBuffer(uniform, 0, block);
  const layout = pipeline.getBindGroupLayout(0);
  // A kernel that uses no bias and no residual has no bindings for them.
  const groups = layers.map((b) =>
    gpu.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: uniform } },
        { binding: 1, resource: a.binding() },
        { binding: 2, resource: b.binding() },
        { binding: 3, resource: device.placeholder.binding() },
        { binding: 4, resource: device.placeholder.binding() },
        { binding: 5, resource: out.binding() },
      ],
    }),
  );
  const count = device.adapterClass === 'software' ? 1 : 4 * LAYERS;
  const times: number[] = [];
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    const stamps = timestamps(gpu);
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass({ timestampWrites: stamps.writes });
    pass.setPipeline(pipeline);
    for (let i = 0; i < count; i++) {
      pass.setBindGroup(0, groups[i % groups.length]);
      pass.dispatchWorkgroups(Math.ceil(n / tileN), Math.ceil(m / tileM), 1);
    }
    pass.end();
    stamps.resolve(encoder);
    gpu.queue.submit([encoder.finish()]);
    const nanoseconds = await device.waitFor(stamps.read());
    // The first pass also warms caches and clocks.
    if (repetition > 0) times.push(nanoseconds / 1000 / count);
  }
  uniform.destroy();
  return median(times);
}

function timestamps(gpu: GPUDevice) {
  const querySet = gpu.createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const staging = gpu.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  return {
    writes: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    resolve(encoder: GPUCommandEncoder) {
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    },
    async read(): Promise<number> {
      await staging.mapAsync(GPUMapMode.READ);
      const [begin, end] = new BigUint64Array(staging.getMappedRange());
      for (const resource of [querySet, resolved, staging]) resource.destroy();
      return Number(end - begin);
    },
  };
}

/** Over 200 entries, the last row and column among them. */
function largestError(product: ArrayLike<number>, a: Float32Array, b: Float32Array, { m, n, k }: MatmulShape): number {
  let worst = 0;
  for (let sample = 0; sample < 200; sample++) {
    const row = sample < 20 ? m - 1 : (sample * 7919) % m;
    const column = sample >= 180 ? n - 1 : (sample * 104729) % n;
    let sum = 0;
    let size = 0;
    for (let i = 0; i < k; i++) {
      const term = a[row * k + i] * b[column * k + i];
      sum += term;
      size += Math.abs(term);
    }
    const error = Math.abs(product[row * n + column] - sum) / size;
    worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
  }
  return worst;
}
