/** The other side of `bench forward --peers`: ONNX Runtime with the same image tower, in its own process. */
import { IMAGE_SIDE, imageTowerModel } from './onnxImageTower.ts';
import { answerParent, loadOnnxRuntime } from './onnxRuntime.ts';
import { samplesOf } from './matmulOperands.ts';
import { ARCHITECTURES, randomCheckpoint } from './randomCheckpoint.ts';
import { randomImages } from './randomImages.ts';

/** Execution providers of ONNX Runtime. */
export type Provider = 'webgpu' | 'cpu';

/** What the parent asks: to load the model for so many images, and to run it once. */
export type TowerRequest = { kind: 'prepare'; provider: Provider; batch: number } | { kind: 'run' };

/** What the child answers: samples of the tokens after `prepare`, the time of one call after `run`. */
export type TowerReply = { kind: 'prepared'; samples: number[] } | { kind: 'ran'; milliseconds: number };

let call: (() => Promise<Float32Array>) | undefined;

async function answer(request: TowerRequest): Promise<TowerReply> {
  if (request.kind === 'run') {
    const started = performance.now();
    await call!();
    return { kind: 'ran', milliseconds: performance.now() - started };
  }
  const { provider, batch } = request;
  const ort = loadOnnxRuntime();
  const config = ARCHITECTURES['ViT-B/16'];
  const model = imageTowerModel(randomCheckpoint(config), config, batch);
  const session = await ort.InferenceSession.create(model, { executionProviders: [provider], logSeverityLevel: 3 });
  const images = new ort.Tensor('float32', randomImages(batch, IMAGE_SIDE), [batch, 3, IMAGE_SIDE, IMAGE_SIDE]);
  call = async () => (await session.run({ images })).tokens.data as Float32Array;
  return { kind: 'prepared', samples: samplesOf(await call()) };
}

answerParent(answer);
