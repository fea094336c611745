import * as z from 'zod';
import type { DinoEncoder } from '../../clip/dino/index.ts';
import { dinoLevels, normaliseForDino } from '../../rfclip/cass/dinoImage.ts';
import { CASS_DEFAULTS, type DenseEncoder, makeCass } from '../../rfclip/methods/index.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { ConformanceError, parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import { type CaseContext, type CasePart, evaluate, wholeCase } from './casePart.ts';
import { channelsLast } from './layouts.ts';
import { uploadImage } from '../../rfclip/networkImage.ts';
import { recordedImage } from './recordedImage.ts';

/**
 * Cases `cass/...` of the folder `methods`.
 * @returns one part per case.
 */
export function cassCase(reference: ReferenceCase): CasePart[] {
  return wholeCase(reference, reference.name === 'cass/checkpoint_dino' ? runDinoCheckpoint : runCass);
}

function runDinoCheckpoint(checks: CaseChecks, { models }: CaseContext): void {
  const schema = z.object({
    width: z.number(),
    heads: z.number(),
    layers: z.number(),
    patch: z.number(),
    image: z.number(),
  });
  const given = parametersOf(checks.reference, schema);
  const { width, heads, layers, patch, grid } = models.dino().config;
  checks.same(
    'architecture',
    [width, heads, layers, patch, patch * grid],
    [given.width, given.heads, given.layers, given.patch, given.image],
  );
}

const parameters = z.object({
  checkpoint: z.string(),
  strategy: z.enum(['spectral', 'sequential', 'vanilla']),
  dataset: z.string(),
  assignment: z.array(z.array(z.number())).optional(),
});

/** Data sets for which the published code takes singular values as they are. */
const UNSTRETCHED = ['voc20', 'city_scapes'];

/** The method that a case `cass/...` was recorded with. @throws ConformanceError when its parameters say none. */
export function recordedCass(reference: ReferenceCase, dino: DinoEncoder): DenseEncoder {
  const { strategy, dataset } = parametersOf(reference, parameters);
  return makeCass({ ...CASS_DEFAULTS, dino, strategy, stretchSpectrum: !UNSTRETCHED.includes(dataset) });
}

async function runCass(checks: CaseChecks, { device, models }: CaseContext): Promise<void> {
  const { checkpoint, assignment } = parametersOf(checks.reference, parameters);
  const { images } = models.model(checkpoint);
  const dino = models.dino();
  const image = recordedImage(checks);
  const method = recordedCass(checks.reference, dino);
  const values = await evaluate<string>(device, (keep) => {
    const seen: Record<string, Tensor> = {};
    const pixels = uploadImage(device, image);
    const { patches, cls } = method.encode(images, pixels, (name, tensor) => (seen[name] = keep(tensor)));
    const levels = dinoLevels(pixels); // [1, 3, S, S]
    return { ...seen, patches, cls, levels, qkv: dino.lastQkv(normaliseForDino(levels)).tensor };
  });
  checks.compare('dino_input_rgb_uint8', channelsLast(values.levels, 3));
  const { width, heads } = dino.config;
  checks.compare('dino_last_qkv', byHead(values.qkv, 3 * width, 3 * heads));
  compareMappedKeys(checks, values, width, heads);
  if (assignment !== undefined) checks.same('assignment', [...required(values, 'assignment')], assignment[1] ?? []);
  if (checks.records('attn_exact')) checks.compare('attn_exact', values.attn);
  checks.compare('dense_exact', values.patches);
  checks.compare('cls', values.cls);
  checks.leaveOut('dense', 'randomised in the published code, which the exact version stands for');
}

/**
 * The published code rounds these keys to half precision, then interpolates and maps them in it; ours never rounds.
 * Half precision has 11 bits, of which three steps of rounding leave 8.
 */
function compareMappedKeys(
  checks: CaseChecks,
  values: Record<string, Float32Array>,
  width: number,
  heads: number,
): void {
  if (!checks.records('dino_key_mapped')) return;
  const largest = checks.output('dino_key_mapped').values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  checks.compare('dino_key_mapped', byHead(required(values, 'dino/key_mapped'), width, heads), {
    kind: 'absolute',
    value: largest * 2 ** -8,
  });
  checks.notes.push('dino_key_mapped is recorded in half precision');
}

function required(values: Record<string, Float32Array>, name: string): Float32Array {
  if (!Object.hasOwn(values, name)) throw new ConformanceError(`the strategy makes no ${name}, which the case records`);
  return values[name];
}

/** [T, width] with parts side by side becomes [parts, T, width / parts]. */
function byHead(values: Float32Array, width: number, parts: number): Float32Array {
  const T = values.length / width;
  const D = width / parts;
  const out = new Float32Array(values.length);
  for (let t = 0; t < T; t++)
    for (let part = 0; part < parts; part++)
      out.set(values.subarray(t * width + part * D, t * width + (part + 1) * D), (part * T + t) * D);
  return out;
}
