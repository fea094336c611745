// Its small form, for bundles; and not `{ z }`, with which bundlers take all of its languages along.
import * as z from 'zod/mini';
import { MAXIMUM_PAMR_DILATIONS } from '../engine/ops/pamr.ts';
import { RfclipError } from '../engine/errors.ts';
import { describeMisfit, type Limits } from '../system/describeMisfit.ts';
import type { Schema } from '../system/schema.ts';
import { withoutUndefined } from '../system/withoutUndefined.ts';

/** The largest size in pixels that a setting may have. */
export const MAXIMUM_PIXELS = 65536;

const pixels = (least: number) => z.int().check(z.minimum(least), z.maximum(MAXIMUM_PIXELS));
const share = z.number().check(z.minimum(0), z.maximum(1));

/**
 * Everything that decides how an image becomes a label map, whoever asks: the command line, a configuration file, the
 * library or an evaluation. Plain JSON, so that results can carry it. `SETTING_LIMITS` says what each field may be.
 */
export interface Settings {
  /** Bounds of the network's image size in pixels: long side, short side. */
  resize: [number, number];
  /** Side of the sliding windows in pixels; 0 takes the image whole. */
  window: number;
  /** Step of the sliding windows in pixels, at most `window`. */
  stride: number;
  /** Multiplies cosine similarities before the softmax. */
  logitScale: number;
  /** Pixels whose best class has a lower probability become class 0. */
  probabilityThreshold: number;
  /** RF-CLIP, CASS: height at which clusters of class words are cut (the paper's h), a cosine distance in RF-CLIP. */
  clusterThreshold: number;
  /** RF-CLIP, CASS: share of the image's own feature in a cluster leader's text feature. */
  meanVectorWeight: number;
  /** RF-CLIP, CASS: share of the global similarity in the logits. */
  globalWeight: number;
  /** RF-CLIP, CASS: image feature of each window instead of the whole image (published for Cityscapes). */
  globalPerWindow: boolean;
  /** SCLIP: classes (but the first) that cover at most this share of all but the first are dropped; `null`: none is. */
  areaThreshold: number | null;
  /** Steps of PAMR, which refines label maps along image edges; 0 leaves it out. */
  pamrSteps: number;
  /** Distances in pixels at which PAMR looks for neighbours. */
  pamrDilations: number[];
  /** CASS: draw the eigenvalues of DINO's graphs apart. */
  stretchSpectrum: boolean;
}

const limits = {
  resize: z.tuple([pixels(16), pixels(16)]),
  window: pixels(0),
  stride: pixels(1),
  logitScale: z.number().check(z.positive(), z.maximum(1e4)),
  probabilityThreshold: share,
  clusterThreshold: z.number().check(z.minimum(0), z.maximum(100)),
  meanVectorWeight: share,
  globalWeight: share,
  globalPerWindow: z.boolean(),
  areaThreshold: z.nullable(share),
  pamrSteps: z.int().check(z.minimum(0), z.maximum(1000)),
  pamrDilations: z
    .array(z.int().check(z.minimum(1), z.maximum(1024)))
    .check(z.minLength(1), z.maxLength(MAXIMUM_PAMR_DILATIONS)),
  stretchSpectrum: z.boolean(),
} satisfies { [Name in keyof Settings]: z.ZodMiniType<Settings[Name]> };

/** The limits of every setting, stated here and nowhere else. */
export const SETTING_LIMITS: { readonly [Name in keyof Settings]: Schema<Settings[Name]> } = limits;

/**
 * Some settings, checked; unknown names are errors. Not in the published types, which need no zod.
 * @internal
 */
export const partialSettingsSchema = z.partial(z.strictObject(limits));

/** Settings of plain similarities in windows 224/112, on which methods and benchmarks build. */
export const DEFAULT_SETTINGS: Readonly<Settings> = {
  resize: [2048, 336],
  window: 224,
  stride: 112,
  logitScale: 40,
  probabilityThreshold: 0,
  clusterThreshold: 0,
  meanVectorWeight: 0,
  globalWeight: 0,
  globalPerWindow: false,
  areaThreshold: null,
  pamrSteps: 0,
  pamrDilations: [8, 16],
  stretchSpectrum: true,
};

/**
 * Image semantics as published for VOC with background (`configs/cfg_voc21.py` of RF-CLIP), the default of RF-CLIP and
 * CASS for images of any kind.
 */
export const IMAGE_SEMANTICS = {
  clusterThreshold: 0.1,
  meanVectorWeight: 0.03,
  globalWeight: 0.1,
} as const satisfies Partial<Settings>;

/** No image semantics, whatever a benchmark's configuration says of them. */
export const NO_IMAGE_SEMANTICS = {
  clusterThreshold: 0,
  meanVectorWeight: 0,
  globalWeight: 0,
  globalPerWindow: false,
} as const satisfies Partial<Settings>;

/** Steps of PAMR where it is asked for without a number, as published. */
export const PAMR_STEPS = 10;

/** Settings that cannot be used; names the setting, and where it came from. */
export class SettingsError extends RfclipError {
  constructor(message: string, where: string, cause?: unknown) {
    super(message, { code: 'RFCLIP-SETTINGS', where, cause });
  }
}

/** Whether the image's own feature has any influence; with both weights 0 it need not be computed. */
export function usesImageSemantics({ meanVectorWeight, globalWeight }: Settings): boolean {
  return meanVectorWeight !== 0 || globalWeight !== 0;
}

/**
 * Settings of a method for images of any kind, changed by what the caller gives; `undefined` counts as not given.
 *
 * @param method what its defaults are read from
 * @param changes from a caller, not trusted
 * @throws SettingsError for an unknown name, a value outside its limits, or windows with gaps between them
 */
export function settingsOf(method: { defaults: Partial<Settings> }, changes: Partial<Settings> = {}): Settings {
  const given = withoutUndefined(changes);
  const result = partialSettingsSchema.safeParse(given);
  if (!result.success) {
    const { path, problem } = describeMisfit(result.error, given, z.toJSONSchema(partialSettingsSchema) as Limits);
    const name = path.join('.');
    const subject = name === '' ? 'the object of settings' : `the setting ${name}`;
    throw new SettingsError(`${subject} ${problem}`, name, result.error);
  }
  const settings = structuredClone({ ...DEFAULT_SETTINGS, ...method.defaults, ...result.data });
  checkWindows(settings, 'the settings have');
  return settings;
}

/**
 * Refuses windows with gaps between them.
 * @param subject how the sentence begins
 * @throws SettingsError naming stride and window
 */
export function checkWindows({ window, stride }: Settings, subject: string): void {
  if (window === 0 || stride <= window) return;
  throw new SettingsError(
    `${subject} stride ${stride}, which is larger than window ${window}, so pixels would be left out`,
    'stride',
  );
}
