/** The other side of `bench matmul`: ONNX Runtime in its own process, because Dawn cannot be created twice in one. */
import { matmulModel } from './onnxModel.ts';
import { operand, samplesOf, type OrtReply, type OrtRequest } from './matmulOperands.ts';

type Ort = typeof import('onnxruntime-node');

let call: (() => Promise<Float32Array>) | undefined;

async function answer(request: OrtRequest): Promise<OrtReply> {
  if (request.kind === 'run') {
    const started = performance.now();
    await call!();
    return { kind: 'ran', milliseconds: performance.now() - started };
  }
  let ort: Ort;
  try {
    ort = await import('onnxruntime-node');
  } catch (cause) {
    return { kind: 'missing', reason: cause instanceof Error ? cause.message.split('\n')[0] : String(cause) };
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
    (cause: unknown) => process.send!({ kind: 'missing', reason: String(cause) } satisfies OrtReply),
  );
});
