import * as z from 'zod';
import { attentionValues, attentionWeights, type Qkv } from '../../clip/attention.ts';
import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import { projectOut, projectQkv } from '../../clip/transformerBlock.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { type DenseEncoder, makeMaskclip, makeNaclip, makeSclip } from '../../rfclip/methods/index.ts';
import { gaussianNeighbourhood, nearnessAttention, neighbourAttention } from '../../rfclip/methods/naclip.ts';
import { correlativeSelfAttention } from '../../rfclip/methods/sclip.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import { type CaseContext, type CasePart, evaluate, wholeCase } from './casePart.ts';
import { cassCase } from './cassCases.ts';
import { uploadImage } from '../../rfclip/networkImage.ts';
import { recordedImage } from './recordedImage.ts';
import { runRfclip } from './rfclipCases.ts';
import { unitCase } from './unitCases.ts';

const named = z.object({ checkpoint: z.string() });

/**
 * Cases of the folder `methods`: dense features of every method, with the intermediate tensors that are recorded.
 * @returns undefined for a case it does not know.
 */
export function methodCase(reference: ReferenceCase): CasePart[] | undefined {
  const [kind] = reference.name.split('/');
  if (kind === 'maskclip') return wholeCase(reference, runMaskclip);
  if (kind === 'sclip') return wholeCase(reference, runSclip);
  if (kind === 'naclip') return wholeCase(reference, runNaclip);
  if (kind === 'rfclip') return wholeCase(reference, runRfclip);
  if (kind === 'cass') return cassCase(reference);
  if (kind === 'unit') return unitCase(reference);
  return undefined;
}

/** The image feature [1, E] and the patch features [1, N, E] of a method. */
function allTokens(method: DenseEncoder, encoder: ImageEncoder, pixels: Tensor): { cls: Tensor; patches: Tensor } {
  const { cls, patches } = method.encode(encoder, pixels);
  return { cls, patches };
}

/** All tokens [T, E], CLS first, as the recordings have them. */
function joined(cls: Float32Array, patches: Float32Array): Float32Array {
  const out = new Float32Array(cls.length + patches.length);
  out.set(cls);
  out.set(patches, cls.length);
  return out;
}

/** The fused projection of the last block, from which its attention maps are made. */
function lastQkv(encoder: ImageEncoder, pixels: Tensor): Qkv {
  const last = encoder.blocks.length - 1;
  return projectQkv(
    encoder.runBlocks(encoder.begin(pixels), 0, last),
    encoder.blocks[last],
    encoder.config.vision.heads,
  );
}

async function runMaskclip(checks: CaseChecks, { device, models }: CaseContext): Promise<void> {
  const { images } = models.model(parametersOf(checks.reference, named).checkpoint);
  const image = recordedImage(checks);
  for (const architecture of ['reduced', 'full'] as const) {
    const { cls, patches } = await evaluate(device, () =>
      allTokens(makeMaskclip(architecture), images, uploadImage(device, image)),
    );
    checks.compare(architecture, joined(cls, patches));
  }
}

async function runSclip(checks: CaseChecks, { device, models }: CaseContext): Promise<void> {
  const { images } = models.model(parametersOf(checks.reference, named).checkpoint);
  const image = recordedImage(checks);
  const { cls, patches, attention } = await evaluate<string>(device, () => {
    const pixels = uploadImage(device, image);
    return { ...allTokens(makeSclip(), images, pixels), attention: correlativeSelfAttention(lastQkv(images, pixels)) };
  });
  checks.compare('tokens_projected', joined(cls, patches));
  checks.compare('attn_csa', attention);
}

const naclipParameters = named.extend({
  arch: z.enum(['vanilla', 'reduced']),
  attn_strategy: z.enum(['vanilla', 'kk', 'csa', 'naclip', 'nonly']),
  gaussian_std: z.number().positive(),
});

async function runNaclip(checks: CaseChecks, { device, models }: CaseContext): Promise<void> {
  const {
    checkpoint,
    arch,
    attn_strategy: strategy,
    gaussian_std: gaussianDeviation,
  } = parametersOf(checks.reference, naclipParameters);
  const { images } = models.model(checkpoint);
  const image = recordedImage(checks);
  const grid = images.grid(image.height, image.width);
  const method = makeNaclip({ strategy, architecture: arch === 'vanilla' ? 'full' : 'reduced', gaussianDeviation });
  const attentionOf = (qkv: Qkv): Tensor => {
    if (strategy === 'naclip') return neighbourAttention(qkv, grid, gaussianDeviation);
    if (strategy === 'nonly') return nearnessAttention(qkv, grid, gaussianDeviation);
    if (strategy === 'csa') return correlativeSelfAttention(qkv);
    return strategy === 'kk' ? attentionWeights(qkv, 'key', 'key') : attentionWeights(qkv, 'query', 'key');
  };
  const { cls, patches, attention, output } = await evaluate<string>(device, () => {
    const pixels = uploadImage(device, image);
    const qkv = lastQkv(images, pixels);
    const attention = attentionOf(qkv); // [1, H, T, T]
    return {
      ...allTokens(method, images, pixels),
      attention,
      output: projectOut(attentionValues(attention, qkv), images.blocks[images.blocks.length - 1]), // [1, T, C]
    };
  });
  checks.compare('tokens_projected', joined(cls, patches));
  checks.compare('attn', attention);
  checks.compare('attn_output', output);
  if (checks.records('gaussian_addition'))
    checks.compare('gaussian_addition', gaussianNeighbourhood(grid, gaussianDeviation));
}
