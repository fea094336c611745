import * as z from 'zod';
import { attentionValues, attentionWeights, type Qkv } from '../../clip/attention.ts';
import { matmul } from '../../engine/ops/matmul.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { denoise } from '../../rfclip/denoise.ts';
import { enhance, patchCosines } from '../../rfclip/enhancement.ts';
import { refocusAttention } from '../../rfclip/refocusAttention.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { defaultTolerance } from '../comparison/compare.ts';
import { ConformanceError, parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import type { RecordedTensor } from '../reading/referenceFiles.ts';
import { type CaseContext, type CasePart, evaluate, wholeCase } from './casePart.ts';

const closest = z.number().nonnegative().optional();

/**
 * Cases `unit/...` of the folder `methods`: single functions of the release on random inputs.
 * @returns undefined for a function it does not know.
 */
export function unitCase(reference: ReferenceCase): CasePart[] | undefined {
  const [, kind] = reference.name.split('/');
  if (kind === 'feat_denoising') return wholeCase(reference, runDenoising);
  if (kind === 'feat_enhancing') return wholeCase(reference, runEnhancing);
  if (kind === 'attn_refocusing') return wholeCase(reference, runRefocusing);
  return undefined;
}

const denoisingParameters = z.object({
  grid: z.tuple([z.number().int().min(1), z.number().int().min(1)]),
  sink_channels: z.array(z.number().int().nonnegative()).min(1),
  sigma: z.number(),
  alpha: z.number(),
  closest_to_threshold: closest,
});

/** Recorded as [T, C] or [T, B, C]. */
async function runDenoising(checks: CaseChecks, { device }: CaseContext): Promise<void> {
  const {
    grid: [height, width],
    sink_channels: channels,
    sigma,
    alpha,
    closest_to_threshold: margin,
  } = parametersOf(checks.reference, denoisingParameters);
  const x = checks.input('x');
  const [T, B, C] = x.shape.length === 3 ? x.shape : [x.shape[0], 1, x.shape[1]];
  if (channels.some((channel) => channel >= C))
    throw new ConformanceError(`parameters: a sink channel is outside of the width ${C}`);
  const { out, mask, score } = await evaluate(device, (keep) => {
    const seen: Record<string, Tensor> = {};
    const options = { distractionDimensions: device.tensor(channels, [channels.length], 'u32'), sigma, alpha };
    const tensor = device.tensor(swapTokensAndBatch(x.values, T, B, C), [B, T, C]);
    const result = denoise(tensor, { height, width }, options, (name, traced) => (seen[name] = keep(traced)));
    return { out: result, mask: seen.denoise_mask, score: seen.denoise_sink_value };
  });
  const patches = (values: Float32Array) => swapTokensAndBatch(values, B, T, 1).subarray(B); // [N, B]
  checks.mask('mask', patches(mask), {
    scores: patches(score),
    threshold: sigma / C,
    margin,
    error: defaultTolerance('sink_value'),
  });
  checks.compare('out', swapTokensAndBatch(out, B, T, C));
}

/** [A, B, C] becomes [B, A, C]. */
function swapTokensAndBatch(values: Float32Array, A: number, B: number, C: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let a = 0; a < A; a++)
    for (let b = 0; b < B; b++) out.set(values.subarray((a * B + b) * C, (a * B + b + 1) * C), (b * A + a) * C);
  return out;
}

async function runEnhancing(checks: CaseChecks, { device }: CaseContext): Promise<void> {
  const { beta, closest_to_threshold: margin } = parametersOf(
    checks.reference,
    z.object({ beta: z.number(), closest_to_threshold: closest }),
  );
  const x = checks.input('x');
  const guide = checks.input('guide');
  const values = await evaluate(device, () => {
    const guideTensor = device.tensor(guide.values, [1, ...guide.shape]); // [1, T, C]
    const cosine = patchCosines(guideTensor); // [1, N, N]
    return {
      cosine,
      x: enhance(device.tensor(x.values, [1, ...x.shape]), cosine, beta),
      guide: enhance(guideTensor, cosine, beta),
    };
  });
  const error = checks.compare('cosine', values.cosine) ?? defaultTolerance('cosine');
  if (margin !== undefined && margin <= error) checks.mayFlip(`a cosine ${margin.toExponential(1)} from its threshold`);
  checks.compare('x_out', values.x);
  checks.compare('guide_self_out', values.guide);
}

const refocusingParameters = z.object({
  heads: z.number().int().min(1),
  threshold: z.number(),
  beta: z.number(),
  closest_to_threshold: closest,
});

/** Of the attention [H, T, T]; where the layer's weights are recorded too, also of the attention they give. */
async function runRefocusing(checks: CaseChecks, { device }: CaseContext): Promise<void> {
  const { heads, threshold, beta, closest_to_threshold: margin } = parametersOf(checks.reference, refocusingParameters);
  const before = checks.input('attn_before');
  const weights = Object.hasOwn(checks.reference.inputs, 'in_proj_weight') ? layerInputs(checks) : undefined;
  const values = await evaluate<string>(device, (keep) => {
    const seen: Record<string, Tensor> = {};
    const options = { sinkThreshold: threshold, sinkKeep: beta };
    const upload = ({ values: recorded, shape }: RecordedTensor, leading: readonly number[] = []) =>
      device.tensor(recorded, [...leading, ...shape]);
    const after = refocusAttention(upload(before, [1]), options, (name, traced) => (seen[name] = keep(traced)));
    if (weights === undefined) return { ...seen, after };
    const tensor = matmul(upload(weights.x, [1]), upload(weights.in_proj_weight), {
      transposeB: true,
      bias: upload(weights.in_proj_bias),
    }); // [1, T, 3 C]
    const qkv: Qkv = { tensor, heads };
    const own = attentionWeights(qkv, 'query', 'key'); // [1, H, T, T]
    const mixed = attentionValues(refocusAttention(own, options), qkv); // [1, T, C]
    const out = matmul(mixed, upload(weights.out_proj_weight), {
      transposeB: true,
      bias: upload(weights.out_proj_bias),
    });
    return { ...seen, after, own, out, keyKey: attentionWeights(qkv, 'key', 'key') };
  });
  const error = checks.compare('sink_score', values.sink_score) ?? defaultTolerance('sink_score');
  checks.mask('sink_mask', values.sink_mask, { scores: values.sink_score, threshold, margin, error });
  checks.compare('attn_after', values.after);
  if (weights === undefined) return;
  checks.value('attn_before', values.own, before.values, { kind: 'absolute', value: defaultTolerance('attn') });
  checks.compare('attn_kk', values.keyKey);
  checks.compare('out', values.out);
}

type LayerInput = 'x' | 'in_proj_weight' | 'in_proj_bias' | 'out_proj_weight' | 'out_proj_bias';

function layerInputs(checks: CaseChecks): Record<LayerInput, RecordedTensor> {
  const names: LayerInput[] = ['x', 'in_proj_weight', 'in_proj_bias', 'out_proj_weight', 'out_proj_bias'];
  return Object.fromEntries(names.map((name) => [name, checks.input(name)])) as Record<LayerInput, RecordedTensor>;
}
