import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../system/packageRoot.ts';

/** A tensor of ONNX Runtime. */
export interface OrtTensor {
  data: unknown;
}

/** A loaded model of ONNX Runtime. */
export interface OrtSession {
  run(inputs: object): Promise<Record<string, OrtTensor>>;
}

/** What is used of the package onnxruntime-node, which only `bench/peers` has. */
export interface Ort {
  InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OrtTensor;
}

const INSTALL = '"npm ci --prefix bench/peers --ignore-scripts"';

/** Loads ONNX Runtime. @throws Error that says how to install it where it is not there */
export function loadOnnxRuntime(): Ort {
  try {
    return createRequire(join(packageRoot(), 'bench', 'peers', 'package.json'))('onnxruntime-node') as Ort;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error(`it is not installed; ${INSTALL} does that`, { cause });
  }
}

/** Answers what the parent asks; whatever is thrown becomes the reason why something is missing. */
export function answerParent<Request, Reply>(answer: (request: Request) => Promise<Reply>): void {
  process.on('message', (request: Request) => {
    answer(request).then(
      (reply) => process.send!(reply),
      (cause: unknown) => process.send!({ kind: 'missing', reason: firstLine(cause) }),
    );
  });
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
}
