import { Device } from '../engine/device.ts';
import { matmul } from '../engine/ops/matmul.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type MatmulShape, operand, type OrtReply, type OrtRequest, samplesOf, transpose } from './matmulOperands.ts';
import { PeerProcess } from './peerProcess.ts';
import { median } from './statistics.ts';

/** What to time. */
export interface MatmulBenchOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  repetitions: number;
}

/** A row of the table, in GFLOP/s. */
interface MatmulRow extends MatmulShape {
  gflops: number;
  /** With b stored transposed. */
  transposedGflops: number;
  /** ONNX Runtime's, where it ran. */
  peerGflops?: number;
}

/** The products of a ViT-B/16 block: one 224x224 window (197 tokens) and a 336x448 image as a whole (589). */
const SHAPES: readonly MatmulShape[] = [197, 589].flatMap((m) => [
  { m, n: 2304, k: 768 },
  { m, n: 768, k: 768 },
  { m, n: 3072, k: 768 },
  { m, n: 768, k: 3072 },
]);

/** Largest difference from ONNX Runtime, relative to k * 2^-24 * the mean of sum |a||b| (k / 16 here). */
const TOLERANCE_FACTOR = 4;

/**
 * Times plain products A B of ViT-B/16's shapes against ONNX Runtime's WebGPU provider (where `bench/peers` is
 * installed), in interleaved rounds on the same machine, and checks that the results agree. A call uploads A,
 * multiplies and downloads the product, on both sides; B stays on the device. Ours is also timed with B stored
 * transposed, as CLIP's weights are.
 * @throws Error when the results differ by more than rounding explains.
 */
export async function benchMatmul(
  options: MatmulBenchOptions,
  print: (line: string) => void,
): Promise<{ adapter: string; profile: string; rows: MatmulRow[] }> {
  const device = await Device.create({ adapter: options.adapter, profile: options.profile });
  const child: Peer = new PeerProcess('matmulOrtChild.js');
  let peer: Peer | undefined = child;
  try {
    print(
      `matmul, f32, GFLOP/s of one call (upload of A, product, download), median of ${options.repetitions} ` +
        `interleaved rounds`,
    );
    print(
      `rfclip        adapter ${device.name}; Dawn profile ` +
        `${options.profile ?? 'default'}${options.profile === 'bench' ? '' : ' (robustness and validation on)'}`,
    );
    print(
      "ONNX Runtime  onnxruntime-node, WebGPU provider, Dawn's first adapter; its own Dawn switches (robustness " +
        'off, basic validation)',
    );
    print('    m     n     k   rfclip  rfclip, B transposed   ONNX Runtime   ratio  ratio, transposed');
    const rows: MatmulRow[] = [];
    for (const shape of SHAPES) {
      const { row, missing } = await timeShape(device, peer, shape, options.repetitions);
      rows.push(row);
      print(format(row));
      if (missing === undefined) continue;
      if (peer !== undefined) print(`ONNX Runtime did not run: ${missing}`);
      peer = undefined;
    }
    return { adapter: device.name, profile: options.profile ?? 'default', rows };
  } finally {
    child.end();
    device.destroy();
  }
}

type Peer = PeerProcess<OrtRequest, OrtReply>;

/** One row of the table, and why the peer has no figure in it; without a peer, only ours is timed. */
async function timeShape(
  device: Device,
  peer: Peer | undefined,
  shape: MatmulShape,
  repetitions: number,
): Promise<{ row: MatmulRow; missing?: string }> {
  const { m, n, k } = shape;
  const a = operand(m * k, 1);
  const weight = operand(k * n, 2);
  const b = device.tensor(weight, [k, n]);
  const bTransposed = device.tensor(transpose(weight, k, n), [n, k]);
  const plain = () => product(device, a, b, shape, false);
  const transposed = () => product(device, a, bTransposed, shape, true);
  const ours = [samplesOf(await plain()), samplesOf(await transposed())];
  const prepared = (await peer?.ask({ kind: 'prepare', shape })) ?? { kind: 'missing', reason: 'it did not before' };
  if (prepared.kind === 'prepared') for (const samples of ours) assertAgree(samples, prepared.samples, shape);

  const times: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < repetitions; round++) {
    times[0].push(await milliseconds(plain));
    times[1].push(await milliseconds(transposed));
    if (prepared.kind !== 'prepared') continue;
    const reply = await peer?.ask({ kind: 'run' });
    if (reply?.kind === 'ran') times[2].push(reply.milliseconds);
  }
  b.dispose();
  bTransposed.dispose();
  const rate = (list: number[]) => (2 * m * n * k) / median(list) / 1e6;
  const row = { ...shape, gflops: rate(times[0]), transposedGflops: rate(times[1]) };
  if (times[2].length > 0) return { row: { ...row, peerGflops: rate(times[2]) } };
  return { row, missing: prepared.kind === 'missing' ? prepared.reason : 'no answer' };
}

function format({ m, n, k, gflops, transposedGflops, peerGflops }: MatmulRow): string {
  const columns = (texts: readonly string[]) => texts.map((text, i) => text.padStart([15, 8, 19][i])).join('');
  return (
    [m, n, k].map((size) => String(size).padStart(5)).join(' ') +
    gflops.toFixed(2).padStart(9) +
    transposedGflops.toFixed(2).padStart(22) +
    (peerGflops === undefined
      ? columns(['-', '-', '-'])
      : columns([peerGflops, gflops / peerGflops, transposedGflops / peerGflops].map((figure) => figure.toFixed(2))))
  );
}

async function product(
  device: Device,
  a: Float32Array,
  b: Tensor,
  { m, k }: MatmulShape,
  transposeB: boolean,
): Promise<Float32Array> {
  const out = device.scope(() => matmul(device.tensor(a, [m, k]), b, { transposeB }));
  const [values] = await device.readAll([out]);
  out.dispose();
  return values as Float32Array;
}

async function milliseconds(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await call();
  return performance.now() - started;
}

function assertAgree(ours: readonly number[], theirs: readonly number[], { m, n, k }: MatmulShape): void {
  const tolerance = TOLERANCE_FACTOR * k * 2 ** -24 * (k / 16);
  const worst = Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])));
  if (!(worst <= tolerance))
    throw new Error(`matmul ${m}x${n}x${k}: the results differ by ${worst}, more than ${tolerance}`);
}
