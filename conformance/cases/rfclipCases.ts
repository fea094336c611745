import * as z from 'zod';
import { projectOut } from '../../clip/transformerBlock.ts';
import type { Device } from '../../engine/device.ts';
import { columnMean } from '../../engine/ops/columnMean.ts';
import { layerNorm } from '../../engine/ops/layerNorm.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { type DenseEncoder, makeRfclip } from '../../rfclip/methods/index.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { defaultTolerance } from '../comparison/compare.ts';
import { parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import type { LoadedModel } from '../reading/sharedModels.ts';
import type { CaseContext } from './casePart.ts';
import { meanPatchAttention } from './layouts.ts';
import { uploadImage } from '../../rfclip/networkImage.ts';
import { recordedImage } from './recordedImage.ts';

const margin = z.number().nonnegative().optional();

const parameters = z.object({
  checkpoint: z.string(),
  strategy: z.enum(['vanilla', 'refocus']),
  threshold: z.number(),
  beta: z.number(),
  sink_channels: z.array(z.number()),
  sigma: z.number(),
  alpha: z.number(),
  enhance_cosine_threshold: z.number(),
  margins: z
    .object({
      closest_distractor_value_to_threshold: margin,
      closest_sink_score_to_threshold: margin,
      closest_cosine_to_0p4: margin,
    })
    .default({}),
});

type Parameters = z.infer<typeof parameters>;

/** Everything the forward pass showed, by the names of its trace, and what follows from it. */
type Traced = Record<string, Float32Array>;

/** The method that a case `rfclip/...` was recorded with. @throws ConformanceError when its parameters say none. */
export function recordedRfclip(reference: ReferenceCase): DenseEncoder {
  return methodOf(parametersOf(reference, parameters));
}

function methodOf(given: Parameters): DenseEncoder {
  return makeRfclip({
    strategy: given.strategy,
    sinkThreshold: given.threshold,
    sinkKeep: given.beta,
    distractionDimensions: given.sink_channels,
    sigma: given.sigma,
    alpha: given.alpha,
    cosineThreshold: given.enhance_cosine_threshold,
  });
}

/**
 * One case `rfclip/...` of the folder `methods`: the whole forward pass, compared stage by stage in the order in which
 * the stages are computed, so that the first wrong one is the first to be seen.
 * @throws ConformanceError, CheckpointError, DeviceError as their callees.
 */
export async function runRfclip(checks: CaseChecks, { device, models }: CaseContext): Promise<void> {
  const given = parametersOf(checks.reference, parameters);
  const model = models.model(given.checkpoint);
  const traced = await trace(checks, device, model, {
    ...given,
    sink_channels: models.distractionDimensions(model, given.sink_channels),
  });
  const layers = model.config.vision.layers;
  for (let layer = 0; layer < layers; layer++) {
    const name = `layer${layer}`;
    for (const output of ['attn_qk_before', 'sink_score']) compareTraced(checks, traced, `${name}/${output}`);
    if (given.strategy === 'refocus')
      compareMask(
        checks,
        traced,
        `${name}/sink_mask`,
        `${name}/sink_score`,
        given.threshold,
        given.margins.closest_sink_score_to_threshold,
      );
    for (const output of ['attn_qk_after', 'attn_kk', 'attn_out', 'denoise_in', 'denoise_sink_value'])
      compareTraced(checks, traced, `${name}/${output}`);
    const threshold = given.sigma / model.config.vision.width;
    compareMask(
      checks,
      traced,
      `${name}/denoise_mask`,
      `${name}/denoise_sink_value`,
      threshold,
      given.margins.closest_distractor_value_to_threshold,
    );
    compareTraced(checks, traced, `${name}/denoise_out`);
  }
  compareTraced(checks, traced, 'enhance0/guide');
  const cosineError = compareTraced(checks, traced, 'enhance0/cosine') ?? defaultTolerance('cosine');
  const { closest_cosine_to_0p4: cosineMargin } = given.margins;
  if (cosineMargin !== undefined && cosineMargin <= cosineError)
    checks.mayFlip(`a cosine ${cosineMargin.toExponential(1)} from its threshold`);
  for (const output of ['enhance0/x_out', 'enhance1/x_out']) compareTraced(checks, traced, output);
  for (const pass of ['last0', 'last1']) {
    for (const output of ['ln1_in', 'attn_kk_last_layer', 'mean_kk_patch_attn', 'out'])
      compareTraced(checks, traced, `${pass}/${output}`);
  }
  for (const output of ['dense', 'cls', 'return_all_false']) compareTraced(checks, traced, output);
  checks.value('cls of encodeClass', traced.encodeClass, traced.cls, checks.tolerance('cls'));
}

function compareTraced(checks: CaseChecks, traced: Traced, output: string): number | undefined {
  return Object.hasOwn(traced, output) ? checks.compare(output, traced[output]) : undefined;
}

function compareMask(
  checks: CaseChecks,
  traced: Traced,
  output: string,
  scores: string,
  threshold: number,
  closest: number | undefined,
): void {
  if (!checks.records(output)) return;
  const measured = checks.findings.find((finding) => finding.what === scores)?.error;
  checks.mask(output, traced[output], {
    scores: traced[scores],
    threshold,
    margin: closest,
    error: measured ?? defaultTolerance(scores),
  });
}

/** Runs the method once and downloads every traced tensor, plus what the recordings hold and the method never makes. */
async function trace(checks: CaseChecks, device: Device, model: LoadedModel, given: Parameters): Promise<Traced> {
  const { images } = model;
  const image = recordedImage(checks);
  const method = methodOf(given);
  const tensors = new Map<string, Tensor>();
  const keep = (name: string, tensor: Tensor) =>
    tensors.set(
      name,
      device.withoutScope(() => tensor.clone()),
    );
  try {
    device.scope(() => {
      const pixels = uploadImage(device, image);
      const { patches, cls } = method.encode(images, pixels, keep);
      keep('dense', patches);
      keep('cls', cls);
      keep('encodeClass', method.encodeClass(images, pixels));
      addDerived(tensors, model, keep);
    });
    const values = await device.readAll([...tensors.values()]);
    const traced = Object.fromEntries([...tensors.keys()].map((name, index) => [name, values[index] as Float32Array]));
    return onHost(traced, model);
  } finally {
    for (const tensor of tensors.values()) tensor.dispose();
  }
}

/** Recorded tensors that the forward pass skips or fuses, made of traced ones with the same ops. */
function addDerived(
  tensors: ReadonlyMap<string, Tensor>,
  { images, config }: LoadedModel,
  keep: (name: string, tensor: Tensor) => void,
): void {
  const last = images.blocks[config.vision.layers - 1];
  for (let layer = 0; layer < config.vision.layers - 1; layer++) {
    const before = tensors.get(`layer${layer}/attn_qk_before`)!; // [1, H, T, T]
    if (!tensors.has(`layer${layer}/sink_score`))
      keep(`layer${layer}/sink_score`, columnMean(before, 1, before.shape[3]));
    keep(`layer${layer}/attn_out`, projectOut(tensors.get(`layer${layer}/attn_values`)!, images.blocks[layer]));
  }
  for (const pass of [0, 1])
    keep(
      `last${pass}/ln1_in`,
      layerNorm(tensors.get(`enhance${pass}/x_out`)!, last.layerNorm1.gamma, last.layerNorm1.beta),
    );
}

function onHost(traced: Traced, { config }: LoadedModel): Traced {
  const { layers, heads } = config.vision;
  const out = { ...traced };
  for (let layer = 0; layer < layers; layer++) {
    // The recordings are of the patches; ours has CLS first.
    for (const name of ['denoise_sink_value', 'denoise_mask'])
      out[`layer${layer}/${name}`] = traced[`layer${layer}/${name}`].subarray(1);
  }
  for (const pass of ['last0', 'last1'])
    out[`${pass}/mean_kk_patch_attn`] = meanPatchAttention([traced[`${pass}/attn_kk_sum`]], heads, layers);
  // The release returns the first patch token where it meant CLS.
  out.return_all_false = traced.dense.subarray(0, config.embedding);
  return out;
}
