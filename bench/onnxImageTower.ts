import type { CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import type { ClipConfig } from '../clip/config.ts';
import { transpose } from './matmulOperands.ts';
import { type GraphValue, OnnxGraph } from './onnxGraph.ts';

/** Side in pixels of the images that the model takes. */
export const IMAGE_SIDE = 224;

/**
 * CLIP's image tower as an ONNX model of plain operators, as PyTorch exports it: `images` [B, 3, 224, 224] become
 * `tokens` [B, T, E], as `ImageEncoder.encode` gives them. Weights are transposed, since MatMul multiplies from the
 * left.
 * Source: `VisionTransformer` in OpenAI CLIP's `model.py`.
 */
export function imageTowerModel(file: CheckpointFile, { vision, embedding }: ClipConfig, batch: number): Uint8Array {
  const { width: C, layers, heads, patch } = vision;
  const side = IMAGE_SIDE / patch;
  const [N, T] = [side * side, side * side + 1];
  const graph = new OnnxGraph('image tower');
  const weight = (name: string) => graph.constant(file.read(`visual.${name}`), shapeOf(`visual.${name}`));
  const shapeOf = (name: string) => file.tensors.get(name)!.shape;
  const transposed = (name: string) => {
    const [n, k] = shapeOf(`visual.${name}`);
    return graph.constant(transpose(file.read(`visual.${name}`), n, k), [k, n]);
  };
  const linear = (x: GraphValue, name: string, separator = '.') =>
    graph.node('Add', [
      graph.node('MatMul', [x, transposed(`${name}${separator}weight`)]),
      weight(`${name}${separator}bias`),
    ]);
  const layerNorm = (x: GraphValue, name: string) =>
    graph.node('LayerNormalization', [x, weight(`${name}.weight`), weight(`${name}.bias`)], {
      axis: 2,
      epsilon: { float: 1e-5 },
    });
  const reshape = (x: GraphValue, shape: readonly number[]) => graph.node('Reshape', [x, graph.integers(shape)]);
  const number = (value: number) => graph.constant(Float32Array.of(value), []);

  const images = graph.input('images', [batch, 3, IMAGE_SIDE, IMAGE_SIDE]);
  const convolved = graph.node('Conv', [images, weight('conv1.weight')], { strides: [patch, patch] });
  const patches = graph.node('Transpose', [reshape(convolved, [batch, C, N])], { perm: [0, 2, 1] });
  const cls = Float32Array.from({ length: batch * C });
  for (let b = 0; b < batch; b++) cls.set(file.read('visual.class_embedding'), b * C);
  const tokens = graph.node('Concat', [graph.constant(cls, [batch, 1, C]), patches], { axis: 1 });
  let x = layerNorm(graph.node('Add', [tokens, weight('positional_embedding')]), 'ln_pre');
  for (let layer = 0; layer < layers; layer++) {
    const block = `transformer.resblocks.${layer}`;
    const qkv = linear(layerNorm(x, `${block}.ln_1`), `${block}.attn.in_proj`, '_');
    const parts = graph.split('Split', [qkv, graph.integers([C, C, C])], 3, { axis: 2 });
    const [query, key, value] = parts.map((part) => reshape(part, [batch, T, heads, C / heads]));
    const scores = graph.node('MatMul', [
      graph.node('Transpose', [query], { perm: [0, 2, 1, 3] }),
      graph.node('Transpose', [key], { perm: [0, 2, 3, 1] }),
    ]);
    const scaled = graph.node('Mul', [scores, number(1 / Math.sqrt(C / heads))]);
    const attended = graph.node('MatMul', [
      graph.node('Softmax', [scaled], { axis: 3 }),
      graph.node('Transpose', [value], { perm: [0, 2, 1, 3] }),
    ]);
    const joined = reshape(graph.node('Transpose', [attended], { perm: [0, 2, 1, 3] }), [batch, T, C]);
    x = graph.node('Add', [x, linear(joined, `${block}.attn.out_proj`)]);
    const hidden = linear(layerNorm(x, `${block}.ln_2`), `${block}.mlp.c_fc`);
    const gate = graph.node('Sigmoid', [graph.node('Mul', [hidden, number(1.702)])]);
    x = graph.node('Add', [x, linear(graph.node('Mul', [hidden, gate]), `${block}.mlp.c_proj`)]);
  }
  const projected = graph.node('MatMul', [layerNorm(x, 'ln_post'), weight('proj')], {}, 'tokens');
  graph.output(projected, [batch, T, embedding]);
  return graph.toBytes();
}
