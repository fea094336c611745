/** The other side of `bench matmul`: ONNX Runtime in its own process, because Dawn cannot be created twice in one. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../system/packageRoot.ts';
import { matmulModel } from './onnxModel.ts';
import { operand, samplesOf, type OrtReply, type OrtRequest } from './matmulOperands.ts';

/** What is used of the package onnxruntime-node, which only `bench/peers` has. */
interface Ort {
  InferenceSession: {
    create(model: Uint8Array, options: object): Promise<{ run(inputs: object): Promise<Record<string, OrtTensor>> }>;
  };
  Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OrtTensor;
}
interface OrtTensor {
  data: unknown;
}

const INSTALL = '"npm ci --prefix bench/peers --ignore-scripts"';

let call: (() => Promise<Float32Array>) | undefined;

async function answer(request: OrtRequest): Promise<OrtReply> {
  if (request.kind === 'run') {
    const started = performance.now();
    await call!();
    return { kind: 'ran', milliseconds: performance.now() - started };
  }
  let ort: Ort;
  try {
    ort = createRequire(join(packageRoot(), 'bench', 'peers', 'package.json'))('onnxruntime-node') as Ort;
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    return { kind: 'missing', reason: absent ? `it is not installed; ${INSTALL} does that` : firstLine(cause) };
  }
  const { m, n, k } = request.shape;
  const session = await ort.InferenceSession.create(matmulModel(m, n, k, operand(k * n, 2)), {
    executionProviders: ['webgpu'],
    logSeverityLevel: 3,
  });
  const input = new ort.Tensor('float32', operand(m * k, 1), [m, k]);
  call = async () => (await session.run({ A: input })).C.data as Float32Array;
  return { kind: 'prepared', samples: samplesOf(await call()) };
}

process.on('message', (request: OrtRequest) => {
  answer(request).then(
    (reply) => process.send!(reply),
    (cause: unknown) => process.send!({ kind: 'missing', reason: firstLine(cause) } satisfies OrtReply),
  );
});

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
}
