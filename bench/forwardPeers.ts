import type { ImageEncoder } from '../clip/imageEncoder.ts';
import type { Provider, TowerReply, TowerRequest } from './forwardOrtChild.ts';
import { samplesOf } from './matmulOperands.ts';
import { IMAGE_SIDE } from './onnxImageTower.ts';
import { PeerProcess } from './peerProcess.ts';
import { randomImages } from './randomImages.ts';
import { median } from './statistics.ts';

/** One implementation with so many images of 224x224 at once. */
export interface PeerRow {
  /** `rfclip`, or ONNX Runtime's execution provider. */
  name: 'rfclip' | Provider;
  windows: number;
  /** Median of the rounds. */
  milliseconds: number;
  /** Time of rfclip over that of this one. */
  ratio: number;
  /** Largest difference from what rfclip computes, relative to the largest value; 0 for itself. */
  difference: number;
}

const PROVIDERS: readonly Provider[] = ['webgpu', 'cpu'];

/** Beyond this, relative to the largest value, it is not the same model: f32 differs by some 1e-5, f16 by some 1e-3. */
const SAME_MODEL = 2e-2;

/**
 * Times the image tower of plain CLIP against ONNX Runtime's WebGPU and CPU providers with the same weights and images,
 * in interleaved rounds on the same machine: a call uploads images, runs, and downloads all tokens, on all sides.
 * @throws Error when the results are not those of the same model
 */
export async function timePeers(
  encoder: ImageEncoder,
  { batches, repetitions }: { batches: readonly number[]; repetitions: number },
  print: (line: string) => void,
): Promise<PeerRow[]> {
  print('\nplain CLIP, all tokens, images uploaded and tokens downloaded, interleaved rounds');
  print('                       windows       ms   ms/window   rfclip / this   difference');
  const rows: PeerRow[] = [];
  for (const windows of batches) {
    for (const row of await timeBatch(encoder, windows, repetitions, print)) {
      rows.push(row);
      print(format(row));
    }
  }
  return rows;
}

async function timeBatch(
  encoder: ImageEncoder,
  windows: number,
  repetitions: number,
  print: (line: string) => void,
): Promise<PeerRow[]> {
  const { device } = encoder;
  const images = randomImages(windows, IMAGE_SIDE);
  const ours = async () => {
    const shape = [windows, 3, IMAGE_SIDE, IMAGE_SIDE];
    const tokens = device.scope(() => encoder.encode(device.tensor(images, shape)));
    const values = await tokens.readFloats();
    tokens.dispose();
    return values;
  };
  const expected = samplesOf(await ours());
  const peers = PROVIDERS.map((name) => ({
    name,
    process: new PeerProcess<TowerRequest, TowerReply>('forwardOrtChild.js'),
    times: [] as number[],
    difference: 0,
  }));
  const own: number[] = [];
  try {
    const running: typeof peers = [];
    for (const peer of peers) {
      const reply = await peer.process.ask({ kind: 'prepare', provider: peer.name, batch: windows });
      if (reply.kind === 'prepared') {
        peer.difference = differenceOf(peer.name, reply.samples, expected);
        running.push(peer);
      } else print(`ONNX Runtime, ${peer.name}, did not run: ${'reason' in reply ? reply.reason : reply.kind}`);
    }
    for (let round = 0; round < repetitions; round++) {
      const started = performance.now();
      await ours();
      own.push(performance.now() - started);
      for (const { process, times } of running) {
        const reply = await process.ask({ kind: 'run' });
        if (reply.kind === 'ran') times.push(reply.milliseconds);
      }
    }
    const milliseconds = median(own);
    const rows: PeerRow[] = [{ name: 'rfclip', windows, milliseconds, ratio: 1, difference: 0 }];
    for (const { name, times, difference } of running) {
      if (times.length === 0) continue;
      const theirs = median(times);
      rows.push({ name, windows, milliseconds: theirs, ratio: milliseconds / theirs, difference });
    }
    return rows;
  } finally {
    for (const { process } of peers) process.end();
  }
}

function differenceOf(name: Provider, theirs: readonly number[], ours: readonly number[]): number {
  const largest = Math.max(...ours.map(Math.abs));
  const difference = Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]))) / largest;
  if (!(difference <= SAME_MODEL))
    throw new Error(`ONNX Runtime, ${name}: the tokens differ by ${difference} of the largest value`);
  return difference;
}

function format({ name, windows, milliseconds, ratio, difference }: PeerRow): string {
  const title = name === 'rfclip' ? name : `ONNX Runtime, ${name}`;
  return (
    title.padEnd(22) +
    String(windows).padStart(8) +
    milliseconds.toFixed(1).padStart(9) +
    (milliseconds / windows).toFixed(1).padStart(12) +
    ratio.toFixed(2).padStart(16) +
    difference.toExponential(1).padStart(13)
  );
}
