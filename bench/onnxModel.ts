import { OnnxGraph } from './onnxGraph.ts';

/**
 * An ONNX model with one node, `C = MatMul(A, B)`: input A [m, k], output C [m, n], both float32.
 * @param weight B [k, n], row-major; stored in the model as a constant, so that the runtime may keep it on the device.
 */
export function matmulModel(m: number, n: number, k: number, weight: Float32Array): Uint8Array {
  const graph = new OnnxGraph('matmul');
  const a = graph.input('A', [m, k]);
  graph.output(graph.node('MatMul', [a, graph.constant(weight, [k, n])], {}, 'C'), [m, n]);
  return graph.toBytes();
}
