/** The other side of `bench matmul`: ONNX Runtime in its own process, because Dawn cannot be created twice in one. */
import { matmulModel } from './onnxModel.ts';
import { answerParent, loadOnnxRuntime } from './onnxRuntime.ts';
import { operand, samplesOf, type OrtReply, type OrtRequest } from './matmulOperands.ts';

let call: (() => Promise<Float32Array>) | undefined;

async function answer(request: OrtRequest): Promise<OrtReply> {
  if (request.kind === 'run') {
    const started = performance.now();
    await call!();
    return { kind: 'ran', milliseconds: performance.now() - started };
  }
  const ort = loadOnnxRuntime();
  const { m, n, k } = request.shape;
  const session = await ort.InferenceSession.create(matmulModel(m, n, k, operand(k * n, 2)), {
    executionProviders: ['webgpu'],
    logSeverityLevel: 3,
  });
  const input = new ort.Tensor('float32', operand(m * k, 1), [m, k]);
  call = async () => (await session.run({ A: input })).C.data as Float32Array;
  return { kind: 'prepared', samples: samplesOf(await call()) };
}

answerParent(answer);
